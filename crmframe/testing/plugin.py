"""The pytest plugin: fixtures for everybody who installed crmframe."""

from __future__ import annotations

from crmframe.testing.databases import (
    blank_database_url,
    copied_database_url,
    database_kind,
    database_url,
    databases,
    pytest_unconfigure,
)

__all__ = [
    "blank_database_url",
    "copied_database_url",
    "database_kind",
    "database_url",
    "databases",
    "pytest_unconfigure",
]
