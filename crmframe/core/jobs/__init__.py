"""Jobs: work outside the request, recorded in the database and done at least once."""
