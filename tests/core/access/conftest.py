"""Fixtures of the tests of access."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from crmframe.core.storage.engine import Database
from tests.core.access.world import World, build


@pytest.fixture
def world(database_kind: str, copied_database_url: Callable[..., str]) -> Iterator[World]:
    """Give a company without people."""
    database = Database(copied_database_url("access", database_kind, build))
    yield World(database)
    database.close()
