"""Customers and what belongs to them: people, ways to reach them, addresses, purchases, tags."""
