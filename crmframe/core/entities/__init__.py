"""Entities: what a record type is made of, declared once."""
