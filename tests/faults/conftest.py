"""The fixtures of the tests that are to turn red."""

from __future__ import annotations

from tests.core.access.conftest import world
from tests.core.access.test_policy import company
from tests.core.conftest import applications
from tests.core.records.test_reading import customers
from tests.web.conftest import admin, host, people

__all__ = ["admin", "applications", "company", "customers", "host", "people", "world"]
