"""Makes a table outside its prefix."""
