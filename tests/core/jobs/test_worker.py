"""The worker: events, schedule and jobs together, once or for ever."""

from __future__ import annotations

import sys
import threading
import time
import types

import pytest

from crmframe.core.contributions import Job, Subscription
from crmframe.core.errors import Unavailable
from crmframe.core.jobs import queue
from crmframe.core.jobs.engine import load_engine
from crmframe.core.jobs.running import run_next
from crmframe.core.jobs.tables import job
from crmframe.core.jobs.worker import Worker
from crmframe.core.journal.subscriptions import register
from tests.core.small_application import make_mark, marks, rows

MARK = Job("a.mark", lambda work, payload: make_mark(work, payload["n"]))


def enqueue(application, *numbers) -> None:
    with application.work() as work:
        for number in numbers:
            queue.enqueue(work, "a.mark", {"n": number})


def wait_until(condition) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_run_once_drains_what_events_and_jobs_cause(applications) -> None:
    def queue_mark(work, events) -> None:
        queue.enqueue(work, "a.write", {"n": events[0].ids[0]})

    def write(work, payload) -> None:
        make_mark(work, payload["n"])
        if payload["n"] < 3:
            work.journal.created("core.customer", [payload["n"] + 1])

    told = Subscription("a.told", ("core.customer.created",), queue_mark)
    application = applications.open([told], [Job("a.write", write)])
    with application.database.write() as connection:
        register(connection, [told])
    with application.work() as work:
        work.journal.created("core.customer", [1])

    drained = Worker(application).run_once()

    assert (drained.events, drained.jobs, marks(application)) == (3, 3, ["1", "2", "3"])


def test_run_once_leaves_what_is_due_later(applications) -> None:
    application = applications.open(jobs=[MARK])
    with application.work() as work:
        queue.enqueue(work, "a.mark", {"n": 1}, run_at=application.now.replace(hour=23))

    assert Worker(application).run_once().jobs == 0


def test_two_processes_with_two_threads_run_every_job_once(applications) -> None:
    """A job that ran twice would break the unique mark and not be done after one attempt."""
    opened = [applications.open(jobs=[MARK]) for _ in range(2)]
    enqueue(opened[0], *range(40))
    stop = threading.Event()
    threads = [
        threading.Thread(target=Worker(application, threads=2, poll_seconds=0.02).run_forever, args=(stop,))
        for application in opened
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(marks(opened[0])) == 40)
    stop.set()
    for thread in threads:
        thread.join()

    assert {(row.state, row.attempts) for row in rows(opened[0], job)} == {("done", 1)}


def test_worker_wakes_for_a_commit_and_stops_when_told(applications) -> None:
    told = threading.Event()
    heard = Subscription("a.heard", ("*",), lambda work, events: told.set())
    application = applications.open([heard], [MARK])
    worker, stop = Worker(application, poll_seconds=0.05), threading.Event()
    with application.database.write() as connection:
        register(connection, [heard])
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    worker.wake()
    thread.start()
    with application.work() as work:
        work.journal.created("core.customer", [1])
    enqueue(application, 7)
    worker.wake()

    wait_until(lambda: marks(application) == ["7"])
    assert told.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_worker_keeps_the_schedule(applications) -> None:
    daily = Job("a.daily", lambda work, payload: make_mark(work, work.now.hour), cron="0 8 * * *")
    application = applications.open(jobs=[daily])
    worker = Worker(application)

    worker.run_once()
    application.pass_time(days=1)
    assert worker.run_once().jobs == 1
    assert marks(application) == ["9"]


def test_worker_outlives_a_database_that_is_away(applications, caplog) -> None:
    application = applications.open(jobs=[MARK, Job("a.daily", lambda work, payload: None, cron="0 8 * * *")])
    enqueue(application, 1)
    trouble = [Unavailable(), Unavailable()]

    def lose() -> None:
        if trouble:
            raise trouble.pop()

    application.before_work = lose
    stop = threading.Event()
    thread = threading.Thread(
        target=Worker(application, threads=1, poll_seconds=0.01).run_forever, args=(stop,)
    )
    thread.start()
    wait_until(lambda: not trouble)
    application.pass_time(seconds=61)
    wait_until(lambda: marks(application) == ["1"])
    stop.set()
    thread.join(10)

    assert "trying again" in caplog.text


def test_engine_is_given_ids_once_and_again_when_they_seem_lost(applications, monkeypatch) -> None:
    application = applications.open(jobs=[MARK])
    module = types.ModuleType("crmframe_test_engine")

    class Engine:
        def __init__(self, application) -> None:
            self.submitted: list[int] = []

        def submit(self, job_id: int) -> None:
            self.submitted.append(job_id)

    module.Engine = Engine
    monkeypatch.setitem(sys.modules, module.__name__, module)
    engine = load_engine(application, "crmframe_test_engine:Engine")
    enqueue(application, 1, 2)
    worker = Worker(application, engine=engine)

    assert (worker.run_once().jobs, worker.run_once().jobs) == (2, 0)
    application.pass_time(seconds=60)
    assert worker.run_once().jobs == 2
    assert engine.submitted == [1, 2, 1, 2]
    assert run_next(application, 2)
    assert not run_next(application, 2)
    assert marks(application) == ["2"]


def test_no_engine_means_threads(applications) -> None:
    assert load_engine(applications.open(), "") is None


def test_engine_that_is_not_there_is_an_error_at_start(applications) -> None:
    with pytest.raises(ModuleNotFoundError):
        load_engine(applications.open(), "no_such_engine:make")
