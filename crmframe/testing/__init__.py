"""The kit for plugin authors: databases, fixtures and the conformance suite."""
