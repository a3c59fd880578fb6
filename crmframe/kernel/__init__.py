"""Plugins: finding, ordering, loading, migrating, isolating them, and calling their hooks."""
