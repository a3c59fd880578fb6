"""Needs a broken plugin."""
