"""The worker: delivers events, keeps the schedule and runs jobs, in the server or as ``crmframe worker``."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from crmframe.core.access.actor import system_actor
from crmframe.core.jobs.engine import JobEngine
from crmframe.core.jobs.queue import due_jobs
from crmframe.core.jobs.running import JobApplication, run_next
from crmframe.core.jobs.schedule import queue_due_slots
from crmframe.core.journal.delivery import Delivery
from crmframe.core.journal.pump import EventPump
from crmframe.core.journal.subscriptions import EventApplication
from crmframe.core.search.feeding import Feeder

log = logging.getLogger(__name__)

# An engine that has not claimed a job by then may have lost it.
RESUBMIT = timedelta(seconds=60)
MOST_SUBMITTED = 100
# The index waits so long for more, and lets others write for so long between two of its batches.
FEED_DELAY, FEED_PAUSE = 0.2, 0.01


class WorkerApplication(JobApplication, EventApplication, Protocol):
    """What a worker needs of an application."""


@dataclass(frozen=True, slots=True)
class Drained:
    """How often handlers of events and jobs ran, those that failed included."""

    events: int
    jobs: int


class Worker:
    """Does what is due.

    Args:
        threads: Jobs that run at the same time.
        poll_seconds: How often to look for what other processes have queued.
        engine: Runs the jobs instead of the threads.
    """

    def __init__(
        self,
        application: WorkerApplication,
        *,
        threads: int = 2,
        poll_seconds: float = 1.0,
        engine: JobEngine | None = None,
    ) -> None:
        self._application = application
        self._poll_seconds = poll_seconds
        self._engine = engine
        self._threads = threads if engine is None else 1
        self._stopping = threading.Event()
        self._bell = threading.Condition()
        self._pump: EventPump | None = None
        self._submitted: dict[int, datetime] = {}
        self._feeder = Feeder(application)

    def run_once(self) -> Drained:
        """Do all that is due, and what comes of it; what is due later stays.

        Raises:
            Unavailable: The database does not answer.
        """
        delivery = Delivery(self._application, system_actor("event"))
        events = jobs = 0
        while True:
            reacted = delivery.run_once()
            queue_due_slots(self._application, system_actor("job"))
            ran = self._run_jobs()
            events, jobs = events + reacted, jobs + ran
            if not reacted and not ran:
                break
        delivery.close()
        self._feeder.drain()
        return Drained(events, jobs)

    def run_forever(self, stop: threading.Event) -> None:
        """Work until *stop* is set; jobs that run are let finish."""
        self._pump = EventPump(self._application, system_actor("event"), self._poll_seconds)
        self._pump.start()
        threads = [
            threading.Thread(target=self._feed, name="crmframe-search", daemon=True),
            *self._workers(),
        ]
        for thread in threads:
            thread.start()
        while not stop.wait(self._poll_seconds):
            self._keep_schedule()
        self._stopping.set()
        self._pump.stop()
        self._ring()
        for thread in threads:
            thread.join()

    def _workers(self) -> list[threading.Thread]:
        return [
            threading.Thread(target=self._work, name=f"crmframe-worker-{number}", daemon=True)
            for number in range(1, self._threads + 1)
        ]

    def wake(self) -> None:
        """Say that something was committed; the server calls it after every commit of its process."""
        if self._pump is not None:
            self._pump.wake()
        self._ring()

    def _ring(self) -> None:
        with self._bell:
            self._bell.notify_all()

    def _keep_schedule(self) -> None:
        try:
            if queue_due_slots(self._application, system_actor("job")):
                self._ring()
        except Exception:  # - a database that is away for a while must not end the worker
            log.exception("The schedule could not be kept; trying again")

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._run_jobs()
            except Exception:  # - see _keep_schedule
                log.exception("Jobs could not be run; trying again")
            with self._bell:
                if not self._stopping.is_set():
                    self._bell.wait(self._poll_seconds)

    def _feed(self) -> None:
        """Index what was written, a little later: several writes together cost the index as much as one."""
        while not self._stopping.is_set():
            try:
                while not self._stopping.is_set() and self._feeder.run_once():
                    self._stopping.wait(FEED_PAUSE)
            except Exception:  # - see _keep_schedule
                log.exception("The search index could not be fed; trying again")
            with self._bell:
                if not self._stopping.is_set():
                    self._bell.wait(self._poll_seconds)
            self._stopping.wait(FEED_DELAY)

    def _run_jobs(self) -> int:
        ran = 0
        while not self._stopping.is_set() and self._is_any_due():
            if self._engine is not None:
                return self._submit(self._engine)
            if not run_next(self._application):
                break
            ran += 1
        return ran

    def _is_any_due(self) -> bool:
        # Looking costs a read; only claiming takes the writer's turn.
        return bool(self._due(1))

    def _due(self, limit: int) -> list[int]:
        with self._application.database.read() as connection:
            return due_jobs(connection, list(self._application.jobs), self._application.clock(), limit)

    def _submit(self, engine: JobEngine) -> int:
        now = self._application.clock()
        self._submitted = {key: at for key, at in self._submitted.items() if now - at < RESUBMIT}
        fresh = [each for each in self._due(MOST_SUBMITTED) if each not in self._submitted]
        for job_id in fresh:
            engine.submit(job_id)
            self._submitted[job_id] = now
        return len(fresh)
