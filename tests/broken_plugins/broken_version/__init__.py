"""Needs a newer version of a plugin."""
