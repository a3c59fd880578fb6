"""The smallest complete crmframe plugin: one kind of record."""
