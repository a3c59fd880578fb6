"""Needs a plugin that is not there."""
