"""The write pipeline: validation, rights, references, uniqueness, versions and the journal."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import InvalidInput, NotFound, Stale
from crmframe.core.journal import tables


def problems_of(error: InvalidInput) -> set[tuple[str, str]]:
    return {(problem.field, problem.code) for problem in error.problems}


def test_created_record_is_journaled_without_its_values(application: Application) -> None:
    with application.work(door="cli", reason="first customer") as work:
        customer = records.create(work, "core.customer", {"name": "Bao Steel 宝钢", "code": "C-1"})

    with application.work(write=False) as work:
        [operation] = work.connection.execute(sa.select(tables.operation)).all()
        [change] = work.connection.execute(sa.select(tables.change)).all()
        assert (operation.verb, operation.door, operation.actor_name) == (
            "core.customer.create",
            "cli",
            "system:cli",
        )
        assert (operation.reason, operation.state) == ("first customer", "done")
        assert (change.entity, change.record_id, change.last_id) == (
            "core.customer",
            customer["id"],
            customer["id"],
        )
        assert (change.kind, change.version, change.before) == ("create", 1, None)


def test_all_problems_of_all_rows_are_reported_at_once(application: Application) -> None:
    rows = [
        {"code": "A", "email": "not an address", "unknown": 1},
        {"name": "B", "parent_id": 999, "employees": "many"},
        {"name": "C", "code": "A", "last_activity_at": "2026-01-01"},
    ]

    with pytest.raises(InvalidInput) as caught, application.work() as work:
        records.create_many(work, "core.customer", rows)

    found = {(p.row, p.field, p.code) for p in caught.value.problems}
    assert {
        (0, "name", "required"),
        (0, "unknown", "unknown_field"),
        (1, "parent_id", "unknown_reference"),
    } <= found
    assert {(2, "code", "taken"), (2, "last_activity_at", "read_only")} <= found
    assert {row for row, field, _ in found if field in ("email", "employees")} == {0, 1}


def test_update_journals_only_what_changed(application: Application) -> None:
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "Old", "city": "Wuhan"})
    with application.work() as work:
        changed = records.update(work, "core.customer", customer["id"], {"name": "New", "city": "Wuhan"})

    assert (changed["name"], changed["version"]) == ("New", 2)
    with application.work(write=False) as work:
        before = work.connection.scalar(sa.select(tables.change.c.before).where(tables.change.c.version == 2))
        assert before == {"name": "Old"}


def test_update_without_a_difference_writes_nothing(application: Application) -> None:
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "Same"})
    with application.work() as work:
        records.update(work, "core.customer", customer["id"], {"name": "Same"})

    with application.work(write=False) as work:
        assert work.connection.scalar(sa.select(sa.func.count()).select_from(tables.operation)) == 1


def test_stale_version_is_refused_with_both_versions(application: Application) -> None:
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "A"})
        records.update(work, "core.customer", customer["id"], {"name": "B"})

    with pytest.raises(Stale) as caught, application.work() as work:
        records.update(work, "core.customer", customer["id"], {"name": "C"}, version=1)

    assert (caught.value.data["given"], caught.value.data["current"]) == (1, 2)


def test_refused_write_leaves_nothing(application: Application) -> None:
    def create_and_fail() -> None:
        with application.work() as work:
            records.create(work, "core.customer", {"name": "A"})
            records.update(work, "core.customer", 12345, {"name": "B"})

    with pytest.raises(NotFound):
        create_and_fail()

    with application.work(write=False) as work:
        assert records.count(work, "core.customer", records.Query()).value == 0


def test_bulk_create_is_one_journal_row_and_keeps_the_order(application: Application) -> None:
    with application.work() as work:
        ids = records.create_many(work, "core.customer", [{"name": f"Customer {n}"} for n in range(50)])

    with application.work(write=False) as work:
        [change] = work.connection.execute(sa.select(tables.change)).all()
        assert (change.record_id, change.last_id) == (ids[0], ids[-1])
        assert records.titles(work, "core.customer", ids) == {i: f"Customer {n}" for n, i in enumerate(ids)}


def test_a_record_cannot_become_its_own_ancestor(application: Application) -> None:
    with application.work() as work:
        mother = records.create(work, "core.customer", {"name": "Mother"})
        daughter = records.create(work, "core.customer", {"name": "Daughter", "parent": mother["id"]})

    with pytest.raises(InvalidInput) as caught, application.work() as work:
        records.update(work, "core.customer", mother["id"], {"parent_id": daughter["id"]})

    assert problems_of(caught.value) == {("parent_id", "cycle")}


def test_activity_moves_the_customers_last_activity(application: Application) -> None:
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "A"})["id"]
        about = f"core.customer:{customer}"
        records.create(work, "core.activity", {"about": about, "text": "one", "at": "2026-01-02T10:00:00Z"})
        late = records.create(
            work, "core.activity", {"about": about, "text": "two", "at": "2026-01-05T10:00:00Z"}
        )
        assert records.get(work, "core.customer", customer)["last_activity_at"].day == 5
        records.delete(work, "core.activity", late["id"])
        assert records.get(work, "core.customer", customer)["last_activity_at"].day == 2


def test_ids_are_never_used_again(application: Application) -> None:
    with application.work() as work:
        first = records.create(work, "core.customer", {"name": "A"})["id"]
        records.delete(work, "core.customer", first)
    with application.work() as work:
        assert records.create(work, "core.customer", {"name": "B"})["id"] > first


def test_upsert_changes_what_is_known_and_creates_the_rest(application: Application) -> None:
    with application.work() as work:
        known = records.create(work, "core.customer", {"name": "Known", "code": "K"})["id"]
        ids = records.upsert_many(
            work, "core.customer", "code", [{"code": "N", "name": "New"}, {"code": "K", "city": "Xi'an"}]
        )

        assert ids[1] == known
        assert records.get(work, "core.customer", known)["city"] == "Xi'an"
        assert records.get(work, "core.customer", ids[0])["name"] == "New"


def test_bulk_write_needs_few_statements(application: Application) -> None:
    statements: list[str] = []
    with application.work() as work:
        sa.event.listen(
            application.database.engine,
            "before_cursor_execute",
            lambda *arguments: statements.append(arguments[2]),
        )
        records.create_many(work, "core.customer", [{"name": f"C {n}", "code": f"{n}"} for n in range(1000)])

    assert len([s for s in statements if "core_customers" in s]) <= 5
