"""The schemas of core and plugins: newer databases, backups, what is pending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmframe.kernel import schema
from crmframe.kernel.codes import CannotStart
from crmframe.kernel.discovery import discover
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.ownership import Ownership
from crmframe.kernel.state import read_states
from crmframe.kernel.system import PluginSystem
from tests.kernel.conftest import SAMPLES, tables


def stamp(engine: sa.Engine, plugin: str, revision: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE crm_schema_{plugin} SET version_num = '{revision}'")


@pytest.fixture
def good() -> Manifest:
    return discover([SAMPLES], installed=False).manifests["good"]


def test_plugin_older_than_the_database_is_quarantined(
    build: Callable[..., PluginSystem], engine: sa.Engine
) -> None:
    build("good")
    stamp(engine, "good", "good_0099")

    system = build("good")

    assert system.names == ("core",)
    assert system.problems["good"].code == "P012"
    assert "good_0099" in system.problems["good"].message()
    assert "good_row" in tables(engine)
    assert read_states(engine)["good"].schema_head == "good_0099"


@pytest.mark.parametrize("part", ["core", "kernel"])
def test_database_newer_than_the_framework_is_refused_with_a_sentence(
    build: Callable[..., PluginSystem], engine: sa.Engine, part: str
) -> None:
    build()
    stamp(engine, part, f"{part}_0099")

    for migrate in (True, False) if part == "core" else (True,):
        with pytest.raises(CannotStart, match=f"P012: The database holds revision {part}_0099 of {part}"):
            build(migrate=migrate)


def test_without_migrating_an_outdated_schema_is_refused(
    build: Callable[..., PluginSystem], engine: sa.Engine
) -> None:
    with pytest.raises(CannotStart, match="Run crmframe db upgrade"):
        build(migrate=False)
    assert tables(engine) == set()
    build()

    system = build("good", migrate=False)

    assert system.problems["good"].code == "P007"
    assert "good_row" not in tables(engine)


def test_database_is_backed_up_before_it_changes_and_only_then(
    build: Callable[..., PluginSystem], engine: sa.Engine, tmp_path: Path
) -> None:
    def backups() -> int:
        return len(list((tmp_path / "backups").glob("*.db")))

    expected = 1 if engine.dialect.name == "sqlite" else 0
    build()
    assert backups() == 0
    build("good")
    assert backups() == expected
    build("good")
    assert backups() == expected
    build("good", "broken_migration")
    assert backups() == expected


def test_status_and_pending_name_each_history(engine: sa.Engine, core: Manifest, good: Manifest) -> None:
    assert schema.pending(engine, [core, good]) == {
        "kernel": ("kernel_0001",),
        "core": ("core_0001",),
        "good": ("good_0001",),
    }

    assert schema.upgrade(engine, [core, good]) == {}

    found = [
        (each.name, each.current, each.head, each.pending) for each in schema.status(engine, [core, good])
    ]
    assert found == [
        ("kernel", "kernel_0001", "kernel_0001", ()),
        ("core", "core_0001", "core_0001", ()),
        ("good", "good_0001", "good_0001", ()),
    ]


def test_disabled_plugin_does_not_block_the_owner_of_the_tables(
    build: Callable[..., PluginSystem], engine: sa.Engine
) -> None:
    build("good")
    build()
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.exec_driver_sql("INSERT INTO core_customer (id) VALUES (1)")
        connection.exec_driver_sql("INSERT INTO good_row (id, customer_id) VALUES (1, 1)")
        connection.exec_driver_sql("DELETE FROM core_customer")

    assert "good_row" in tables(engine)
    assert read_states(engine)["good"].state == "disabled"


def test_longest_prefix_owns_a_table() -> None:
    sales = Ownership("sales_", "crm_schema_sales", frozenset({"sales_", "sales_tax_", "core_"}))

    assert sales.owns("sales_deal")
    assert sales.owns("crm_schema_sales")
    assert not sales.owns("sales_tax_rate")
    assert not sales.owns("core_customer")
    assert not sales.owns("crm_schema_sales_tax")
