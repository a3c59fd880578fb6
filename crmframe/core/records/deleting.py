"""Deleting, archiving and their ways back. Children go first, each through the journal; the database's own
ON DELETE is only a net.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crmframe.core.access.term import ALL, Term
from crmframe.core.contributions import Change
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import AnyReference, Reference
from crmframe.core.errors import Conflict, InUse, Stale
from crmframe.core.records import applying, rights
from crmframe.core.records.maintaining import lock_targets, maintain
from crmframe.core.records.parked import delete_parked
from crmframe.core.records.referring import referrers
from crmframe.core.records.rows import Row, flat, locked
from crmframe.core.work import UnitOfWork


def delete(work: UnitOfWork, entity_name: str, record_id: int, *, version: int | None = None) -> None:
    """Delete one record and what is part of it.

    Raises:
        NotFound: There is none, or the actor may not delete it.
        InUse: Other records refer to it and would be left without it.
        Stale, Vetoed: As ``update``.
    """
    delete_many(work, entity_name, [record_id], versions={} if version is None else {record_id: version})


def delete_many(
    work: UnitOfWork, entity_name: str, ids: Sequence[int], *, versions: Mapping[int, int] | None = None
) -> None:
    """Delete records in one batch. Raises as ``delete``."""
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "delete")
    work.journal.name_verb(f"{entity.name}.delete")
    term = rights.granted(work, entity, "delete")
    lock_targets(work, entity, ids)
    rows = locked(work, entity, ids, term, to="remove")
    _require_current(entity, ids, rows, versions or {})
    delete_rows(work, entity, rows, term)


def delete_rows(work: UnitOfWork, entity: Entity, rows: Mapping[int, Row], term: Term = ALL) -> None:
    """Delete locked rows after their children; guards are asked at every level."""
    if not rows:
        return
    before = {record_id: flat(work, entity, row) for record_id, row in rows.items()}
    work.hooks.guard("before_delete", Change(work, entity, "delete", tuple(rows), before, ()))
    work.deleting |= {(entity.name, record_id) for record_id in rows}
    for child, field in work.registry.references_to(entity.name):
        _settle_children(work, entity, rows, child, field)
    delete_parked(work, entity, sorted(rows))
    applying.remove(work, entity, rows, term=term)
    maintain(work, entity, [row.columns for row in rows.values()])


def _settle_children(
    work: UnitOfWork, entity: Entity, rows: Mapping[int, Row], child: Entity, field: Field
) -> None:
    ids = [i for i in referrers(work, entity, rows, child, field) if (child.name, i) not in work.deleting]
    if not ids:
        return
    rule = field.kind.on_delete if isinstance(field.kind, AnyReference | Reference) else "restrict"
    if rule == "cascade":
        delete_rows(work, child, _still_referring(work, entity, rows, child, field, ids))
    elif rule == "clear" and not field.required:
        children = _still_referring(work, entity, rows, child, field, ids)
        applying.change(work, child, children, {i: {field.name: None} for i in children})
    else:
        first = next(iter(rows))
        raise InUse(entity=entity.label, id=first, count=len(ids), by=child.plural)


def _still_referring(
    work: UnitOfWork, entity: Entity, rows: Mapping[int, Row], child: Entity, field: Field, ids: Sequence[int]
) -> dict[int, Row]:
    """Lock children and leave out those that somebody gave to another record before the lock was ours."""
    polymorphic = field.kind.name == "any_reference"
    keys = {f"{entity.name}:{i}" if polymorphic else i for i in rows}
    found = locked(work, child, ids, ALL, to="remove")
    return {i: row for i, row in found.items() if row.columns[field.name] in keys}


def archive(work: UnitOfWork, entity_name: str, record_id: int, *, version: int | None = None) -> None:
    """Put a record away: lists leave it out, everything else stays. Raises as ``update``."""
    _set_archived(work, entity_name, record_id, version, away=True)


def unarchive(work: UnitOfWork, entity_name: str, record_id: int, *, version: int | None = None) -> None:
    """Take a record out of the archive. Raises as ``update``."""
    _set_archived(work, entity_name, record_id, version, away=False)


def _set_archived(
    work: UnitOfWork, entity_name: str, record_id: int, version: int | None, *, away: bool
) -> None:
    versions = {} if version is None else {record_id: version}
    set_archived(work, entity_name, [record_id], away=away, versions=versions)


def set_archived(
    work: UnitOfWork,
    entity_name: str,
    ids: Sequence[int],
    *,
    away: bool,
    versions: Mapping[int, int] | None = None,
) -> list[int]:
    """Put records away, or take them out of the archive; returns the ids that really changed. Raises as ``update``."""
    entity = work.schema.entity(entity_name)
    verb = "archive" if away else "unarchive"
    rights.require(work, entity, "update")
    if not entity.is_archivable:
        raise Conflict(entity=entity.label, id=ids[0], state="of a kind that cannot be archived")
    work.journal.name_verb(f"{entity.name}.{verb}")
    term = rights.granted(work, entity, "update")
    rows = locked(work, entity, ids, term)
    _require_current(entity, ids, rows, versions or {})
    before = {record_id: flat(work, entity, rows[record_id]) for record_id in ids}
    after = {"archived_at": work.now if away else None}
    work.hooks.guard(
        "before_update", Change(work, entity, verb, tuple(ids), before, tuple(after for _ in ids))
    )
    moving = [i for i in ids if away is not (rows[i].columns["archived_at"] is not None)]
    if moving:
        moved = {i: rows[i] for i in moving}
        applying.change(work, entity, moved, dict.fromkeys(moving, after), kind=verb, term=term)
    return moving


def _require_current(
    entity: Entity, ids: Sequence[int], rows: Mapping[int, Row], versions: Mapping[int, int]
) -> None:
    for record_id in ids:
        if record_id not in rows:
            raise rights.not_found(entity, record_id)
        given, current = versions.get(record_id), rows[record_id].columns["version"]
        if given is not None and given != current:
            raise Stale(entity=entity.label, id=record_id, given=given, current=current)
