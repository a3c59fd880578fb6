"""Drops a table of the core."""
