"""Running an installation: checking it, backing it up, restoring it."""
