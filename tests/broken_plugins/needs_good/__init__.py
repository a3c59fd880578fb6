"""A plugin that needs another one."""
