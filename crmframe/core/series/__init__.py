"""Number series: what quotes, orders and other documents are numbered by."""
