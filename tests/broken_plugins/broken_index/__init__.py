"""Puts an index on a table of the core."""
