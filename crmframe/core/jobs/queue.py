"""The queue: putting jobs in, taking them out under a lease, and writing down how they ended."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crmframe.core.errors import Conflict, NotFound
from crmframe.core.jobs.tables import job
from crmframe.core.journal.lease import LeaseLost, new_owner
from crmframe.core.storage.dialect import in_set

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

LONGEST_PAUSE = timedelta(hours=1)
LONGEST_ERROR = 20_000
DEFAULT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt at a job: whoever holds it may finish it until somebody else takes over."""

    id: int
    name: str
    payload: Mapping[str, Any]
    attempts: int
    max_attempts: int
    actor_id: int | None
    worker: str

    def renew(self, connection: sa.Connection, until: datetime, result: Any = None) -> None:
        """Push the end of the lease to *until*; inside a chunk's transaction this keeps zombies from committing.

        Args:
            result: What the job has to show so far, as JSON data; None keeps what is there.

        Raises:
            LeaseLost: Somebody else has taken over, or the job was cancelled.
        """
        values: dict[str, Any] = {"lease_until": until}
        self._update(connection, values if result is None else {**values, "result": result})

    def finish(self, connection: sa.Connection, result: Any, now: datetime) -> None:
        """Write down success; errors as in ``renew``."""
        values = {"state": "done", "result": result, "error": "", "finished_at": now}
        self._update(connection, {**values, "lease_until": None})

    def fail(
        self, connection: sa.Connection, error: BaseException, now: datetime, *, is_final: bool = False
    ) -> None:
        """Write down failure: the job is queued for a later time, or dead once its attempts are used up."""
        text = "".join(traceback.format_exception(error)).replace("\x00", "")[-LONGEST_ERROR:]
        if is_final or self.attempts >= self.max_attempts:
            values = {"state": "dead", "finished_at": now}
        else:
            values = {"state": "queued", "run_at": now + pause_after(self.attempts)}
        self._update(connection, {**values, "error": text, "lease_until": None, "worker": None})

    def _update(self, connection: sa.Connection, values: Mapping[str, Any]) -> None:
        mine = sa.and_(job.c.id == self.id, job.c.worker == self.worker, job.c.state == "running")
        if connection.execute(sa.update(job).where(mine).values(**values)).rowcount != 1:
            raise LeaseLost(f"Job {self.id} ({self.name}) was taken over or cancelled.")


def enqueue(
    work: UnitOfWork,
    name: str,
    payload: Mapping[str, Any] | None = None,
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
) -> int:
    """Queue a job in this unit of work's transaction: it exists exactly when the rest is committed.

    Args:
        payload: JSON data.
        run_at: Not before; None is as soon as possible.
        unique_key: At most one job with this key is queued or running.

    Returns:
        The job's id; with a unique key that of the one that is already there, if any.
    """
    if not work.writes:
        raise TypeError("A job can only be queued by a unit of work that writes.")
    row = {
        "name": name,
        "payload": dict(payload or {}),
        "run_at": run_at or work.now,
        "unique_key": unique_key,
        "created_at": work.now,
        "actor_id": work.actor.id,
    }
    return add(work.connection, row)[0]


def add(connection: sa.Connection, row: Mapping[str, Any]) -> tuple[int, bool]:
    """Insert a job; return its id and whether it is new."""
    defaults = {
        "state": "queued",
        "priority": 0,
        "attempts": 0,
        "max_attempts": DEFAULT_ATTEMPTS,
        "error": "",
    }
    values = {**defaults, **row}
    key = row.get("unique_key")
    if key is None:
        return _insert(connection, values), True
    for _ in range(3):
        existing = connection.scalar(sa.select(job.c.id).where(job.c.unique_key == key, _OPEN))
        if existing is not None:
            return existing, False
        try:
            with connection.begin_nested():
                return _insert(connection, values), True
        except IntegrityError:
            continue  # somebody queued the same meanwhile: theirs is found now, unless it is done already
    raise Conflict(entity="core.job", id=key, state="being queued by others")


