"""The pytest plugin: fixtures for everybody who installed crmframe."""

from __future__ import annotations

from crmframe.testing.application import application, clock, make_application
from crmframe.testing.databases import (
    blank_database_url,
    copied_database_url,
    database_kind,
    database_url,
    databases,
    pytest_unconfigure,
)

__all__ = [
    "application",
    "blank_database_url",
    "clock",
    "copied_database_url",
    "database_kind",
    "database_url",
    "databases",
    "make_application",
    "pytest_unconfigure",
]
