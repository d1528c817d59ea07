"""State that survives: what is due, what was sent, what was counted. SQL, and only here."""
