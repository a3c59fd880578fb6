"""What happened with a customer, or with any other record."""
