"""Insights text and a window in, rows out. Each engine is one place that logs can be in."""
