"""Sample plugins on disk, a stand-in for the core, and a system made of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core.storage.engine import Database
from crmframe.kernel.manifest import Manifest, core_manifest
from crmframe.kernel.options import PluginOptions
from crmframe.kernel.system import PluginSystem, load_plugins

SAMPLES = Path(__file__).resolve().parent.parent / "broken_plugins"


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """Give the manifest of a core with one table."""
    monkeypatch.syspath_prepend(str(SAMPLES))
    folder = SAMPLES / "standin_core"
    return dataclasses.replace(
        core_manifest(), module="standin_core", path=folder, migrations=folder / "migrations"
    )


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Give the engine of an empty database, on SQLite and PostgreSQL."""
    database = Database(database_url)
    yield database.engine
    database.close()


@pytest.fixture
def options(tmp_path: Path) -> Callable[..., PluginOptions]:
    """Give ``options("good", ...)``: the samples of these names are wanted; imported without a child."""

    def make(*enabled: str, **more: Any) -> PluginOptions:
        values: dict[str, Any] = {
            "enabled": enabled,
            "paths": (SAMPLES,),
            "installed": False,
            "cache_folder": tmp_path / "cache",
            "backup_folder": tmp_path / "backups",
            "import_seconds": 0,
        }
        return PluginOptions(**{**values, **more})

    return make


@pytest.fixture
def build(
    engine: sa.Engine, core: Manifest, options: Callable[..., PluginOptions]
) -> Callable[..., PluginSystem]:
    """Give ``build("good", ...)``: the plugin system of these samples."""

    def make(*enabled: str, migrate: bool = True, **more: Any) -> PluginSystem:
        return load_plugins(engine, options(*enabled, **more), migrate=migrate, core=core)

    return make


def tables(engine: sa.Engine) -> set[str]:
    """Return the tables in the database."""
    return set(sa.inspect(engine).get_table_names())
