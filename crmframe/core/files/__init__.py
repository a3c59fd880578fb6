"""Stored files: kept once by what they hold, shown by what they are."""
