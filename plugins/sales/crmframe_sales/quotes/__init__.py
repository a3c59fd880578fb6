"""Price books, quotes and sales orders."""
