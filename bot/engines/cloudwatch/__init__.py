"""Insights where AWS runs it."""
