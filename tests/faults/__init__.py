"""Planted faults: each makes a test red that guards against it."""
