"""Running jobs: what is kept of an attempt, whatever happens to it."""

from __future__ import annotations

import threading
import time

import pytest

from crmframe.core.contributions import Job, LongJob
from crmframe.core.errors import Unavailable
from crmframe.core.jobs import queue
from crmframe.core.jobs.running import run_next
from crmframe.core.jobs.tables import job
from crmframe.core.journal.tables import operation
from tests.core.small_application import Crash, make_mark, marks, rows


def enqueue(application, name, payload=None, **options) -> int:
    with application.work() as work:
        return queue.enqueue(work, name, payload, **options)


def test_job_is_done_in_one_transaction_with_its_record(applications) -> None:
    def run(work, payload):
        make_mark(work, payload["text"])
        work.journal.created("core.activity", [1])
        return {"sent": 3}

    application = applications.open(jobs=[Job("a.send", run)])
    enqueue(application, "a.send", {"text": "你好"})

    assert run_next(application)
    assert not run_next(application)
    (row,) = rows(application, job)
    assert (row.state, row.result, row.error, row.lease_until) == ("done", {"sent": 3}, "", None)
    assert marks(application) == ["你好"]
    (written,) = rows(application, operation)
    assert (written.door, written.cause, written.actor_name) == ("job", "a.send", "system:job")


def test_failed_job_leaves_nothing_and_is_tried_again_until_it_is_dead(applications) -> None:
    def run(work, payload):
        make_mark(work, "half")
        raise ValueError("no luck")

    application = applications.open(jobs=[Job("a.fail", run, max_attempts=3)])
    number = enqueue(application, "a.fail")
    pauses = []
    while run_next(application):
        (row,) = rows(application, job)
        pauses.append((row.run_at - application.now).total_seconds())
        application.now = max(row.run_at, application.now)

    assert marks(application) == []
    assert pauses[:2] == [2, 4]
    assert (row.state, row.attempts, row.finished_at) == ("dead", 3, application.now)
    assert row.error.startswith("Traceback")
    assert row.error.rstrip().endswith("ValueError: no luck")
    with application.work() as work:
        queue.retry(work, number)
    assert run_next(application)


@pytest.mark.parametrize("result", [object(), {1, 2}])
def test_result_that_is_no_json_is_a_failure(applications, result) -> None:
    application = applications.open(jobs=[Job("a.odd", lambda work, payload: result)])
    enqueue(application, "a.odd")
    run_next(application)

    (row,) = rows(application, job)
    assert row.state == "queued"
    assert "JSON" in row.error


def test_job_that_exits_is_a_failure_of_that_job(applications) -> None:
    def leave(work, payload):
        raise SystemExit(3)

    application = applications.open(jobs=[Job("a.exit", leave, max_attempts=1)])
    enqueue(application, "a.exit")

    assert run_next(application)
    assert rows(application, job)[0].state == "dead"


def test_crash_before_the_commit_repeats_and_keeps_nothing_twice(applications) -> None:
    def crash() -> None:
        raise Crash

    mark = Job("a.mark", lambda work, payload: make_mark(work, "once"))
    application, successor = applications.open(jobs=[mark]), applications.open(jobs=[mark])
    enqueue(application, "a.mark")
    application.before_commit = crash
    with pytest.raises(Crash):
        run_next(application)

    assert (marks(application), run_next(successor)) == ([], False)
    successor.pass_time(seconds=61)
    assert run_next(successor)
    assert marks(application) == ["once"]


def test_zombie_chunk_is_not_committed(applications) -> None:
    chunks = threading.local()

    def run(job_run, payload):
        application = job_run.application
        for number in (1, 2):
            with application.work(job_run.actor, door="job") as work:
                make_mark(work, f"attempt {job_run.attempt}, chunk {number}")
                job_run.renew(work.connection, {"done": number})
            if job_run.attempt == 1 and not getattr(chunks, "overtaken", False):
                chunks.overtaken = True
                successor.pass_time(seconds=61)
                assert run_next(successor)

    long = LongJob("a.long", run)
    zombie, successor = applications.open(jobs=[long]), applications.open(jobs=[long])
    enqueue(zombie, "a.long")
    run_next(zombie)

    assert marks(zombie) == ["attempt 1, chunk 1", "attempt 2, chunk 1", "attempt 2, chunk 2"]
    (row,) = rows(zombie, job)
    assert (row.state, row.attempts, row.error) == ("done", 2, "")


def test_cancelled_long_job_stops_at_its_next_chunk(applications) -> None:
    def run(job_run, payload):
        application = job_run.application
        for number in (1, 2):
            with application.work() as work:
                make_mark(work, number)
                job_run.renew(work.connection)
            with application.work() as work:
                queue.cancel(work, job_run.id)

    application = applications.open(jobs=[LongJob("a.long", run)])
    enqueue(application, "a.long")
    run_next(application)

    assert marks(application) == ["1"]
    assert rows(application, job)[0].state == "cancelled"


def test_heartbeat_keeps_a_job_that_takes_longer_than_its_lease(applications) -> None:
    def run(job_run, payload):
        application = job_run.application
        (before,) = rows(application, job)
        application.pass_time(seconds=30)
        until = time.monotonic() + 10
        while rows(application, job)[0].lease_until == before.lease_until and time.monotonic() < until:
            time.sleep(0.02)
        assert not run_next(application)
        return "kept"

    application = applications.open(jobs=[LongJob("a.slow", run, lease_seconds=1)])
    enqueue(application, "a.slow")
    run_next(application)

    assert rows(application, job)[0].result == "kept"


def test_stopped_heartbeat_lets_another_worker_take_over(applications, monkeypatch) -> None:
    """As a worker that was killed, or whose machine sleeps."""
    monkeypatch.setattr("crmframe.core.jobs.running._beat", lambda *arguments: None)
    taken = []

    def run(job_run, payload):
        taken.append(job_run.attempt)
        if job_run.attempt == 1:
            job_run.application.pass_time(seconds=61)
            assert run_next(job_run.application)
        return f"by attempt {job_run.attempt}"

    application = applications.open(jobs=[LongJob("a.slow", run)])
    enqueue(application, "a.slow")
    run_next(application)

    assert taken == [1, 2]
    assert rows(application, job)[0].result == "by attempt 2"


def test_job_that_kills_its_workers_is_given_up(applications) -> None:
    def crash(work, payload):
        raise Crash

    application = applications.open(jobs=[Job("a.bomb", crash, max_attempts=2)])
    enqueue(application, "a.bomb")
    for _ in range(2):
        with pytest.raises(Crash):
            run_next(application)
        application.pass_time(seconds=61)

    assert run_next(application)
    (row,) = rows(application, job)
    assert row.state == "dead"
    assert "The worker of this job was lost 2 times" in row.error


def test_trouble_of_the_database_leaves_the_job_to_its_lease(applications) -> None:
    trouble = [True]

    def run(work, payload):
        if trouble:
            trouble.clear()
            raise Unavailable
        return "done"

    application = applications.open(jobs=[Job("a.unlucky", run)])
    enqueue(application, "a.unlucky")
    with pytest.raises(Unavailable):
        run_next(application)

    assert rows(application, job)[0].state == "running"
    application.pass_time(seconds=61)
    assert run_next(application)
    assert rows(application, job)[0].result == "done"
