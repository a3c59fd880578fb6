"""What happened to a record: who changed which field from what to what, when, why, and under which operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.custom import held_value
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.journal.tables import change, commit, operation
from crmframe.core.records import rights
from crmframe.core.records.reading import get
from crmframe.core.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's step; values are Python values, ``now`` is None for what was taken away."""

    field: Field
    was: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a record; ``changes`` holds only fields that the reader may read."""

    operation_id: int
    version: int
    at: datetime
    kind: str
    verb: str
    door: str
    actor_id: int | None
    actor_name: str
    reason: str
    cause: str
    state: str
    changes: Sequence[FieldChange]


def history(work: UnitOfWork, entity_name: str, record_id: int) -> list[Entry]:
    """Return the changes of a record that the actor may see, newest first.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    entity = work.schema.entity(entity_name)
    now = get(work, entity_name, record_id)
    entries = []
    for row in changes_of(work, entity, record_id):
        prefix = f"{work.schema.entity(row.entity).plugin}." if row.entity != entity_name else ""
        fields = _journaled_fields(work, entity, prefix)
        steps = _steps(fields, row.before or {}, now)
        if steps or not prefix:
            entries.append(_entry(row, steps))
    return entries


def changes_of(work: UnitOfWork, entity: Entity, record_id: int) -> list[Any]:
    """Return the journal rows of a record and its sidecars with their operations, newest first."""
    names = [entity.name, *(s.name for s in work.registry.sidecars.get(entity.name, {}).values())]
    single = sa.and_(change.c.record_id == record_id, change.c.last_id == record_id)
    run = sa.and_(change.c.last_id >= record_id, change.c.record_id <= record_id, change.c.kind == "create")
    columns = [change.c[name] for name in ("operation_id", "entity", "kind", "version", "before")]
    about = [operation.c[n] for n in ("verb", "door", "actor_id", "actor_name", "reason", "cause", "state")]
    statement = (
        sa.select(*columns, *about, commit.c.at)
        .join(commit, commit.c.id == change.c.commit_id)
        .join(operation, operation.c.id == change.c.operation_id)
        .where(change.c.entity.in_(names), sa.or_(single, run))
        .order_by(change.c.version.desc(), change.c.id.desc())
    )
    return list(work.connection.execute(statement).all())


def _journaled_fields(work: UnitOfWork, entity: Entity, prefix: str) -> dict[str, Field]:
    """Return the readable fields by the names under which the journal knows them."""
    found: dict[str, Field] = {}
    for field in rights.readable(work, entity):
        if field.source == "custom":
            found[f"custom.{field.custom_key}"] = field
        elif bool(prefix) == (field.source == "sidecar"):
            own = field.name.removeprefix(prefix)
            found |= dict.fromkeys((own, *field.formerly), field)
    return found


def _steps(fields: Mapping[str, Field], before: Mapping[str, Any], now: dict[str, Any]) -> list[FieldChange]:
    """Walk one version back: ``now`` holds the values after this change and is left with those before it."""
    steps = []
    for name, raw in before.items():
        field = fields.get(name)
        if field is not None and not field.hidden:
            was = held_value(field, raw)
            steps.append(FieldChange(field, was, now.get(field.name)))
            now[field.name] = was
    return steps


def _entry(row: Any, steps: Sequence[FieldChange]) -> Entry:
    return Entry(
        operation_id=row.operation_id,
        version=row.version,
        at=row.at,
        kind=row.kind,
        verb=row.verb,
        door=row.door,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        reason=row.reason,
        cause=row.cause,
        state=row.state,
        changes=steps,
    )
