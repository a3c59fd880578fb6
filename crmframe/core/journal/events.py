"""Reading events: the journal is the outbox, so an event is there exactly when its change is.

One event is derived per commit, entity and kind of change; those that were published follow them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from crmframe.core.contributions import Event
from crmframe.core.journal.runs import IdRuns
from crmframe.core.journal.tables import change, commit, epoch, event, operation
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.transactions import oldest_running_transaction

PARTICIPLES: Mapping[str, str] = MappingProxyType(
    {
        "create": "created",
        "update": "updated",
        "delete": "deleted",
        "restore": "restored",
        "archive": "archived",
        "unarchive": "unarchived",
    }
)
EVERYTHING = ("*",)
CURSOR_EPOCH = 2
# What one reading holds in memory: a commit of a bulk edit has thousands of changes, each with its before-values.
MOST_CHANGES = 5_000


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the stream, after the commit that it names; the default is the very beginning.

    On PostgreSQL a commit id says nothing about the order of commits: a transaction may take 7, wait, and commit
    after 8 was read. Hence the transaction's id comes first, and readers stop at the oldest one still running.
    """

    epoch: int = 0
    txid: int = 0
    commit_id: int = 0

    def __str__(self) -> str:
        return f"{self.epoch}-{self.txid}-{self.commit_id}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Return the cursor that ``str`` made.

        Raises:
            ValueError: It is none.
        """
        parts = text.split("-")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise ValueError(
                f"{text!r} is no cursor. Use the one that the last page gave, or none to start over."
            )
        return cls(*map(int, parts))


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one commit; none when nobody asked for what it did."""

    cursor: Cursor
    operation_id: int
    cause_id: int | None
    events: Sequence[Event]


def read_events(
    connection: sa.Connection, cursor: Cursor, limit: int, names: Sequence[str] = EVERYTHING
) -> tuple[list[Event], Cursor]:
    """Return the events after *cursor*, oldest first, and the cursor to go on with.

    Args:
        limit: How many commits to look at, at most. Fewer are read when they are large; the end is reached when
            the cursor stays where it was.
        names: Event names, or patterns such as ``sales.deal.*``.
    """
    batches = read_batches(connection, cursor, limit, names)
    found = [each for batch in batches for each in batch.events]
    return found, batches[-1].cursor if batches else cursor


def read_batches(
    connection: sa.Connection, cursor: Cursor, limit: int, names: Sequence[str] = EVERYTHING
) -> list[Batch]:
    """Return the commits after *cursor*, each with its events that *names* match; arguments as in read_events."""
    entities = _entities(names)
    place = sa.tuple_(commit.c.epoch, commit.c.txid, commit.c.id) > sa.tuple_(
        sa.bindparam("epoch", cursor.epoch),
        sa.bindparam("txid", cursor.txid),
        sa.bindparam("commit", cursor.commit_id),
    )
    size = _of_entities(sa.select(sa.func.count()).where(change.c.commit_id == commit.c.id), entities)
    heads = _heads(size.scalar_subquery()).where(place, _SETTLED).order_by(*_ORDER).limit(limit)
    rows = connection.execute(heads, {"entities": entities} if entities is not None else {}).all()
    return _batches(connection, _as_many_as_fit(rows), names)


def batches_of(connection: sa.Connection, commit_ids: Sequence[int], names: Sequence[str]) -> list[Batch]:
    """Return the events of the given commits once more."""
    heads = _heads(sa.literal(0)).where(in_set(commit.c.id, "commits")).order_by(*_ORDER)
    return _batches(connection, connection.execute(heads, {"commits": list(commit_ids)}).all(), names)


def end_of_stream(connection: sa.Connection) -> Cursor:
    """Return the place after the newest commit that can be read."""
    row = connection.execute(
        sa.select(commit.c.epoch, commit.c.txid, commit.c.id)
        .where(_SETTLED)
        .order_by(*(column.desc() for column in _ORDER))
        .limit(1)
    ).one_or_none()
    return Cursor(*row) if row else Cursor()


def is_wanted(names: Iterable[str], name: str) -> bool:
    """Return whether an event's name is one of *names* or matches a pattern among them."""
    return any(each in {name, "*"} or (each.endswith(".*") and name.startswith(each[:-1])) for each in names)


