"""Stands in for the core: one table, so that the kernel is tested by itself."""
