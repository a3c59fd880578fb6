"""Is made for a later plugin API."""
