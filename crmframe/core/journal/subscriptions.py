"""Subscriptions: each has a place in the event stream, which moves in the transaction that reacts to the events.

So database work of a handler happens exactly once, whatever breaks and whenever. The lease only saves two
processes from doing the same work; that the work counts once is the doing of the conditional move.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crmframe.core.contributions import Event, Subscription
from crmframe.core.journal.event_tables import event_retry
from crmframe.core.journal.event_tables import subscription as table
from crmframe.core.journal.events import Batch, Cursor, end_of_stream
from crmframe.core.journal.lease import LeaseLost
from crmframe.core.journal.tables import commit, operation
from crmframe.core.storage.dialect import in_set

if TYPE_CHECKING:
    from crmframe.core.storage.engine import Database
    from crmframe.core.work import Clock, UnitOfWork

# Short: a server that was killed should not keep the next one waiting.
LEASE = timedelta(seconds=10)
LONGEST_CHAIN = 16


class EventApplication(Protocol):
    """What the delivery of events needs of an application."""

    @property
    def database(self) -> Database:
        """Return the database whose journal is read."""

    @property
    def clock(self) -> Clock:
        """Return what tells the time."""

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """Return the reactions of the enabled plugins."""

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


@dataclass(frozen=True, slots=True)
class Reaction:
    """What one call of a handler is given: consecutive commits of one operation.

    Attributes:
        to: The cursor once it is done.
        caused: Whether the operation has a cause itself.
    """

    operation_id: int
    caused: bool
    commits: Sequence[int]
    events: Sequence[Event]
    to: Cursor


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription is doing.

    Attributes:
        behind: Commits that it has yet to look at.
        waiting: Batches that failed and will be tried again; ``dead`` those given up.
    """

    key: str
    parked: bool
    behind: int
    waiting: int
    dead: int


def register(connection: sa.Connection, subscriptions: Sequence[Subscription]) -> None:
    """Give new subscriptions a place at the end of the stream, park those of plugins that are off.

    A parked subscription goes on where it was once it is registered again. Call it whenever plugins were enabled
    or disabled, and when a process starts.
    """
    keys = [each.key for each in subscriptions]
    known = set(connection.scalars(sa.select(table.c.key)))
    for key in keys:
        if key not in known:
            _add(connection, key, end_of_stream(connection))
    enabled = in_set(table.c.key, "keys")
    off, on = sa.and_(~enabled, table.c.parked.is_(False)), sa.and_(enabled, table.c.parked.is_(True))
    # Without its lease, whoever serves the subscription right now can no longer commit.
    parked = {"parked": True, "lease_owner": None, "lease_until": None}
    connection.execute(sa.update(table).where(off).values(**parked), {"keys": keys})
    connection.execute(sa.update(table).where(on).values(parked=False), {"keys": keys})


def skip_to_end(connection: sa.Connection) -> None:
    """Let every reaction begin with what happens from now on; what happened before never reaches it."""
    place = end_of_stream(connection)
    values = {"epoch": place.epoch, "txid": place.txid, "commit_id": place.commit_id}
    connection.execute(sa.update(table).values(values))


def is_registered(connection: sa.Connection, subscriptions: Sequence[Subscription]) -> bool:
    """Return whether ``register`` would change nothing; reads only."""
    rows = connection.execute(sa.select(table.c.key, table.c.parked)).all()
    return {row.key for row in rows if not row.parked} == {each.key for each in subscriptions}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subscription is.

    Attributes:
        is_held: The lease need not be taken first.
        takeovers: How many processes in a row were lost at this place.
    """

    cursor: Cursor
    is_held: bool
    takeovers: int = 0


def places(connection: sa.Connection, owner: str, now: datetime) -> dict[str, Place]:
    """Return the place of every subscription that *owner* may serve now."""
    rows = connection.execute(sa.select(table).where(_free_for(owner, now)))
    return {
        row.key: Place(
            Cursor(row.epoch, row.txid, row.commit_id), row.lease_owner == owner and row.lease_until > now
        )
        for row in rows
    }


def claim(connection: sa.Connection, key: str, owner: str, now: datetime) -> Place | None:
    """Take or renew the lease and return the subscription's place; None when it is somebody else's or parked."""
    # Locked rows are skipped: whoever moves the cursor right now has the lease for all that matters.
    row = connection.execute(
        sa.select(table).where(table.c.key == key, _free_for(owner, now)).with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    takeovers = row.takeovers + (row.lease_owner not in {None, owner})
    lease = {"lease_owner": owner, "lease_until": now + LEASE, "takeovers": takeovers}
    connection.execute(sa.update(table).where(table.c.key == key).values(**lease))
    return Place(Cursor(row.epoch, row.txid, row.commit_id), is_held=True, takeovers=takeovers)


@dataclass(frozen=True, slots=True)
class Step:
    """A move of a subscription's cursor by whoever holds its lease."""

    key: str
    owner: str
    frm: Cursor
    to: Cursor

    def take(self, connection: sa.Connection, now: datetime) -> None:
        """Move the cursor and renew the lease.

        Raises:
            LeaseLost: Somebody else has the lease, or nobody (parked), or the cursor has moved already.
        """
        place = {"epoch": self.to.epoch, "txid": self.to.txid, "commit_id": self.to.commit_id}
        moved = connection.execute(
            sa.update(table)
            .where(
                table.c.key == self.key,
                table.c.lease_owner == self.owner,
                table.c.epoch == self.frm.epoch,
                table.c.txid == self.frm.txid,
                table.c.commit_id == self.frm.commit_id,
            )
            .values(**place, lease_until=now + LEASE, takeovers=0)
        )
        if moved.rowcount != 1:
            raise LeaseLost(f"Subscription {self.key} is served by somebody else.")


