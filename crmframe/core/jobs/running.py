"""Running one job: its unit of work, its heartbeat, and how it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import sqlalchemy as sa

from crmframe.core.access.actor import Actor, system_actor
from crmframe.core.access.loading import actor_of_user
from crmframe.core.contributions import Job, LongJob
from crmframe.core.errors import CrmError, StorageFull, Unavailable
from crmframe.core.jobs.queue import Claimed, claim
from crmframe.core.journal.lease import LeaseLost

if TYPE_CHECKING:
    from crmframe.core.storage.engine import Database
    from crmframe.core.work import Clock, UnitOfWork

log = logging.getLogger(__name__)


AnyJob: TypeAlias = Job | LongJob


class JobApplication(Protocol):
    """What running jobs needs of an application."""

    @property
    def database(self) -> Database:
        """Return the database that holds the jobs."""

    @property
    def clock(self) -> Clock:
        """Return what tells the time."""

    @property
    def jobs(self) -> Mapping[str, AnyJob]:
        """Return the jobs of the core and of the enabled plugins by name."""

    def work(
        self,
        actor: Any = None,
        *,
        door: str = ...,
        write: bool = ...,
        cause: str = ...,
        cause_id: int | None = ...,
    ) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work; *cause* names what led to it, *cause_id* the operation that did."""


class JobRun:
    """An attempt at a long job, as its function sees it."""

    def __init__(
        self, application: JobApplication, claimed: Claimed, lease_seconds: int, actor: Actor
    ) -> None:
        self.application = application
        self.actor = actor
        self._claimed = claimed
        self._lease = timedelta(seconds=lease_seconds)

    @property
    def id(self) -> int:
        """Return the job's id."""
        return self._claimed.id

    @property
    def attempt(self) -> int:
        """Return which attempt this is, from 1: above that, look for what the last one has left."""
        return self._claimed.attempts

    def renew(self, connection: sa.Connection, progress: Any = None) -> None:
        """Renew the lease in a chunk's transaction; call it in every one, before its end.

        Args:
            progress: JSON data that the job's page shows meanwhile.

        Raises:
            LeaseLost: Somebody else has taken over, or the job was cancelled. Let it pass: the chunk is rolled back.
        """
        self._claimed.renew(connection, self.application.clock() + self._lease, progress)


def run_next(application: JobApplication, job_id: int | None = None) -> bool:
    """Claim and run the next due job; return whether there was one.

    Args:
        job_id: Only this one: for an engine that was given its id.

    Raises:
        Unavailable: The database does not answer. Whoever is first after the lease has run out does the job.
    """
    leases = {each.name: (each.lease_seconds, each.max_attempts) for each in application.jobs.values()}
    with application.database.write() as connection:
        claimed = claim(connection, leases, application.clock(), job_id)
    if claimed is not None:
        _run(application, application.jobs[claimed.name], claimed)
    return claimed is not None


def _run(application: JobApplication, job: AnyJob, claimed: Claimed) -> None:
    try:
        with heartbeat(application, claimed, job.lease_seconds):
            _attempt(application, job, claimed)
    except LeaseLost as lost:
        log.warning("%s Nothing of this attempt was kept.", lost)
    except (Unavailable, StorageFull):
        raise
    except (Exception, SystemExit) as error:  # a job may raise anything and stops no other
        log.warning(
            "Job %s (%s) failed, attempt %s", claimed.id, claimed.name, claimed.attempts, exc_info=error
        )
        _note_failure(application, claimed, error)


def _note_failure(application: JobApplication, claimed: Claimed, error: BaseException) -> None:
    try:
        with application.database.write() as connection:
            claimed.fail(connection, error, application.clock(), is_final=isinstance(error, Hopeless))
    except LeaseLost as lost:
        log.warning("%s Its failure was not noted.", lost)


class Hopeless(Exception):
    """Another attempt would end the same way."""


def _attempt(application: JobApplication, job: AnyJob, claimed: Claimed) -> None:
    if claimed.attempts > claimed.max_attempts:
        raise Hopeless(
            f"The worker of this job was lost {claimed.attempts - 1} times. Perhaps the job kills it."
        )
    actor = _actor(application, claimed)
    if isinstance(job, LongJob):
        result = job.run(JobRun(application, claimed, job.lease_seconds, actor), claimed.payload)
        with application.database.write() as connection:
            claimed.finish(connection, result, application.clock())
        return
    with application.work(actor, door="job", write=True, cause=claimed.name) as work:
        result = job.run(work, claimed.payload)
        # In the job's own transaction: what it did in the database is done once, or not at all.
        claimed.finish(work.connection, result, application.clock())


def _actor(application: JobApplication, claimed: Claimed) -> Actor:
    if claimed.actor_id is None:
        return system_actor("job")
    with application.database.read() as connection:
        actor = actor_of_user(connection, claimed.actor_id)
    if actor is None:
        raise Hopeless(f"User {claimed.actor_id}, who asked for this job, is gone or switched off.")
    return actor


@contextmanager
def heartbeat(application: JobApplication, claimed: Claimed, lease_seconds: int) -> Iterator[None]:
    """Renew the lease from a thread of its own, so that a job may take longer than its lease."""
    stop = threading.Event()
    thread = threading.Thread(
        target=_beat,
        args=(application, claimed, lease_seconds, stop),
        name=f"crmframe-job-{claimed.id}",
        daemon=True,
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(application: JobApplication, claimed: Claimed, lease_seconds: int, stop: threading.Event) -> None:
    while not stop.wait(lease_seconds / 3):
        try:
            with application.database.write() as connection:
                if stop.is_set():
                    return
                claimed.renew(connection, application.clock() + timedelta(seconds=lease_seconds))
        except LeaseLost:
            return  # the job learns it itself, when it wants to commit
        except (CrmError, sa.exc.DBAPIError) as error:
            log.warning("The lease of job %s could not be renewed: %s", claimed.id, error)
