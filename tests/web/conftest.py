"""A real application on a real database behind the host, and clients of different people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from crmframe.application import Application
from crmframe.web.host import Host
from tests.web.people import People, host_of, settings_for


@pytest.fixture
def host(database_kind: Any, copied_database_url: Callable[..., str], tmp_path: Path) -> Iterator[Host]:
    """Give a host with the core alone."""

    def build(url: str) -> None:
        Application(settings_for(url, tmp_path)).close()

    url = copied_database_url("web", database_kind, build)
    opened = host_of(settings_for(url, tmp_path))
    yield opened
    opened.close()


@pytest.fixture
def people(host: Host) -> Iterator[People]:
    """Give the maker of users and clients."""
    made = People(host)
    yield made
    for client in made.open:
        client.close()


@pytest.fixture
def admin(people: People) -> TestClient:
    """Give a program with an administrator's token."""
    return people.program(people.user("root", is_admin=True))