def claim(
    connection: sa.Connection, leases: Mapping[str, tuple[int, int]], now: datetime, job_id: int | None = None
) -> Claimed | None:
    """Take the next due job, or the given one if it is due; None when there is none.

    A job whose lease has run out is due as well: its worker is dead or too slow.

    Args:
        leases: Job names that can be run here to their (lease in seconds, attempts at most).
    """
    due = _due(now) if job_id is None else sa.and_(_due(now), job.c.id == job_id)
    select = sa.select(job).where(due).order_by(*_ORDER).limit(1).with_for_update(skip_locked=True)
    row = connection.execute(select, {"names": list(leases)}).one_or_none()
    if row is None:
        return None
    seconds, most = leases[row.name]
    taken = {"attempts": row.attempts + 1, "max_attempts": most, "worker": new_owner()}
    connection.execute(
        sa.update(job)
        .where(job.c.id == row.id)
        .values(**taken, state="running", lease_until=now + timedelta(seconds=seconds))
    )
    return Claimed(id=row.id, name=row.name, payload=row.payload, actor_id=row.actor_id, **taken)


def due_jobs(connection: sa.Connection, names: Sequence[str], now: datetime, limit: int) -> list[int]:
    """Return the ids of jobs that could be claimed now, in the order in which they should run."""
    select = sa.select(job.c.id).where(_due(now)).order_by(*_ORDER).limit(limit)
    return list(connection.scalars(select, {"names": list(names)}))


def cancel(work: UnitOfWork, job_id: int) -> None:
    """Let a queued job not run, and a running one not finish: its next chunk is not committed.

    Raises:
        NotFound: There is no such job.
        Conflict: It is over already.
    """
    values = {"state": "cancelled", "finished_at": work.now, "lease_until": None}
    _change_state(work, job_id, ("queued", "running"), values)


def retry(work: UnitOfWork, job_id: int) -> None:
    """Queue a dead or cancelled job again, with all its attempts.

    Raises:
        NotFound: There is no such job.
        Conflict: It is not dead, or another job with its unique key is waiting.
    """
    key = work.connection.scalar(sa.select(job.c.unique_key).where(job.c.id == job_id))
    if key is not None and work.connection.scalar(sa.select(job.c.id).where(job.c.unique_key == key, _OPEN)):
        raise Conflict(entity="core.job", id=job_id, state="waiting in another job already")
    values = {"state": "queued", "attempts": 0, "run_at": work.now, "worker": None, "finished_at": None}
    _change_state(work, job_id, ("dead", "cancelled"), values)


def pause_after(attempts: int) -> timedelta:
    """Return how long a failed job waits: 2 seconds, 4, 8 … up to an hour."""
    return min(timedelta(seconds=2 ** min(attempts, 20)), LONGEST_PAUSE)


_OPEN = job.c.state.in_(("queued", "running"))
_ORDER = (job.c.priority, job.c.run_at, job.c.id)


def _due(now: datetime) -> sa.ColumnElement[bool]:
    waiting = sa.and_(job.c.state == "queued", job.c.run_at <= now)
    abandoned = sa.and_(job.c.state == "running", job.c.lease_until < now)
    return sa.and_(sa.or_(waiting, abandoned), in_set(job.c.name, "names"))


def _insert(connection: sa.Connection, values: Mapping[str, Any]) -> int:
    return int(connection.execute(sa.insert(job).returning(job.c.id), dict(values)).scalar_one())


def _change_state(work: UnitOfWork, job_id: int, states: Sequence[str], values: Mapping[str, Any]) -> None:
    changed = work.connection.execute(
        sa.update(job).where(job.c.id == job_id, job.c.state.in_(states)).values(**values)
    )
    if changed.rowcount == 1:
        return
    state = work.connection.scalar(sa.select(job.c.state).where(job.c.id == job_id))
    if state is None:
        raise NotFound(entity="core.job", id=job_id)
    raise Conflict(entity="core.job", id=job_id, state=state)
