"""Undo: a new operation that takes back an old one, as far as nothing later stands in the way.

The changes are taken back in reverse order, because the reverse of a valid sequence is valid. What was changed,
referred to or taken since is found first (``conflicts.py``); then either all of it goes, or what can.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.policy import ASKS
from crmframe.core.errors import Conflict, NotFound, PermissionDenied, UndoConflict
from crmframe.core.journal import tables
from crmframe.core.records import reversing
from crmframe.core.records.conflicts import Step, conflicts_of, steps_of
from crmframe.core.records.maintaining import hung_on
from crmframe.core.records.reach import require_reach
from crmframe.core.records.rows import held
from crmframe.core.storage.dialect import in_set, lock_rows
from crmframe.core.work import Acting, UnitOfWork


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that an undo left as it is, and why; ``reason`` is a msgid."""

    entity: str
    record_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What an undo did: how many changes went back, and what was kept."""

    undone: int
    kept: Sequence[Kept]


def undo(work: UnitOfWork, operation_id: int, *, partly: bool = False) -> UndoResult:
    """Take back an operation, with the rights of whoever undoes.

    Args:
        partly: Take back what nothing stands in the way of, and name the rest.

    Raises:
        NotFound: There is no such operation, or it is somebody else's on records that the actor may not change.
        Conflict: It was undone before, or had effects outside.
        UndoConflict: Something later stands in the way and *partly* is False; ``data["conflicts"]`` lists it.
        PermissionDenied: The actor may not change what it changed.
    """
    operation, steps = _undoable(work, operation_id)
    _hold(work, steps)
    conflicts = conflicts_of(work, operation_id, steps)
    if conflicts and not partly:
        listed = [Kept(entity, record_id, reason) for (entity, record_id), reason in conflicts.items()]
        raise UndoConflict(id=operation_id, count=len(listed), conflicts=listed)
    work.journal.verb = "core.undo"
    work.journal.undo_of = operation_id
    going = [step for step in steps if step.key not in conflicts]
    with work.acting_as(_acting(work, operation)):
        for _, batch in groupby(reversed(going), key=lambda step: (step.entity, step.kind)):
            for once in _distinct(list(batch)):
                reversing.take_back(work, operation, once)
    _mark(work, operation, partly=bool(conflicts))
    kept = [Kept(entity, record_id, reason) for (entity, record_id), reason in conflicts.items()]
    return UndoResult(len(going), kept)


def preview(work: UnitOfWork, operation_id: int) -> UndoResult:
    """Return what an undo would do, without doing it. Raises as ``undo``, but not for conflicts."""
    _, steps = _undoable(work, operation_id)
    conflicts = conflicts_of(work, operation_id, steps)
    kept = [Kept(entity, record_id, reason) for (entity, record_id), reason in conflicts.items()]
    return UndoResult(sum(step.key not in conflicts for step in steps), kept)


def _hold(work: UnitOfWork, steps: Sequence[Step]) -> None:
    """Lock what the operation changed, so that nothing comes between the look for conflicts and the undo."""
    if not work.database.locks_rows:
        return
    wanted: dict[str, set[int]] = defaultdict(set)
    own: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.entity in work.registry.entities:
            base = work.registry.extended.get(step.entity, step.entity)
            wanted[base].add(step.record_id)
            if base == step.entity:
                own[base].append(step)
    for source in list(wanted):
        for target, ids in hung_on(work, work.schema.entity(source), wanted[source]).items():
            wanted[target] |= ids
    kept_up = {rule.target for rule in work.registry.maintained}
    for entity_name in sorted(wanted, key=lambda name: (name not in kept_up, name)):
        entity = work.schema.entity(entity_name)
        identity = entity.table.c.id
        statement = sa.select(identity).where(in_set(identity, "ids")).order_by(identity)
        holding = lock_rows(statement, to=reversing.lock_to_take_back(entity, own[entity_name]))
        work.connection.execute(holding, {"ids": sorted(wanted[entity_name])})


def _undoable(work: UnitOfWork, operation_id: int) -> tuple[Any, list[Step]]:
    statement = sa.select(tables.operation).where(tables.operation.c.id == operation_id)
    operation = work.connection.execute(held(work, statement, tables.operation, "change")).first()
    if operation is None:
        raise NotFound(entity="operation", id=operation_id)
    steps = steps_of(work, operation_id)
    with work.acting_as(_acting(work, operation)):
        require_reach(work, operation, steps)
    if operation.state == "undone":
        raise Conflict(entity="operation", id=operation_id, state="undone already")
    if not operation.undoable:
        raise Conflict(
            entity="operation", id=operation_id, state="one with effects outside, which cannot be undone"
        )
    return operation, steps


def _acting(work: UnitOfWork, operation: Any) -> Acting | None:
    """Whoever may run the action may take it back, with all it wrote in its own plugin's tables."""
    entity, _, verb = operation.verb.rpartition(".")
    plugin = work.registry.action_owner.get((entity, verb))
    if plugin is None or verb in ASKS:
        return None  # it wrote with nobody's rights but the actor's
    if not work.actor.may(operation.verb):
        raise PermissionDenied(permission=operation.verb)
    return Acting(entity, verb, plugin)


def _distinct(batch: Sequence[Step]) -> list[list[Step]]:
    """Split a run of like steps so that no record occurs twice in a part."""
    parts: list[list[Step]] = []
    seen: set[int] = set()
    for step in batch:
        if not parts or step.record_id in seen:
            parts.append([])
            seen = set()
        seen.add(step.record_id)
        parts[-1].append(step)
    return parts


def _mark(work: UnitOfWork, operation: Any, *, partly: bool) -> None:
    table = tables.operation
    if not partly:
        work.connection.execute(sa.update(table).where(table.c.id == operation.id).values(state="undone"))
    if operation.undo_of is not None and not partly:
        # Undoing an undo is a redo: the first operation is in effect again.
        work.connection.execute(sa.update(table).where(table.c.id == operation.undo_of).values(state="done"))
