"""Slack's words, and only here: listeners, blocks, posting."""
