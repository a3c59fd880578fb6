"""Needs the one that needs it."""
