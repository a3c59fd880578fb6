"""Customers, storage, journal and records: knows neither web nor command line."""