_ORDER = (commit.c.epoch, commit.c.txid, commit.c.id)
_CURRENT_EPOCH = sa.func.coalesce(
    sa.select(epoch.c.value).where(epoch.c.id == CURSOR_EPOCH).scalar_subquery(), sa.literal_column("0")
)
# Transaction ids of an earlier epoch are another cluster's: all of them are long over.
_SETTLED = sa.or_(commit.c.epoch < _CURRENT_EPOCH, commit.c.txid < oldest_running_transaction())


def _entities(names: Sequence[str]) -> list[str] | None:
    """Return the entities whose changes can bear one of *names*, None for all."""
    found = {name[:-2] if name.endswith(".*") else name.rpartition(".")[0] for name in names}
    return None if "*" in names or any("." not in entity for entity in found) else sorted(found)


def _of_entities(select: sa.Select[Any], entities: list[str] | None) -> sa.Select[Any]:
    return select if entities is None else select.where(in_set(change.c.entity, "entities"))


def _heads(size: sa.ColumnElement[int]) -> sa.Select[Any]:
    return sa.select(
        *_ORDER,
        commit.c.at,
        commit.c.operation_id,
        operation.c.actor_id,
        operation.c.cause_id,
        size.label("size"),
    ).join_from(commit, operation, operation.c.id == commit.c.operation_id)


def _as_many_as_fit(heads: Sequence[Any]) -> Sequence[Any]:
    total = 0
    for position, head in enumerate(heads):
        total += head.size
        if position and total > MOST_CHANGES:
            return heads[:position]
    return heads


def _batches(connection: sa.Connection, heads: Sequence[Any], names: Sequence[str]) -> list[Batch]:
    if not heads:
        return []
    entities, commits = _entities(names), {"commits": [head.id for head in heads]}
    wanted = commits if entities is None else {**commits, "entities": entities}
    changes = _by_commit(connection.execute(_of_entities(_CHANGES, entities), wanted))
    published = _by_commit(connection.execute(_PUBLISHED, commits))
    return [
        Batch(
            Cursor(head.epoch, head.txid, head.id),
            head.operation_id,
            head.cause_id,
            [
                *_derived(head, changes.get(head.id, ()), names),
                *_announced(head, published.get(head.id, ()), names),
            ],
        )
        for head in heads
    ]


_CHANGES = (
    sa.select(
        change.c.commit_id,
        change.c.entity,
        change.c.kind,
        change.c.record_id,
        change.c.last_id,
        change.c.before,
    )
    .where(in_set(change.c.commit_id, "commits"))
    .order_by(change.c.commit_id, change.c.id)
)
_PUBLISHED = (
    sa.select(event).where(in_set(event.c.commit_id, "commits")).order_by(event.c.commit_id, event.c.id)
)


def _by_commit(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.commit_id, []).append(row)
    return found


def _derived(head: Any, rows: Iterable[Any], names: Sequence[str]) -> list[Event]:
    groups: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        if is_wanted(names, f"{row.entity}.{PARTICIPLES[row.kind]}"):
            groups.setdefault((row.entity, row.kind), []).append(row)
    return [_derived_event(head, entity, kind, group) for (entity, kind), group in groups.items()]


def _derived_event(head: Any, entity: str, kind: str, rows: Sequence[Any]) -> Event:
    # A record changed twice in one commit is one id, and its before-values are those before the first time.
    runs: dict[tuple[int, int], None] = {}
    before: dict[int, dict[str, Any]] = {}
    for row in rows:
        runs[row.record_id, row.last_id] = None
        if row.before is not None:
            before[row.record_id] = {**row.before, **before.get(row.record_id, {})}
    return Event(
        name=f"{entity}.{PARTICIPLES[kind]}",
        entity=entity,
        ids=IdRuns(runs),
        at=head.at,
        operation_id=head.operation_id,
        actor_id=head.actor_id,
        fields=frozenset(name for values in before.values() for name in values),
        before=before,
    )


def _announced(head: Any, rows: Iterable[Any], names: Sequence[str]) -> list[Event]:
    return [
        Event(
            name=row.name,
            entity=row.entity,
            ids=tuple(row.ids or ()),
            at=head.at,
            operation_id=head.operation_id,
            actor_id=head.actor_id,
            payload=row.payload or {},
        )
        for row in rows
        if is_wanted(names, row.name)
    ]
