"""Pipelines, deals and the sales funnel for crmframe."""
