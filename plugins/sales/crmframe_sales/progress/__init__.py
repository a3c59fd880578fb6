"""Keeping deals moving: next steps, and what happens to deals that stand still."""
