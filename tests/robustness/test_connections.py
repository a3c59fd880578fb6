"""Readers beside writers, connections that come and go, and handlers that had to give way."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.contributions import Event, Subscription
from crmframe.core.errors import Contended
from crmframe.core.journal.delivery import Delivery
from crmframe.core.journal.event_tables import event_retry
from crmframe.core.storage import engine
from crmframe.core.work import UnitOfWork
from crmframe.testing.application import TestClock
from tests.robustness.test_contention import AT, create

ONLY_SQLITE = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
ONLY_POSTGRESQL = pytest.mark.parametrize("database_kind", ["postgres"], indirect=True)


@ONLY_SQLITE
def test_a_write_within_a_write_is_refused_instead_of_waiting_for_itself(application: Application) -> None:
    """On PostgreSQL the two are separate transactions; a file has one writer."""
    with pytest.raises(RuntimeError, match="writing already"), application.work(), application.work():
        pass

    create(application, "core.customer", name="The turn was given back")


def test_a_reader_sees_one_moment(application: Application) -> None:
    create(application, "core.customer", name="Before")

    with application.work(write=False) as work:
        before = records.count(work, "core.customer", records.Query()).value
        with ThreadPoolExecutor(1) as pool:
            pool.submit(create, application, "core.customer", name="Meanwhile").result(30)
        after = records.count(work, "core.customer", records.Query()).value

    assert (before, after) == (1, 1)


def test_the_past_holds_still_while_somebody_writes(application: Application, clock: TestClock) -> None:
    customer = create(application, "core.customer", name="Then", employees=0)
    then = clock.advance(hours=1)
    clock.advance(hours=1)
    stop, wrong = threading.Event(), []

    def write() -> None:
        for number in range(1, 200):
            if stop.is_set():
                return
            with application.work() as work:
                records.update(work, "core.customer", customer, {"employees": number})

    def look() -> None:
        query = records.Query(columns=("employees",), as_of=then)
        for _ in range(60):
            with application.work(write=False) as work:
                wrong.extend(row for row in records.select(work, "core.customer", query).rows if row != (0,))

    with ThreadPoolExecutor(3) as pool:
        writing, readers = pool.submit(write), [pool.submit(look) for _ in range(2)]
        for reader in readers:
            reader.result(120)
        stop.set()
        writing.result(30)

    assert wrong == []


def test_many_readers_leave_room_for_a_writer(application: Application) -> None:
    """Forty threads is what the server runs requests in; what they read with must be there for others afterwards."""
    many = 40 if application.database.dialect == "sqlite" else 24
    barrier = threading.Barrier(many)

    def look(_number: int) -> None:
        barrier.wait(60)
        with application.work(write=False) as work:
            barrier.wait(60)
            records.count(work, "core.customer", records.Query())

    for _ in range(2):  # the second time by other threads
        with ThreadPoolExecutor(many) as pool:
            list(pool.map(look, range(many)))

    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: create(application, "core.customer", name=f"{n}"), range(8)))
    assert time.monotonic() - begun < 15


@ONLY_POSTGRESQL
def test_a_restarted_server_is_not_noticed_by_the_next_reader(application: Application) -> None:
    create(application, "core.customer", name="C")
    engine_of_admin = sa.create_engine(
        application.database.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine_of_admin.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    for _ in range(3):
        with application.work(write=False) as work:
            assert records.count(work, "core.customer", records.Query()).value == 1
        create(application, "core.activity", about="core.customer:1", text="t", at=AT)


@ONLY_SQLITE
def test_a_checkpoint_waits_for_no_long_reader(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "CHECKPOINT_BYTES", 0)
    create(application, "core.customer", name="Before")

    with application.work(write=False) as reader:
        records.count(reader, "core.customer", records.Query())
        create(application, "core.customer", name="Meanwhile")
        begun = time.monotonic()
        application.database.checkpoint()
        create(application, "core.customer", name="After")
        lasted = time.monotonic() - begun

    assert lasted < 5
    with application.work(write=False) as work:
        assert records.count(work, "core.customer", records.Query()).value == 3


def test_a_handler_that_had_to_give_way_is_told_again(application: Application) -> None:
    heard: list[int] = []

    def handle(_work: UnitOfWork, events: Sequence[Event]) -> None:
        heard.append(len(events))
        if len(heard) == 1:
            raise Contended

    application.__dict__["subscriptions"] = [Subscription("test.told", ("core.customer.*",), handle)]
    delivery = Delivery(application, None)
    delivery.run_once()
    create(application, "core.customer", name="C")

    delivery.run_once()
    delivery.run_once()

    assert heard == [1, 1]
    with application.work(write=False) as work:
        assert work.rows(sa.select(event_retry)) == []


@ONLY_SQLITE
def test_the_first_readers_of_the_past_wait_for_none_of_its_columns(application: Application) -> None:
    """Several threads meet tables of the past that one of them is still putting together."""
    with application.work() as work:
        ids = records.create_many(work, "core.customer", [{"name": f"C{number}"} for number in range(9)])
    moment = application.clock()
    with application.work() as work:
        records.update_many(work, "core.customer", {record_id: {"city": "X"} for record_id in ids[:5]})
    query = records.Query(order=("name",), columns=("name", "city"), as_of=moment)

    def read(barrier: threading.Barrier) -> list[tuple[str, str | None]]:
        barrier.wait(20)
        with application.work(write=False) as work:
            return [tuple(row) for row in records.select(work, "core.customer", query).rows]

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            with application.work(write=False) as work:
                work.schema.statements.clear()  # as after any change of fields or rights
            barrier = threading.Barrier(6)
            with ThreadPoolExecutor(6) as pool:
                found = list(pool.map(read, [barrier] * 6))
            assert found == [[(f"C{number}", None) for number in range(9)]] * 6
    finally:
        sys.setswitchinterval(usual)
