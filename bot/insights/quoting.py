"""Values into query text: Insights has no bound parameters, so each is written by its kind."""
