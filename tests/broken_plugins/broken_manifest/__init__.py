"""Its manifest is wrong in four ways."""
