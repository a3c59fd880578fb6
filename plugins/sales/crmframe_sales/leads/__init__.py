"""Leads: those who asked, until they become customers or turn out to be none."""
