"""Batches of events that a handler could not take: tried again later, and set aside for an admin in the end."""

from __future__ import annotations

import random
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from crmframe.core.errors import NotFound
from crmframe.core.journal.event_tables import event_retry
from crmframe.core.storage.dialect import in_set

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

MOST_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(hours=6)
LONGEST_ERROR = 20_000


class ProcessLost(Exception):
    """The process was gone before the handler came to an end; perhaps the handler kills it."""


class EndlessReaction(Exception):
    """A chain of reactions to reactions was stopped; trying again would not help."""


class Reacting(Protocol):
    """The part of a batch that a retry needs."""

    @property
    def operation_id(self) -> int:
        """Return the operation that the events come from."""

    @property
    def commits(self) -> Sequence[int]:
        """Return the commits that the events come from."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A batch that is due again, or dead."""

    id: int
    subscription: str
    operation_id: int
    commits: Sequence[int]
    attempts: int
    state: str
    next_at: datetime
    failed_at: datetime
    error: str


def set_aside(
    connection: sa.Connection, key: str, batch: Reacting, error: BaseException, now: datetime
) -> None:
    """Keep a batch for later: the cursor moves past it in the same transaction."""
    row = {"subscription": key, "operation_id": batch.operation_id, "commits": list(batch.commits)}
    connection.execute(sa.insert(event_retry), {**row, **_outcome(1, error, now)})


def due(connection: sa.Connection, keys: Sequence[str], now: datetime) -> list[Retry]:
    """Return the batches whose time has come, the longest waiting first."""
    return _select(
        connection,
        sa.and_(
            event_retry.c.state == "retry",
            event_retry.c.next_at <= now,
            in_set(event_retry.c.subscription, "keys"),
        ),
        keys=list(keys),
    )


def dead_letters(work: UnitOfWork) -> list[Retry]:
    """Return the batches that were given up, the oldest first."""
    return _select(work.connection, event_retry.c.state == "dead")


def begin(connection: sa.Connection, retry: Retry, now: datetime) -> Retry | None:
    """Count the next attempt before it is made: a handler that kills the process is given up, too.

    Returns:
        The batch as it is now; None when there is nothing to attempt, or somebody else does.
    """
    if retry.attempts >= MOST_ATTEMPTS:
        failed_again(connection, retry, ProcessLost("The process ended during the last attempt."), now)
        return None
    attempts, next_at = retry.attempts + 1, now + pause_after(retry.attempts + 1)
    begun = connection.execute(
        sa.update(event_retry).where(_unchanged(retry)).values(attempts=attempts, next_at=next_at)
    )
    return replace(retry, attempts=attempts, next_at=next_at) if begun.rowcount == 1 else None


def take(connection: sa.Connection, retry: Retry) -> bool:
    """Remove the batch in the transaction that delivers it; False when somebody else has had it since."""
    return connection.execute(sa.delete(event_retry).where(_unchanged(retry))).rowcount == 1


def failed_again(connection: sa.Connection, retry: Retry, error: BaseException, now: datetime) -> None:
    """Note that the attempt that ``begin`` counted has failed."""
    connection.execute(
        sa.update(event_retry).where(_unchanged(retry)).values(_outcome(retry.attempts, error, now))
    )


def retry_dead(work: UnitOfWork, retry_id: int) -> None:
    """Let a batch that was given up, or waits, be tried again at once, with all its attempts.

    Raises:
        NotFound: It has been delivered or discarded meanwhile.
    """
    values = {"state": "retry", "attempts": 0, "next_at": work.now}
    changed = work.connection.execute(
        sa.update(event_retry).where(event_retry.c.id == retry_id).values(values)
    )
    _expect_one(changed.rowcount, retry_id)


def discard(work: UnitOfWork, retry_id: int) -> None:
    """Drop a batch for good; arguments and errors as in retry_dead."""
    removed = work.connection.execute(sa.delete(event_retry).where(event_retry.c.id == retry_id))
    _expect_one(removed.rowcount, retry_id)


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait: four times longer each time, and not the same for all that failed together."""
    longest = min(FIRST_PAUSE * 4 ** (attempts - 1), LONGEST_PAUSE)
    chosen: timedelta = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
    return chosen


def error_text(error: BaseException) -> str:
    """Return the traceback, its end when it is very long."""
    return "".join(traceback.format_exception(error)).replace("\x00", "")[-LONGEST_ERROR:]


def _unchanged(retry: Retry) -> sa.ColumnElement[bool]:
    return sa.and_(
        event_retry.c.id == retry.id, event_retry.c.attempts == retry.attempts, event_retry.c.state == "retry"
    )


def _outcome(attempts: int, error: BaseException, now: datetime) -> dict[str, Any]:
    hopeless = attempts >= MOST_ATTEMPTS or isinstance(error, EndlessReaction)
    return {
        "attempts": attempts,
        "state": "dead" if hopeless else "retry",
        "next_at": now + pause_after(attempts),
        "failed_at": now,
        "error": str(error) if isinstance(error, EndlessReaction | ProcessLost) else error_text(error),
    }


def _select(connection: sa.Connection, condition: sa.ColumnElement[bool], **binds: Any) -> list[Retry]:
    rows = connection.execute(
        sa.select(event_retry).where(condition).order_by(event_retry.c.next_at, event_retry.c.id), binds
    )
    return [Retry(**row) for row in rows.mappings()]


def _expect_one(count: int, retry_id: int) -> None:
    if count != 1:
        raise NotFound(entity="event delivery", id=retry_id)
