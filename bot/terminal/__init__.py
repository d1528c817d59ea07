"""Answers for a terminal: the same Answer as Slack gets, written with rich, or as JSON."""
