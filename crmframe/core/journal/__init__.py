"""The journal: every operation, its commits and the changes they made."""
