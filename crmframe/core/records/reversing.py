"""Taking back one kind of change of one entity, for a batch of records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.fields import writable_fields
from crmframe.core.access.term import Term
from crmframe.core.contributions import Change
from crmframe.core.entities.custom import held_value
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import PermissionDenied
from crmframe.core.journal.tables import change
from crmframe.core.records import applying, checks, rights
from crmframe.core.records.conflicts import Step
from crmframe.core.records.maintaining import maintain, maintain_targets
from crmframe.core.records.parked import delete_parked
from crmframe.core.records.reach import is_only_kept_up, term_of, verb_back
from crmframe.core.records.rows import Row, add_sidecars, flat, from_image, locked
from crmframe.core.records.writing import following, require_still_within
from crmframe.core.storage.dialect import Lock, in_set
from crmframe.core.work import UnitOfWork

OPPOSITE = {"archive": "unarchive", "unarchive": "archive", "update": "update"}


def take_back(work: UnitOfWork, operation: Any, steps: Sequence[Step]) -> None:
    """Reverse steps of one entity and kind of an operation, each of another record, in the given order.

    Raises:
        PermissionDenied: The actor may not change one of the records.
        Vetoed: A guard refused.
    """
    entity = work.schema.entity(steps[0].entity)
    base = work.registry.extended.get(entity.name)
    steps = [step for step in steps if not is_only_kept_up(work, step)]  # recomputed anyway
    if not steps:
        return
    if base is not None:
        _take_back_sidecar(work, work.schema.entity(base), entity, steps)
    elif steps[0].kind in ("create", "restore"):
        _remove(work, entity, steps, verb_back(work, operation, entity.name, steps[0].kind))
    elif steps[0].kind == "delete":
        put_back(work, entity, steps, verb_back(work, operation, entity.name, steps[0].kind))
    else:
        _change_back(work, entity, steps)


def lock_to_take_back(entity: Entity, steps: Iterable[Step]) -> Lock:
    """Return the lock that the reversal of an entity's steps needs, on the records that are there."""
    names: set[str] = set()
    for step in steps:
        if step.kind in ("create", "restore"):
            return "remove"
        if step.kind in OPPOSITE:  # a deleted record is not there to be locked
            names |= step.before.keys()
    return checks.lock_to_write(entity, names)


def _locked(
    work: UnitOfWork, entity: Entity, steps: Sequence[Step], verb: str, *, to: Lock = "remove"
) -> tuple[dict[int, Row], Term]:
    term = term_of(work, entity, verb)
    rows = locked(work, entity, [step.record_id for step in steps], term, to=to)
    if len(rows) != len(steps):
        raise PermissionDenied(permission=f"{entity.name}.{verb}")
    return rows, term


def _remove(work: UnitOfWork, entity: Entity, steps: Sequence[Step], verb: str) -> None:
    rows, term = _locked(work, entity, steps, verb)
    before = {record_id: flat(work, entity, row) for record_id, row in rows.items()}
    work.hooks.guard("before_delete", Change(work, entity, "delete", tuple(rows), before, ()))
    work.deleting |= {(entity.name, record_id) for record_id in rows}
    delete_parked(work, entity, sorted(rows))
    applying.remove(work, entity, rows, term=term)
    maintain(work, entity, [row.columns for row in rows.values()])


def put_back(work: UnitOfWork, entity: Entity, steps: Sequence[Step], verb: str = "delete") -> None:
    """Insert deleted records again under their ids, as their images show them, one version higher."""
    term_of(work, entity, verb)
    last = _last_versions(work, entity, [step.record_id for step in steps])
    rows = [from_image(entity, step.before, step.record_id, last[step.record_id] + 1) for step in steps]
    applying.insert_exact(work, entity, rows)
    for row in rows:
        work.journal.changed(entity.name, "restore", row["id"], row["version"], {})
    work.deleting -= {step.key for step in steps}
    maintain(work, entity, rows)
    maintain_targets(work, entity, [step.record_id for step in steps])


def _last_versions(work: UnitOfWork, entity: Entity, ids: Sequence[int]) -> dict[int, int]:
    """Return the highest version each record ever had: it may have come and gone since the step."""
    statement = (
        sa.select(change.c.record_id, sa.func.max(change.c.version))
        .where(change.c.entity == entity.name, in_set(change.c.record_id, "ids"))
        .group_by(change.c.record_id)
    )
    last = {row[0]: row[1] for row in work.connection.execute(statement, {"ids": sorted(ids)})}
    for entry in work.journal.changes:
        if entry.entity == entity.name and entry.record_id in last:
            last[entry.record_id] = max(last[entry.record_id], entry.version)
    return last


def _change_back(work: UnitOfWork, entity: Entity, steps: Sequence[Step]) -> None:
    rows, term = _locked(work, entity, steps, "update", to=lock_to_take_back(entity, steps))
    wanted = {step.record_id: _values(work, entity, step.before) for step in steps}
    _require_fields(work, entity, {name for values in wanted.values() for name in values})
    for record_id, more in following(work, entity, wanted, rows).items():
        wanted[record_id] |= more
    before = {record_id: flat(work, entity, rows[record_id]) for record_id in wanted}
    work.hooks.guard(
        "before_update", Change(work, entity, "update", tuple(wanted), before, list(wanted.values()))
    )
    old = [dict(row.columns) for row in rows.values()]
    changed = applying.change(work, entity, rows, wanted, kind=OPPOSITE[steps[0].kind], term=term)
    require_still_within(work, entity, changed, wanted, "update", term)
    maintain(work, entity, [*old, *(row.columns for row in rows.values())])


def _require_fields(work: UnitOfWork, entity: Entity, names: Iterable[str]) -> None:
    """Refuse to give back values to fields that the actor may not write."""
    if rights.is_own(work, entity) or work.actor.unlimited:
        return
    fields, allowed = work.schema.fields(entity), writable_fields(work, entity)
    if any(fields[name].writable and name not in allowed for name in names):
        raise PermissionDenied(permission=f"{entity.name}.update")


def _values(work: UnitOfWork, entity: Entity, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return journaled values by today's field names; maintained fields are recomputed instead."""
    fields = work.schema.fields(entity).values()
    by_name = {old: f for f in fields for old in f.formerly}
    by_name |= {f"custom.{f.custom_key}": f for f in fields if f.source == "custom"}
    by_name |= {f.name: f for f in fields if f.source == "column"}
    known = {by_name[name]: value for name, value in before.items() if name in by_name}
    return {field.name: held_value(field, value) for field, value in known.items() if not field.maintained}


def _take_back_sidecar(work: UnitOfWork, base: Entity, sidecar: Entity, steps: Sequence[Step]) -> None:
    rows, term = _locked(work, base, steps, "update", to="change")
    add_sidecars(work, base, rows, [sidecar.plugin])
    kind = steps[0].kind
    if kind in ("create", "restore"):
        applying.drop_sidecars(work, base, sidecar, rows)
    elif kind == "delete":
        images = {step.record_id: from_image(sidecar, step.before, step.record_id, 0) for step in steps}
        applying.return_sidecars(work, base, sidecar, rows, images)
    else:
        prefix = sidecar.plugin
        wanted = {
            step.record_id: {
                f"{prefix}.{name}": value for name, value in _values(work, sidecar, step.before).items()
            }
            for step in steps
        }
        _require_fields(work, base, {name for values in wanted.values() for name in values})
        applying.change(work, base, rows, wanted, term=term)
