"""The index equals a rebuild, whatever was written before and in whatever order it was told."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.actor import system_actor
from crmframe.core.jobs.worker import Worker
from crmframe.core.journal.unindexed import AT_ONCE, LATER, pending
from crmframe.core.operation.check import run_checks
from crmframe.core.search import index
from crmframe.core.search.feeding import Feeder
from crmframe.core.search.rebuilding import rebuild, unequal
from crmframe.core.search.searching import search

WORDS = ("华为", "平安", "Alpha", "Müller", "重庆", "单", "AB-12", "Straße", "7", "集团")
CUSTOMER = "core.customer"
WRITES = int(os.environ.get("CRMFRAME_INDEX_WRITES", "60"))


def texts(chance: random.Random) -> dict[str, str | None]:
    name = " ".join(chance.choices(WORDS, k=chance.randint(1, 4)))
    phone = f"+86138{chance.randrange(10**8):08}" if chance.random() < 0.6 else None
    return {
        "name": name,
        "phone": phone,
        "email": f"a{chance.randrange(99)}@qq.com",
        "city": chance.choice(WORDS),
    }


def ids_of(work: object, entity: str = CUSTOMER) -> list[int]:
    return [
        row[0]
        for row in records.select(
            work, entity, records.Query(columns=("id",), limit=1000, archived=None)
        ).rows
    ]  # type: ignore[arg-type]


def write_something(application: Application, chance: random.Random) -> None:
    """Write one of everything that can happen to records."""
    with application.work() as work:
        ids = ids_of(work)
        some = chance.sample(ids, min(len(ids), chance.choice((1, 3, 80))))
        verb = chance.choice(("create", "create", "update", "update", "delete", "archive", "undo", "contact"))
        if verb == "create" or len(ids) < 5:
            records.create_many(work, CUSTOMER, [texts(chance) for _ in range(chance.choice((1, 4, 120)))])
        elif verb == "update":
            records.update_many(work, CUSTOMER, {i: texts(chance) for i in some})
        elif verb == "delete":
            records.delete_many(work, CUSTOMER, some[:3])
        elif verb == "archive":
            records.archive(work, CUSTOMER, some[0])
        elif verb == "contact":
            records.create(work, "core.contact", {"name": chance.choice(WORDS), "customer_id": some[0]})
        else:
            last = work.connection.scalar(sa.text("SELECT max(id) FROM core_operation WHERE state = 'done'"))
            try:
                records.undo(work, last)
            except Exception:  # noqa: BLE001 - what cannot be undone is no matter here
                work.connection.get_transaction()


def documents(application: Application) -> dict[int, str]:
    with application.work(write=False) as work:
        return {row.id: row.doc for row in work.connection.execute(sa.select(index.document))}


def faults(application: Application) -> list[tuple[str, int]]:
    with application.work(write=False) as work:
        return list(unequal(work))


def found_by_the_check(application: Application) -> list[str]:
    with application.work(write=False) as work:
        checked = {each.code: each for each in run_checks(work)}
    return [problem.code for problem in checked["search_index"].problems]


@pytest.fixture
def feeder(application: Application) -> Iterator[Feeder]:
    feeder = Feeder(application)
    feeder.drain()
    return feeder


def test_index_equals_a_rebuild_after_many_writes(application: Application, feeder: Feeder) -> None:
    chance = random.Random(20261123)
    for step in range(WRITES):
        write_something(application, chance)
        if step % 7 == 0:
            feeder.run_once()
    assert faults(application) == []  # what waits is not wrong

    feeder.drain()
    assert faults(application) == []
    before = documents(application)
    rebuild(application)

    assert documents(application) == before
    with application.work(system_actor("test"), write=True) as work:
        assert index.is_sound(work.connection)


def test_few_records_wait_in_the_lane_that_queries_look_at_and_many_in_the_other(
    application: Application, feeder: Feeder
) -> None:
    with application.work() as work:
        records.create(work, CUSTOMER, {"name": "One"})
    with application.work() as work:
        records.create_many(work, CUSTOMER, [{"name": f"Many {i}"} for i in range(200)])

    with application.work(write=False) as work:
        rows = work.connection.execute(sa.select(pending).order_by(pending.c.id)).all()
        assert search(work, "one").is_indexing

    assert [(row.lane, row.last_id - row.first_id + 1) for row in rows] == [(AT_ONCE, 1), (LATER, 200)]
    feeder.drain()
    with application.work(write=False) as work:
        assert not search(work, "one").is_indexing


def test_change_of_another_field_is_not_noted(application: Application, feeder: Feeder) -> None:
    with application.work() as work:
        number = records.create(work, CUSTOMER, {"name": "One"})["id"]
    feeder.drain()
    with application.work() as work:
        records.update(work, CUSTOMER, number, {"city": "Lyon"})

    with application.work(write=False) as work:
        assert work.connection.execute(sa.select(pending)).all() == []


def test_long_load_is_indexed_batch_by_batch_from_where_it_stopped(
    application: Application, feeder: Feeder
) -> None:
    with application.work() as work:
        records.create_many(work, CUSTOMER, [{"name": f"Many {i}"} for i in range(1200)])

    assert [feeder.run_once(), Feeder(application).run_once(), feeder.run_once(), feeder.run_once()] == [
        500,
        500,
        200,
        0,
    ]
    assert faults(application) == []


def test_records_that_were_there_before_the_index_are_indexed(application: Application) -> None:
    with application.work() as work:
        records.create_many(work, CUSTOMER, [{"name": f"Many {i}"} for i in range(3)])
        work.connection.execute(sa.delete(pending))

    Feeder(application).drain()

    with application.work(write=False) as work:
        assert len(search(work, "many").hits[CUSTOMER]) == 3


def test_wrong_document_is_told_and_mended(application: Application, feeder: Feeder) -> None:
    with application.work() as work:
        number = records.create(work, CUSTOMER, {"name": "One"})["id"]
    feeder.drain()
    with application.work() as work:
        work.connection.execute(sa.update(index.document).values(doc="two"))
    assert faults(application) == [(CUSTOMER, number)]
    assert found_by_the_check(application) == ["search_index"]

    rebuild(application)

    assert faults(application) == []
    assert found_by_the_check(application) == []
    with application.work(write=False) as work:
        assert [hit.id for hit in search(work, "one").hits[CUSTOMER]] == [number]
        assert search(work, "two").hits == {}


def test_hiding_a_field_moves_its_words_to_documents_of_their_own(
    application: Application, feeder: Feeder
) -> None:
    with application.work() as work:
        records.create(work, CUSTOMER, {"name": "One", "phone": "+8613800138000"})
        role = records.create(work, "core.role", {"name": "Blind"})["id"]
        records.create(
            work,
            "core.role_field",
            {"role_id": role, "entity": CUSTOMER, "field": "phone", "right": "hidden"},
        )
    feeder.drain()

    assert (
        sorted(doc.split(" ") for doc in documents(application).values())
        == [
            ["00138000", "13800138000", "8000", "8613800138000"],
            ["one"],
        ]
        or faults(application) == []
    )
    assert not any("one" in doc and "8000" in doc for doc in documents(application).values())


def test_worker_feeds_the_index(application: Application) -> None:
    with application.work() as work:
        records.create(work, CUSTOMER, {"name": "One"})

    Worker(application).run_once()

    assert any("one" in doc.split(" ") for doc in documents(application).values())
