"""Exits in its migration, after making a table."""
