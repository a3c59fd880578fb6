"""Does not run beside a plugin that works."""
