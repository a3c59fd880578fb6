"""Whose a new record becomes: rules, their members, and the strategies that choose among them."""
