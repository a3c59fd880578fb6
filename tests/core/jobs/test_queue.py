"""The queue: jobs exist with their transaction, once per unique key, and have one worker at a time."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from crmframe.core.contributions import Job
from crmframe.core.errors import Conflict, NotFound
from crmframe.core.jobs import queue
from crmframe.core.jobs.running import run_next
from crmframe.core.jobs.tables import job
from crmframe.core.journal.lease import LeaseLost
from tests.core.small_application import Crash, make_mark, rows

MARK = Job("a.mark", lambda work, payload: make_mark(work, payload["n"]))
LEASES = {"a.mark": (60, 5)}


def enqueue(application, name="a.mark", payload=None, **options) -> int:
    with application.work() as work:
        return queue.enqueue(work, name, payload or {"n": 1}, **options)


def claim(application) -> queue.Claimed | None:
    with application.database.write() as connection:
        return queue.claim(connection, LEASES, application.now)


def test_job_exists_exactly_when_its_transaction_does(applications) -> None:
    application = applications.open()

    def crash() -> None:
        raise Crash

    application.before_commit = crash
    with pytest.raises(Crash):
        enqueue(application)
    application.before_commit = lambda: None

    assert rows(application, job) == []
    enqueue(application)
    (row,) = rows(application, job)
    assert (row.state, row.payload, row.run_at, row.attempts, row.actor_id) == (
        "queued",
        {"n": 1},
        application.now,
        0,
        None,
    )


def test_reading_work_cannot_enqueue(applications) -> None:
    with applications.open().work(write=False) as work, pytest.raises(TypeError, match="writes"):
        queue.enqueue(work, "a.mark")


def test_sooner_comes_first_and_later_waits(applications) -> None:
    application = applications.open()
    later = enqueue(application, run_at=application.now.replace(hour=10))
    sooner = enqueue(application, run_at=application.now.replace(hour=8))
    enqueue(application, name="b.unknown")

    assert claim(application).id == sooner
    assert claim(application) is None
    application.pass_time(hours=1)
    assert claim(application).id in {later, sooner}


def test_unique_key_holds_while_the_job_is_open(applications) -> None:
    application = applications.open(jobs=[MARK])
    first = enqueue(application, unique_key="only")

    assert enqueue(application, unique_key="only") == first
    assert enqueue(application, unique_key="other") != first
    assert run_next(application, first)
    assert enqueue(application, unique_key="only") != first


def test_unique_key_holds_among_many_who_ask_at_once(applications) -> None:
    opened = [applications.open(), applications.open()]
    found: list[int] = []
    start = threading.Barrier(6)

    def ask(number: int) -> None:
        start.wait()
        found.append(enqueue(opened[number % 2], unique_key="only"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 6
    assert len(set(found)) == 1
    assert len(rows(opened[0], job)) == 1


def test_killed_worker_is_taken_over_after_its_lease(applications) -> None:
    application = applications.open()
    enqueue(application)
    first = claim(application)

    application.pass_time(seconds=59)
    assert claim(application) is None
    application.pass_time(seconds=2)
    second = claim(application)
    assert (second.id, second.attempts, second.worker != first.worker) == (first.id, 2, True)


def test_zombie_can_neither_renew_nor_finish_nor_fail(applications) -> None:
    application = applications.open()
    enqueue(application)
    zombie = claim(application)
    application.pass_time(seconds=61)
    successor = claim(application)

    for attempt in (
        lambda connection: zombie.renew(connection, application.now),
        lambda connection: zombie.finish(connection, None, application.now),
        lambda connection: zombie.fail(connection, ValueError(), application.now),
    ):
        with application.database.write() as connection, pytest.raises(LeaseLost):
            attempt(connection)
    with application.database.write() as connection:
        successor.finish(connection, {"done": 1}, application.now)
    (row,) = rows(application, job)
    assert (row.state, row.result, row.finished_at) == ("done", {"done": 1}, application.now)


def test_cancelled_job_does_not_run(applications) -> None:
    application = applications.open(jobs=[MARK])
    number = enqueue(application)
    with application.work() as work:
        queue.cancel(work, number)

    assert not run_next(application)
    with application.work() as work, pytest.raises(Conflict):
        queue.cancel(work, number)
    with application.work() as work, pytest.raises(NotFound):
        queue.cancel(work, 99)


def test_cancelled_job_may_be_queued_again_unless_another_waits(applications) -> None:
    application = applications.open(jobs=[MARK])
    number = enqueue(application, unique_key="only")
    with application.work() as work:
        queue.cancel(work, number)
    other = enqueue(application, unique_key="only")
    with application.work() as work, pytest.raises(Conflict):
        queue.retry(work, number)
    run_next(application, other)
    with application.work() as work:
        queue.retry(work, number)

    (row,) = [each for each in rows(application, job) if each.id == number]
    assert (row.state, row.attempts, row.finished_at) == ("queued", 0, None)
    with application.work() as work, pytest.raises(Conflict):
        queue.retry(work, number)


def test_pauses_double_up_to_an_hour() -> None:
    assert [queue.pause_after(n).total_seconds() for n in (1, 2, 3, 11, 12, 5000)] == [
        2,
        4,
        8,
        2048,
        3600,
        3600,
    ]


def test_two_open_jobs_with_one_key_are_refused_by_the_database(applications) -> None:
    application = applications.open()
    enqueue(application, unique_key="only")
    (row,) = rows(application, job)
    copy = {key: value for key, value in row._mapping.items() if key != "id"}

    with pytest.raises(sa.exc.IntegrityError), application.database.write() as connection:
        connection.execute(sa.insert(job), copy)
