"""Putting a deleted record back, with everything that was deleted along with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.errors import Conflict
from crmframe.core.journal.tables import change
from crmframe.core.records import checks, reversing, rights
from crmframe.core.records.conflicts import Key, Step, conflicts_of, steps_of, targets_of
from crmframe.core.records.reach import images_within
from crmframe.core.records.reading import get
from crmframe.core.records.rows import from_image, locked
from crmframe.core.work import UnitOfWork


def restore(work: UnitOfWork, entity_name: str, record_id: int) -> dict[str, Any]:
    """Put back a deleted record and the parts that went with it; returns it.

    Raises:
        NotFound: It was never there, or the actor may not delete it, hence not restore it.
        Conflict: It is there; or a unique value or a record it refers to is gone meanwhile.
        PermissionDenied: The actor may not delete such records at all, or could not read this one afterwards.
    """
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "delete")
    last = work.connection.execute(
        sa.select(change.c.kind, change.c.operation_id)
        .where(change.c.entity == entity_name, change.c.record_id == record_id)
        .order_by(change.c.version.desc())
        .limit(1)
    ).first()
    _require_reach(work, entity, record_id, last)
    if last is None or last.kind != "delete":
        raise Conflict(entity=entity.label, id=record_id, state="not deleted")
    steps = steps_of(work, last.operation_id)
    chosen = _with_parts(work, steps, (entity_name, record_id))
    blocked = conflicts_of(work, last.operation_id, chosen)
    if (entity_name, record_id) in blocked:
        raise Conflict(entity=entity.label, id=record_id, state="blocked: " + blocked[entity_name, record_id])
    work.journal.name_verb(f"{entity_name}.restore")
    for step in reversed(chosen):
        if step.key not in blocked:
            reversing.take_back(work, None, [step])
    checks.require_within(work, entity, [record_id], "read")
    return get(work, entity_name, record_id)


def _require_reach(work: UnitOfWork, entity: Entity, record_id: int, last: Any) -> None:
    """Say of a record that the actor may not restore what is said of one that never was."""
    term = rights.granted(work, entity, "delete")
    if last is not None and last.kind == "delete":
        found = [s for s in steps_of(work, last.operation_id) if s.key == (entity.name, record_id)]
        image = from_image(entity, found[-1].before, record_id, found[-1].version)
        is_within = bool(images_within(work, entity, [image], term))
    else:
        is_within = bool(locked(work, entity, [record_id], term))
    if not is_within:
        raise rights.not_found(entity, record_id)


def _with_parts(work: UnitOfWork, steps: Sequence[Step], wanted: Key) -> list[Step]:
    """Return the deletions of *wanted*, its sidecars and what referred to it, in their order."""
    deletions = [step for step in steps if step.kind == "delete" and step.entity in work.registry.entities]
    keys = {wanted}
    while True:
        more = {step.key for step in deletions if keys & _owners(work, step)} - keys
        if not more:
            return [step for step in deletions if step.key in keys]
        keys |= more


def _owners(work: UnitOfWork, step: Step) -> set[Key]:
    base = work.registry.extended.get(step.entity)
    if base is not None:
        return {(base, step.record_id)}
    return set(targets_of(work, step.entity, [step]))
