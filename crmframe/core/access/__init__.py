"""Who may do what: actors, policies, accounts, and why."""
