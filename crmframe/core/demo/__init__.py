"""A small company that never existed: data to try crmframe with."""
