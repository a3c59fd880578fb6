"""The pytest plugin: fixtures for everybody who installed crmframe."""

from __future__ import annotations

import pytest

from crmframe.testing.application import application, clock, make_application
from crmframe.testing.databases import (
    blank_database_url,
    copied_database_url,
    database_kind,
    database_url,
    databases,
    pytest_unconfigure,
)
from crmframe.testing.one_way import one_way_to_write, pytest_configure

PARTS = ("", "_api", "_base", "_life", "_package", "_pages", "_records", "_schema", "_texts")
pytest.register_assert_rewrite(*(f"crmframe.testing.conformance{part}" for part in PARTS))

__all__ = [
    "application",
    "blank_database_url",
    "clock",
    "copied_database_url",
    "database_kind",
    "database_url",
    "databases",
    "make_application",
    "one_way_to_write",
    "pytest_configure",
    "pytest_unconfigure",
]
