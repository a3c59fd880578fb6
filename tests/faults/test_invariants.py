"""Rules of the pipeline that a planted fault breaks and no other test looks at by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.actor import Actor
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import InvalidInput, NotFound, Stale
from crmframe.core.journal import tables
from crmframe.core.records import Query
from tests.robustness.test_contention import create, interleaved, read

VERBS = ("create", "read", "update", "delete")


def seller(application: Application) -> Actor:
    """Return somebody who may do everything, but only to own records."""
    with application.work(door="cli") as work:
        user = records.create(work, "core.user", {"login": "seller", "name": "Seller"})["id"]
        role = records.create(work, "core.role", {"name": "Sellers"})["id"]
        entities = ("core.customer", "core.contact")
        rows = [{"role_id": role, "permission": f"{e}.{v}", "scope": "own"} for e in entities for v in VERBS]
        records.create_many(work, "core.role_grant", rows)
        records.create(work, "core.user_role", {"user_id": user, "role_id": role})
    with application.database.read() as connection:
        found = actor_of_user(connection, user)
    assert found is not None
    return found


def journaled(application: Application, record_id: int, version: int) -> Any:
    with application.work(write=False) as work:
        entry = sa.select(tables.change.c.before)
        return work.scalar(
            entry.where(tables.change.c.record_id == record_id, tables.change.c.version == version)
        )


# --- the journal and the locks -------------------------------------------------------------------------


def test_every_changed_field_is_journaled(application: Application) -> None:
    before = {"name": "Old", "city": "Wuhan", "employees": 1, "do_not_call": False}
    customer = create(application, "core.customer", **before)
    with application.work() as work:
        after = {"name": "New", "city": "Beijing", "employees": 2, "do_not_call": True}
        records.update(work, "core.customer", customer, after)

    assert journaled(application, customer, 2) == before


def test_a_batch_with_one_stale_version_changes_nothing(application: Application) -> None:
    one, other = (create(application, "core.customer", name=name) for name in ("One", "Other"))
    with application.work() as work:
        records.update(work, "core.customer", other, {"city": "Wuhan"})

    changes = {one: {"city": "A"}, other: {"city": "B"}}
    with pytest.raises(Stale), application.work() as work:
        records.update_many(work, "core.customer", changes, versions={one: 1, other: 1})

    assert (
        read(application, "core.customer", one)["city"],
        read(application, "core.customer", other)["city"],
    ) == (None, "Wuhan")


def test_the_before_value_is_what_the_other_one_wrote(application: Application) -> None:
    customer = create(application, "core.customer", name="C", city="first")

    error = interleaved(
        application,
        lambda work: records.update(work, "core.customer", customer, {"city": "second"}),
        lambda work: records.update(work, "core.customer", customer, {"city": "third"}),
    )

    assert error is None
    assert [journaled(application, customer, version) for version in (2, 3)] == [
        {"city": "first"},
        {"city": "second"},
    ]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_processes_take_turns_at_a_file(make_application: Callable[..., Application]) -> None:
    here = make_application()
    there = make_application(url=str(here.database.url))
    customer = create(here, "core.customer", name="C", city="first")

    error = interleaved(
        here,
        lambda work: records.update(work, "core.customer", customer, {"city": "second"}),
        lambda work: records.update(work, "core.customer", customer, {"city": "third"}),
        elsewhere=there,
    )

    assert error is None
    assert [journaled(here, customer, version) for version in (2, 3)] == [
        {"city": "first"},
        {"city": "second"},
    ]


# --- the policy ------------------------------------------------------------------------------------------


def test_others_records_are_not_there(application: Application) -> None:
    actor = seller(application)
    foreign = create(application, "core.customer", name="Foreign")
    for verb in (
        lambda work: records.get(work, "core.customer", foreign),
        lambda work: records.update(work, "core.customer", foreign, {"city": "X"}),
        lambda work: records.delete(work, "core.customer", foreign),
        lambda work: records.archive(work, "core.customer", foreign),
        lambda work: records.history(work, "core.customer", foreign),
    ):
        with pytest.raises(NotFound), application.work(actor) as work:
            verb(work)

    with application.work(actor, write=False) as work:
        assert records.select(work, "core.customer", Query()).rows == []
        assert records.count(work, "core.customer", Query()).value == 0
        assert records.titles(work, "core.customer", [foreign]) == {}
        assert work.rows(sa.select(records.visible(work, "core.customer"))) == []
    assert read(application, "core.customer", foreign)["version"] == 1


def test_others_records_cannot_be_referred_to(application: Application) -> None:
    actor = seller(application)
    foreign = create(application, "core.customer", name="Foreign")

    with pytest.raises(InvalidInput) as caught, application.work(actor) as work:
        records.create(work, "core.contact", {"name": "C", "customer_id": foreign})

    assert {(p.field, p.code) for p in caught.value.problems} == {("customer_id", "unknown_reference")}


def test_the_policy_stands_in_every_statement_on_rows(application: Application) -> None:
    actor = seller(application)
    statements: list[str] = []
    with application.work(actor) as work:
        own = records.create(work, "core.customer", {"name": "Own", "owner_id": actor.id})["id"]

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    sa.event.listen(application.database.engine, "before_cursor_execute", note)
    with application.work(actor) as work:
        records.update(work, "core.customer", own, {"city": "Wuhan"})
        records.delete(work, "core.customer", own)

    told = [s for s in statements if s.startswith(("UPDATE core_customers", "DELETE FROM core_customers"))]
    assert len(told) == 2
    assert all("owner_id = " in statement.partition("WHERE")[2] for statement in told), told


# --- what follows from a change --------------------------------------------------------------------------


def test_a_renamed_record_moves_in_the_list(application: Application) -> None:
    first, _second = (create(application, "core.customer", name=name) for name in ("阿里", "宝钢"))
    with application.work() as work:
        records.update(work, "core.customer", first, {"name": "张伟"})
        page = records.select(work, "core.customer", Query(order=("name",), columns=("name",)))

    assert [row[0] for row in page.rows] == ["宝钢", "张伟"]


def test_an_undo_recomputes_what_is_maintained(application: Application) -> None:
    customer = create(application, "core.customer", name="C")
    about = f"core.customer:{customer}"
    create(application, "core.activity", about=about, text="one", at="2026-01-02T08:00:00Z")
    # A bulk load of several: the customer's own change is not among the steps that are taken back.
    with application.work() as work:
        rows = [{"about": about, "text": "two", "at": f"2026-01-0{n}T08:00:00Z"} for n in (4, 5)]
        records.create_many(work, "core.activity", rows)
    operation = work.operation_id
    assert read(application, "core.customer", customer)["last_activity_at"].day == 5

    with application.work() as work:
        records.undo(work, operation)

    assert read(application, "core.customer", customer)["last_activity_at"].day == 2


def test_deleting_takes_along_what_is_about_the_record(application: Application) -> None:
    customer = create(application, "core.customer", name="C")
    activity = create(
        application, "core.activity", about=f"core.customer:{customer}", text="t", at="2026-01-02T08:00:00Z"
    )
    with application.work() as work:
        records.delete(work, "core.customer", customer)

    with pytest.raises(NotFound):
        read(application, "core.activity", activity)


def test_an_undo_spares_what_was_changed_later(application: Application) -> None:
    customer = create(application, "core.customer", name="C", city="first")
    with application.work() as work:
        records.update(work, "core.customer", customer, {"city": "second"})
    operation = work.operation_id
    with application.work() as work:
        records.update(work, "core.customer", customer, {"city": "third"})

    with application.work() as work:
        result = records.undo(work, operation, partly=True)

    assert [(kept.entity, kept.record_id) for kept in result.kept] == [("core.customer", customer)]
    assert read(application, "core.customer", customer)["city"] == "third"
