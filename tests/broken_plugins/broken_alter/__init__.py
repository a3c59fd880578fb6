"""Alters a table of the core."""
