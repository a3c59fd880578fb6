"""Each check finds the fault that is planted for it, and nothing else, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.contributions import Check
from crmframe.core.jobs.tables import job
from crmframe.core.journal.event_tables import event_retry, subscription
from crmframe.core.journal.tables import change, operation, reference
from crmframe.core.operation.check import CHECKS, run_checks
from crmframe.core.operation.checks import Limits
from tests.inventory import ROOT

pytestmark = pytest.mark.writes_directly("plants faults")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def filled(application):
    """Give an application with a little of everything."""
    with application.work(door="system") as work:
        rows = [{"name": f"客户 {i}", "kind": "company"} for i in range(1, 6)]
        records.create_many(work, "core.customer", rows)
        contact = records.create(work, "core.contact", {"name": "王芳"})
        link = {"customer_id": 1, "contact_id": contact["id"]}
        records.create(work, "core.customer_contact", link)
    with application.work(door="system") as work:
        activity = {"about": "core.customer:1", "kind": "call", "at": "2026-03-01T10:00:00Z", "text": "hello"}
        records.create(work, "core.activity", activity)
        records.update(work, "core.customer", 2, {"name": "Renamed"})
        records.delete(work, "core.customer", 5)
    with application.work(door="system") as work:
        records.restore(work, "core.customer", 5)
    return application


def found(application, limits: Limits | None = None, checks=()) -> list[str]:
    """Return the codes of everything that is found."""
    with application.work(write=False) as work:
        return [problem.code for each in run_checks(work, checks, limits) for problem in each.problems]


def messages(application) -> str:
    with application.work(write=False) as work:
        return " ".join(p.message() for each in run_checks(work) for p in each.problems)


def plant(application, *statements) -> None:
    with application.database.write() as connection:
        for statement in statements:
            if isinstance(statement, str):
                connection.exec_driver_sql(statement)
            else:
                connection.execute(statement)


def without_foreign_keys(application, *statements: str) -> None:
    """Do what a database with its constraints in force refuses."""
    engine = sa.create_engine(application.settings.database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_sound_database_passes_every_check(filled) -> None:
    assert found(filled) == []


def test_every_check_has_a_test_that_plants_its_fault() -> None:
    index = ROOT / "tests/core/search/test_feeding.py"  # plants what only its fixtures can make
    text = Path(__file__).read_text(encoding="utf-8") + index.read_text(encoding="utf-8")

    assert [check.code for check in CHECKS if f'"{check.code}"' not in text] == []


def test_damage_of_the_files_is_found(filled, database_kind) -> None:
    if database_kind == "sqlite":
        index = "ix_core_customers_name_key_id"
        lie = f"sql = 'CREATE INDEX {index} ON core_customers (city, id)'"
        plant(filled, "PRAGMA writable_schema=ON", f"UPDATE sqlite_master SET {lie} WHERE name = '{index}'")
    else:
        name = "'ix_core_commit_at'::regclass"
        plant(filled, f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = {name}")

    assert "database_damaged" in found_after_reopening(filled)


def found_after_reopening(application) -> list[str]:
    application.database.engine.dispose()
    return found(application)


def test_broken_foreign_key_is_found(filled) -> None:
    without_foreign_keys(filled, "UPDATE core_customer_contacts SET customer_id = 777")

    assert found(filled) == ["foreign_key", "dangling_reference"]


def test_polymorphic_reference_to_nothing_is_found(filled) -> None:
    plant(filled, "UPDATE core_activities SET about = 'core.customer:888'")

    codes = found(filled)

    assert "dangling_reference" in codes
    assert "core.customer 888" in messages(filled)


def test_references_of_a_plugin_that_is_gone_are_followed_too(filled) -> None:
    gone = {"table_name": "gone_things", "column_name": "customer_id", "entity": "gone.thing"}
    plant(
        filled,
        "CREATE TABLE gone_things (id BIGINT, customer_id BIGINT)",
        "INSERT INTO gone_things VALUES (1, 999)",
        sa.insert(reference).values(**gone, target="core.customer", on_delete="restrict"),
    )

    assert found(filled) == ["dangling_reference"]


def test_version_that_nobody_journaled_is_found(filled) -> None:
    plant(filled, "UPDATE core_customers SET version = version + 1 WHERE id = 3")

    assert found(filled) == ["version_mismatch"]


def test_record_beside_the_journal_is_found(filled) -> None:
    columns = "name, kind, lifecycle_stage, do_not_call, version, created_at, updated_at, custom"
    table = filled.registry.entity("core.customer").table
    needed = [c.name for c in table.c if not c.nullable and c.name != "id"]
    assert set(columns.split(", ")) >= set(needed), needed
    plant(
        filled,
        f"INSERT INTO core_customers ({columns}, name_key) SELECT {columns}, name_key FROM core_customers WHERE id = 3",
    )

    assert found(filled) == ["not_journaled", "record_count"]


def test_gap_in_the_journal_is_found(filled) -> None:
    with filled.work(door="system") as work:
        records.update(work, "core.customer", 2, {"name": "Again"})
    mine = sa.and_(change.c.entity == "core.customer", change.c.record_id == 2, change.c.last_id == 2)
    plant(filled, sa.delete(change).where(mine, change.c.version == 2))

    assert found(filled) == ["journal_gap"]


def test_record_that_vanished_is_found(filled) -> None:
    plant(filled, "DELETE FROM core_customers WHERE id = 4")

    assert found(filled) == ["record_count"]


def test_wrong_sort_key_is_found(filled) -> None:
    plant(filled, "UPDATE core_customers SET name_key = 'zzz' WHERE id = 2")

    assert found(filled) == ["sort_key"]
    assert "core.customer 2" in messages(filled)


def test_sort_keys_of_a_large_table_are_sampled(filled) -> None:
    plant(filled, "UPDATE core_customers SET name_key = 'zzz'")

    assert len(found(filled)) == 5
    assert len(found(filled, Limits(sampled=2))) == 2


def test_wrong_maintained_field_is_found(filled) -> None:
    plant(filled, "UPDATE core_customers SET last_activity_at = NULL WHERE id = 1")

    assert found(filled) == ["maintained_field"]


def test_unknown_choice_is_found(filled) -> None:
    plant(filled, "UPDATE core_customers SET kind = 'planet' WHERE id = 1")

    assert found(filled) == ["unknown_choice"]
    assert "planet" in messages(filled)


def test_operation_left_open_is_found(filled) -> None:
    plant(filled, sa.update(operation).where(operation.c.id == 1).values(state="open", started_at=LONG_AGO))

    assert found(filled) == ["operation_open"]


def test_open_operation_of_today_is_no_fault(filled) -> None:
    plant(filled, sa.update(operation).where(operation.c.id == 1).values(state="open"))

    assert found(filled) == []


def test_dead_job_is_found(filled) -> None:
    row = {"name": "core.nightly", "payload": {}, "state": "dead", "priority": 0, "run_at": LONG_AGO}
    plant(filled, sa.insert(job).values(**row, attempts=5, max_attempts=5, error="", created_at=LONG_AGO))

    assert found(filled) == ["dead_job"]


def test_dead_event_is_found(filled) -> None:
    row = {"subscription": "x.y", "operation_id": 1, "commits": [1], "attempts": 5, "state": "dead"}
    plant(filled, sa.insert(event_retry).values(**row, next_at=LONG_AGO, failed_at=LONG_AGO, error="no"))

    assert found(filled) == ["dead_event"]


def test_subscription_that_lags_is_found_unless_its_plugin_is_off(filled) -> None:
    own = found(filled, Limits(behind=1))  # of the core's reactions, which no worker has run here
    row = {"epoch": 0, "txid": 0, "commit_id": 0, "takeovers": 0}
    plant(filled, sa.insert(subscription).values(**row, key="x.slow", parked=False))
    plant(filled, sa.insert(subscription).values(**row, key="x.off", parked=True))

    assert found(filled) == []
    assert found(filled, Limits(behind=1)) == [*own, "subscription_behind"]


def test_hook_checks_of_plugins_are_asked_and_one_that_fails_stops_no_other(filled) -> None:
    def fails(work):
        work.connection.exec_driver_sql("SELECT nothing FROM nowhere")

    checks = [
        ("one", Check("one.fails", fails)),
        ("two", Check("two.fine", lambda work: ())),
        ("two", Check("two.finds", lambda work: ["Deal 7 is odd."])),
    ]

    assert found(filled, checks=checks) == ["check_failed", "plugin_check"]


def test_custom_field_that_makes_no_sense_is_found(filled) -> None:
    with filled.work() as work:
        values = {"entity": "core.customer", "name": "shade", "kind": "choice", "options": "red, green"}
        records.create(work, "core.custom_field", values)
    plant(filled, "UPDATE core_custom_fields SET options = '7'")
    filled._schema = None

    assert found(filled) == ["custom_field"]
    assert "shade of core.customer is left out" in messages(filled)
