"""One world for each database, and the doors into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
import structlog
from anyio.from_thread import start_blocking_portal

from crmframe.testing.databases import KINDS, Databases
from tests.access_matrix.api_door import Api, Client
from tests.access_matrix.cli_door import CommandLine
from tests.access_matrix.doors import Door, Functions
from tests.access_matrix.page_door import Pages, sign_in_all
from tests.access_matrix.world import World, build_world


@contextmanager
def silent_logs() -> Iterator[None]:
    """Keep no line of tens of thousands of calls: they would take gigabytes."""
    kept = structlog.get_config()["processors"]
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(processors=kept)


def _drop(logger: Any, name: str, event: Any) -> NoReturn:
    raise structlog.DropEvent


@pytest.fixture(scope="module", params=KINDS)
def world(request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: Any) -> Iterator[World]:
    """Give a company with everything in it; built once for each database."""
    folder = tmp_path_factory.mktemp("world")
    with silent_logs():
        built = build_world(databases.blank(request.param), folder)
    yield built
    built.close()


@pytest.fixture(scope="module")
def doors(world: World, tmp_path_factory: Any) -> Iterator[dict[str, Door]]:
    """Give every door by name."""
    with start_blocking_portal() as portal, silent_logs():
        client = Client(world, portal)
        sign_in_all(world, client)
        found = (
            Functions(world),
            Api(world, client),
            Pages(world, client),
            CommandLine(world, tmp_path_factory.mktemp("cli")),
        )
        yield {door.name: door for door in found}
