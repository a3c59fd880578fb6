"""The schemas of core and plugins: newer databases, backups, what is pending."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crmframe.kernel import schema
from crmframe.kernel import state as state_module
from crmframe.kernel.codes import CannotStart
from crmframe.kernel.discovery import discover
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.ownership import Ownership
from crmframe.kernel.state import PluginState, read_states, store_states
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


@pytest.mark.writes_directly("the stand-in core has no pipeline")
def test_disabled_plugin_does_not_block_the_owner_of_the_tables(
    build: Callable[..., PluginSystem], engine: sa.Engine
) -> None:
    build("good")
    build()
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.exec_driver_sql("INSERT INTO core_customers (id) VALUES (1)")
        connection.exec_driver_sql("INSERT INTO good_row (id, customer_id) VALUES (1, 1)")
        connection.exec_driver_sql("DELETE FROM core_customers")

    assert "good_row" in tables(engine)
    assert read_states(engine)["good"].state == "disabled"


def test_migration_can_be_stopped_by_the_keyboard(engine: sa.Engine, core: Manifest, tmp_path: Path) -> None:
    (tmp_path / "stopped_1.py").write_text(
        'revision = "stopped_1"\ndown_revision = None\n\n\ndef upgrade():\n    raise KeyboardInterrupt\n'
    )
    stopped = dataclasses.replace(core, name="stopped", table_prefix="stopped_", migrations=tmp_path)

    with pytest.raises(KeyboardInterrupt):
        schema.upgrade(engine, [core, stopped])

    assert "crm_schema_stopped" not in tables(engine)
    assert schema.upgrade_one(engine, core) == ()


def test_longest_prefix_owns_a_table() -> None:
    sales = Ownership("sales_", "crm_schema_sales", frozenset({"sales_", "sales_tax_", "core_"}))

    assert sales.owns("sales_deal")
    assert sales.owns("crm_schema_sales")
    assert not sales.owns("sales_tax_rate")
    assert not sales.owns("core_customers")
    assert not sales.owns("crm_schema_sales_tax")


def test_core_that_cannot_be_migrated_refuses_to_start(
    build: Callable[..., PluginSystem], engine: sa.Engine
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE core_customers (id INTEGER PRIMARY KEY)")

    with pytest.raises(CannotStart, match="P007: The database changes of core were refused"):
        build()


def test_history_that_forks_blocks_its_plugin_alone(
    engine: sa.Engine, core: Manifest, tmp_path: Path
) -> None:
    for number in (1, 2):
        (tmp_path / f"forked_{number}.py").write_text(f'revision = "forked_{number}"\ndown_revision = None\n')
    forked = dataclasses.replace(core, name="forked", table_prefix="forked_", migrations=tmp_path)

    problems = schema.upgrade(engine, [core, forked])

    assert "forked_1 and forked_2 both follow nothing" in problems["forked"].message()
    assert schema.status(engine, [core, forked])[2].head is None
    assert "core_customers" in tables(engine)


def test_two_processes_may_write_the_same_state_at_once(engine: sa.Engine, core: Manifest) -> None:
    schema.upgrade(engine, [core])
    state = PluginState.of(core, "enabled")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    real, failures = state_module._replace, [IntegrityError("", None, Exception())]

    def once_too_late(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state_module, "_replace", once_too_late)
        store_states(engine, [state], now)
    assert read_states(engine)["core"] == state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            state_module, "_replace", lambda *_: (_ for _ in ()).throw(IntegrityError("", None, Exception()))
        )
        with pytest.raises(IntegrityError):
            store_states(engine, [state], now)
