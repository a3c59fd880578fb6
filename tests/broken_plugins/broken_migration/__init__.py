"""Fails in its migration, after making a table."""
