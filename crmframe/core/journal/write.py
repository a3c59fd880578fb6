"""Writing the journal: changes are gathered while a unit of work runs and written just before it commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core.errors import Conflict
from crmframe.core.journal import tables
from crmframe.core.storage.dialect import lock_rows
from crmframe.core.storage.types import canonical_json


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an operation comes from.

    Attributes:
        operation_id: Go on with this operation instead of opening one.
        finish: False leaves the operation open for more commits.
        cause_id: The operation that caused it.
    """

    actor_id: int | None
    actor_name: str
    door: str
    reason: str = ""
    operation_id: int | None = None
    finish: bool = True
    cause_id: int | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A change to be journaled: ``before`` holds canonical JSON values, None for a create."""

    entity: str
    record_id: int
    last_id: int
    kind: str
    version: int
    before: Mapping[str, Any] | None


class JournalBuffer:
    """The changes and events of one unit of work."""

    def __init__(self, origin: Origin, now: datetime) -> None:
        self.origin = origin
        self.now = now
        self.verb = ""
        self.undoable = True
        self.undo_of: int | None = None
        self.reason = origin.reason
        self.note: Mapping[str, Any] | None = None
        self.operation_id = origin.operation_id
        self.commit_id: int | None = None
        self.changes: list[Changed] = []
        self.events: list[dict[str, Any]] = []

    def name_verb(self, verb: str) -> None:
        """Name the operation after its first verb; what it leads to does not rename it."""
        self.verb = self.verb or verb

    def created(self, entity: str, ids: Sequence[int]) -> None:
        """Note new records: one entry for each run of consecutive ids."""
        for first, last in runs_of(ids):
            self.changes.append(Changed(entity, first, last, "create", 1, None))

    def changed(
        self, entity: str, kind: str, record_id: int, version: int, before: Mapping[str, Any]
    ) -> None:
        """Note a change of one record."""
        self.changes.append(Changed(entity, record_id, record_id, kind, version, before))

    def publish(
        self, name: str, entity: str, ids: Sequence[int], payload: Mapping[str, Any], version: int
    ) -> None:
        """Note an event that no change tells by itself."""
        self.events.append(
            {"name": name, "entity": entity, "ids": list(ids), "payload": dict(payload), "version": version}
        )

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to write."""
        return not (self.changes or self.events or self.undo_of)

    def flush(self, connection: sa.Connection) -> None:
        """Write the operation, its commit, changes and events; called once, before COMMIT.

        Raises:
            Conflict: The operation that this goes on with was undone meanwhile.
        """
        if self.is_empty:
            return
        continued = self.operation_id is not None
        if not continued:
            self.operation_id = _inserted(connection, _INSERT_OPERATION, self._operation())
        else:
            self._go_on(connection)
        self.commit_id = _inserted(connection, _INSERT_COMMIT, self._commit(connection, continued))
        if self.changes:
            connection.execute(_INSERT_CHANGE, [self._change(change) for change in self.changes])
        if self.events:
            connection.execute(
                sa.insert(tables.event), [{"commit_id": self.commit_id, **e} for e in self.events]
            )
        self.changes, self.events = [], []

    def _go_on(self, connection: sa.Connection) -> None:
        """Take the operation up again: what was undone meanwhile must not grow."""
        if connection.scalar(_STATE, {"operation": self.operation_id}) == "undone":
            raise Conflict(entity="operation", id=self.operation_id, state="undone already")
        if self.origin.finish:
            connection.execute(_FINISH_OPERATION, {"operation": self.operation_id})

    def _operation(self) -> dict[str, Any]:
        origin = self.origin
        return {
            "verb": self.verb[:80],
            "door": origin.door,
            "reason": self.reason,
            "actor_id": origin.actor_id,
            "actor_name": origin.actor_name[:120],
            "cause_id": origin.cause_id,
            "cause": origin.cause[:120],
            "state": "done" if origin.finish else "open",
            "undo_of": self.undo_of,
            "undoable": self.undoable,
            "started_at": self.now,
            "note": self.note,
        }

    def _commit(self, connection: sa.Connection, continued: bool) -> dict[str, Any]:
        position = 1
        if continued:
            position = 1 + (connection.scalar(_LAST_POSITION, {"operation": self.operation_id}) or 0)
        postgresql = connection.dialect.name == "postgresql"
        epoch = connection.scalar(_CURSOR_EPOCH) or 0
        txid = connection.scalar(_TRANSACTION_ID) if postgresql else 0
        return {
            "operation_id": self.operation_id,
            "position": position,
            "epoch": epoch,
            "txid": txid,
            "at": self.now,
        }

    def _change(self, change: Changed) -> dict[str, Any]:
        return {
            "commit_id": self.commit_id,
            "operation_id": self.operation_id,
            "entity": change.entity,
            "record_id": change.record_id,
            "last_id": change.last_id,
            "kind": change.kind,
            "version": change.version,
            "before": None if change.before is None else canonical_json(change.before),
        }


def _inserted(connection: sa.Connection, statement: sa.Insert, values: Mapping[str, Any]) -> int:
    key: Any = connection.execute(statement, values).inserted_primary_key
    return int(key[0])


def runs_of(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return the runs of consecutive ids as (first, last)."""
    runs: list[tuple[int, int]] = []
    for record_id in sorted(ids):
        if runs and record_id == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], record_id)
        else:
            runs.append((record_id, record_id))
    return runs


_INSERT_OPERATION = sa.insert(tables.operation)
_INSERT_COMMIT = sa.insert(tables.commit)
# ``before`` is canonical text already: the type must not encode it once more.
_CHANGE_TEXT = sa.table(
    "core_change", *(sa.column(c.name, sa.Text if c.name == "before" else c.type) for c in tables.change.c)
)
_INSERT_CHANGE = sa.insert(_CHANGE_TEXT).values(
    {c.name: sa.bindparam(c.name, type_=c.type) for c in _CHANGE_TEXT.c if c.name != "id"}
)
_FINISH_OPERATION = (
    sa.update(tables.operation)
    .where(tables.operation.c.id == sa.bindparam("operation"), tables.operation.c.state == "open")
    .values(state="done")
)
_STATE = lock_rows(
    sa.select(tables.operation.c.state).where(tables.operation.c.id == sa.bindparam("operation")), to="change"
)
_LAST_POSITION = sa.select(sa.func.coalesce(sa.func.max(tables.commit.c.position), 0)).where(
    tables.commit.c.operation_id == sa.bindparam("operation")
)
_TRANSACTION_ID = sa.text("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)")
_CURSOR_EPOCH = sa.select(tables.epoch.c.value).where(tables.epoch.c.id == 2)
