"""What the parts of ``PluginConformance`` share: the plugin, an application with it, and samples of its records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from crmframe.application import Application
from crmframe.core.entities.entity import Entity
from crmframe.kernel.discovery import discover
from crmframe.kernel.manifest import Manifest, core_manifest
from crmframe.kernel.resolver import with_requirements_of
from crmframe.settings import AppSettings, PluginSettings
from crmframe.testing.doors import Doors
from crmframe.testing.samples import Given, Samples

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

Make = Callable[..., Application]


class Conformance:
    """The subject of the tests.

    Attributes:
        plugin: Its name.
        paths: Folders where it lies when it is not installed.
        samples: Values by entity that the plugin's guards insist on; a callable is given the sample's number.
    """

    plugin: ClassVar[str]
    paths: ClassVar[tuple[Path, ...]] = ()
    samples: ClassVar[Given] = {}

    def prepare(self, work: UnitOfWork) -> None:
        """Make what the plugin's records need before the first one; does nothing unless a plugin says otherwise."""

    @pytest.fixture
    def available(self) -> Mapping[str, Manifest]:
        """Give every plugin that could be enabled here, by name."""
        return discover(self.paths).manifests

    @pytest.fixture
    def manifest(self, available: Mapping[str, Manifest]) -> Manifest:
        """Give the plugin's manifest."""
        return core_manifest() if self.plugin == "core" else available[self.plugin]

    @pytest.fixture
    def build(
        self, make_application: Make, copied_database_url: Any, database_kind: Any, tmp_path: Path
    ) -> Make:
        """Give ``build(*plugins)``: an application on a fresh copy of a database that was migrated once."""

        def make(*plugins: str, url: str = "") -> Application:
            def migrate(blank: str) -> None:
                chosen = PluginSettings(
                    enabled=plugins, managed="file", paths=self.paths, on_failure="fail", import_seconds=0
                )
                Application(AppSettings(database=blank, folder=tmp_path / "build", plugins=chosen)).close()

            key = "+".join(("conformance", *sorted(plugins), *map(str, self.paths)))
            url = url or copied_database_url(key, database_kind, migrate)
            return make_application(*plugins, url=url, paths=self.paths)

        return make

    @pytest.fixture
    def wanted(self, available: Mapping[str, Manifest]) -> tuple[str, ...]:
        """Give the plugin and what it requires; empty for the core."""
        return tuple(sorted(with_requirements_of(available, self.plugin) - {"core"}))

    @pytest.fixture
    def crm(self, build: Make, wanted: tuple[str, ...]) -> Application:
        """Give an application with the plugin and what it requires, prepared."""
        application = build(*wanted)
        with application.work() as work:
            self.prepare(work)
        return application

    @pytest.fixture
    def doors(self, crm: Application) -> Iterator[Doors]:
        """Give the doors of that application."""
        opened = Doors(crm)
        yield opened
        opened.close()

    @pytest.fixture
    def make_samples(self) -> Samples:
        """Give the maker of records."""
        return Samples(self.samples)

    def entities(self, application: Application) -> list[Entity]:
        """Return the plugin's record types, sidecars left out."""
        return [each for each in application.registry.public_entities() if each.plugin == self.plugin]


def is_open(entity: Entity) -> bool:
    """Tell whether everybody signed in may read the names of its records (users, teams)."""
    return bool(getattr(entity.model, "__open_fields__", ()))
