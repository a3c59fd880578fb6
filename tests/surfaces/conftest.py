"""Plugins drawn at random, each written once per session, and applications with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crmframe.application import Application
from crmframe.core.entities.entity import Entity
from crmframe.settings import AppSettings, PluginSettings
from crmframe.testing.doors import Doors
from tests.surfaces.random_plugin import Drawn, draw

SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="session")
def drawn_plugins(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Drawn]:
    """Give ``drawn_plugins(seed)``: the plugin of a seed."""
    made: dict[int, Drawn] = {}

    def get(seed: int) -> Drawn:
        if seed not in made:
            made[seed] = draw(seed, tmp_path_factory.mktemp(f"drawn{seed}"))
        return made[seed]

    return get


@pytest.fixture(params=SEEDS)
def drawn(request: pytest.FixtureRequest, drawn_plugins: Callable[[int], Drawn]) -> Drawn:
    """Give one plugin after the other."""
    return drawn_plugins(request.param)


@pytest.fixture
def crm(
    drawn: Drawn, make_application: Any, copied_database_url: Any, database_kind: Any, tmp_path: Path
) -> Application:
    """Give an application with the plugin."""

    def migrate(blank: str) -> None:
        chosen = PluginSettings(
            enabled=(drawn.name,),
            managed="file",
            paths=(drawn.folder,),
            on_failure="fail",
            import_seconds=0,
        )
        Application(AppSettings(database=blank, folder=tmp_path / "build", plugins=chosen)).close()

    url = copied_database_url(f"drawn {drawn.seed}", database_kind, migrate)
    application: Application = make_application(drawn.name, url=url, paths=(drawn.folder,))
    return application


@pytest.fixture
def entity(crm: Application, drawn: Drawn) -> Entity:
    """Give its one record type."""
    return crm.registry.entity(drawn.entity)


@pytest.fixture
def doors(crm: Application) -> Iterator[Doors]:
    """Give the doors of the application."""
    opened = Doors(crm)
    yield opened
    opened.close()
