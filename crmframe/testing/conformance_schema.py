"""Conformance of a plugin's tables and of the company it keeps."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.storage.metadata import METADATA
from crmframe.kernel.autogenerate import autogenerate
from crmframe.kernel.manifest import Manifest
from crmframe.testing.conformance_base import Conformance, Make


class SchemaConformance(Conformance):
    """Loading, tables and migrations."""

    def test_it_loads_with_its_requirements_only(self, crm: Application, wanted: tuple[str, ...]) -> None:
        assert set(crm.plugins.names) == {"core", *wanted}
        assert crm.plugins.problems == {}

    def test_it_loads_together_with_everything_installed(
        self, build: Make, available: Mapping[str, Manifest]
    ) -> None:
        everything = build(*sorted(available))

        assert set(everything.plugins.names) == {"core", *available}
        assert everything.plugins.problems == {}

    def test_tables_carry_its_prefix_and_are_owned(
        self, build: Make, crm: Application, wanted: tuple[str, ...], manifest: Manifest
    ) -> None:
        others = [name for name in wanted if name != self.plugin]
        without = _tables(build(*others)) if self.plugin != "core" else set()
        added = _tables(crm) - without

        strange = {name for name in added if not name.startswith((manifest.table_prefix, "crm_"))}
        assert strange == set()
        declared = {
            entity.table.name for entity in crm.registry.entities.values() if entity.plugin == self.plugin
        }
        assert declared <= added

    def test_migrations_give_exactly_the_declared_schema(
        self, crm: Application, manifest: Manifest, tmp_path: Path
    ) -> None:
        folder = tmp_path / "migrations"
        if manifest.migrations.is_dir():
            shutil.copytree(manifest.migrations, folder, ignore=shutil.ignore_patterns("__pycache__"))
        copy = dataclasses.replace(manifest, migrations=folder)

        missing = autogenerate(crm.database.engine, METADATA, copy, "What is missing")

        assert missing is None, f"a migration is missing:\n{missing.read_text(encoding='utf-8')}"

    def test_migrating_again_changes_nothing(
        self, crm: Application, build: Make, wanted: tuple[str, ...]
    ) -> None:
        before = _tables(crm)

        again = build(*wanted, url=crm.settings.database)

        assert _tables(again) == before


def _tables(application: Application) -> set[str]:
    return set(sa.inspect(application.database.engine).get_table_names()) - {"sqlite_sequence"}
