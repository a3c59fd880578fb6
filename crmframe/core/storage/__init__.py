"""Databases: engines, column types, constructs with one meaning on SQLite and PostgreSQL."""