def release(connection: sa.Connection, owner: str) -> None:
    """Give back every lease of *owner*, so that the next process need not wait for them to run out."""
    connection.execute(
        sa.update(table).where(table.c.lease_owner == owner).values(lease_owner=None, lease_until=None)
    )


def reactions(batches: Sequence[Batch]) -> list[Reaction]:
    """Join the batches of each operation; those without events only move the cursor of the reaction before them."""
    found: list[Reaction] = []
    for batch in batches:
        last = found[-1] if found else None
        if last and (not batch.events or last.operation_id == batch.operation_id):
            commits = (*last.commits, batch.cursor.commit_id) if batch.events else last.commits
            events = (*last.events, *batch.events)
            found[-1] = Reaction(last.operation_id, last.caused, commits, events, batch.cursor)
        elif batch.events:
            caused = batch.cause_id is not None
            commits = (batch.cursor.commit_id,)
            found.append(Reaction(batch.operation_id, caused, commits, tuple(batch.events), batch.cursor))
    return found


def causes(connection: sa.Connection, operation_id: int) -> int:
    """Return how many operations stand one behind the other before this one; counts no further than the limit."""
    chain = (
        sa.select(operation.c.cause_id, sa.literal(0).label("length"))
        .where(operation.c.id == operation_id)
        .cte("chain", recursive=True)
    )
    further = sa.select(operation.c.cause_id, chain.c.length + 1).where(
        operation.c.id == chain.c.cause_id, chain.c.length < LONGEST_CHAIN
    )
    chain = chain.union_all(further)
    return int(connection.scalar(sa.select(sa.func.max(chain.c.length))) or 0)


def standings(connection: sa.Connection) -> list[Standing]:
    """Return how every subscription is doing, for health and the admin page."""
    after = sa.tuple_(commit.c.epoch, commit.c.txid, commit.c.id) > sa.tuple_(
        table.c.epoch, table.c.txid, table.c.commit_id
    )
    behind = sa.select(sa.func.count()).select_from(commit).where(after).correlate(table).scalar_subquery()
    rows = connection.execute(
        sa.select(
            table.c.key,
            table.c.parked,
            behind.label("behind"),
            _failed("retry").label("waiting"),
            _failed("dead").label("dead"),
        ).order_by(table.c.key)
    )
    return [Standing(**row) for row in rows.mappings()]


def _failed(state: str) -> sa.ScalarSelect[int]:
    mine = sa.and_(event_retry.c.subscription == table.c.key, event_retry.c.state == state)
    return sa.select(sa.func.count()).select_from(event_retry).where(mine).correlate(table).scalar_subquery()


def _free_for(owner: str, now: datetime) -> sa.ColumnElement[bool]:
    free = sa.or_(table.c.lease_owner.is_(None), table.c.lease_owner == owner, table.c.lease_until < now)
    return sa.and_(table.c.parked.is_(False), free)


def _add(connection: sa.Connection, key: str, place: Cursor) -> None:
    values = {
        "key": key,
        "epoch": place.epoch,
        "txid": place.txid,
        "commit_id": place.commit_id,
        "parked": False,
        "takeovers": 0,
    }
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(table), values)
    except IntegrityError:
        pass  # another process was faster
