"""Tiers and points of customers for crmframe."""
