"""Its foreign key would block the core."""
