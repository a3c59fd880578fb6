"""Fixtures of the tests of access."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from crmframe.core.access.accounts import set_password
from crmframe.core.access.actor import system_actor
from crmframe.core.storage.engine import Database
from tests.core.access.signing import GOOD
from tests.core.access.world import World, build


@pytest.fixture
def world(database_kind: str, copied_database_url: Callable[..., str]) -> Iterator[World]:
    """Give a company without people."""
    database = Database(copied_database_url("access", database_kind, build))
    yield World(database)
    database.close()


@pytest.fixture
def anna(world: World) -> int:
    """Give a user who can sign in."""
    user = world.user("anna")
    with world.work(system_actor("cli"), writes=True) as work:
        set_password(work, user, GOOD, hasher=world.hasher)
    return user


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """This room lies below the pipeline: its tests put users and rights into the tables themselves."""
    for item in items:
        if item.path.parent.name == "access":
            item.add_marker(pytest.mark.writes_directly("access lies below records"))
