"""Insights over files on disk, with DuckDB."""
