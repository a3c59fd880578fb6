"""Who has a part in a deal: people at the customer, and those who want to win it as well."""
