"""What stands in the way of an undo: a later change of the same field, a younger record that refers to it,
a unique value taken since, a target that is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import Reference
from crmframe.core.journal.tables import change, operation
from crmframe.core.records.referring import referrers
from crmframe.core.records.rows import held
from crmframe.core.records.taken import taken_by_others
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

Key = tuple[str, int]

CHANGED = "It was changed later."
DELETED = "It was deleted later."
REFERRED = "A later record refers to it."
PART = "It belongs to a record that is kept."
TARGET_GONE = "A record it refers to is gone."
TAKEN = "Another record has taken its unique value."
UNKNOWN = "Its plugin is switched off."


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one record, to be taken back."""

    entity: str
    record_id: int
    kind: str
    version: int
    before: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """Return what the step is about."""
        return (self.entity, self.record_id)


def steps_of(work: UnitOfWork, operation_id: int) -> list[Step]:
    """Return an operation's changes in the order they were made, runs of ids spelled out."""
    statement = sa.select(change).where(change.c.operation_id == operation_id).order_by(change.c.id)
    steps: list[Step] = []
    for row in work.connection.execute(statement):
        ids = range(row.record_id, row.last_id + 1)
        steps += [Step(row.entity, record_id, row.kind, row.version, row.before or {}) for record_id in ids]
    return steps


def conflicts_of(work: UnitOfWork, operation_id: int, steps: Sequence[Step]) -> dict[Key, str]:
    """Return the records that an undo must leave alone, each with the reason as a msgid."""
    by_record: dict[Key, list[Step]] = defaultdict(list)
    for step in steps:
        by_record[step.key].append(step)
    conflicts: dict[Key, str] = {}
    for entity_name in {entity for entity, _ in by_record}:
        records = {i: own for (name, i), own in by_record.items() if name == entity_name}
        if entity_name not in work.registry.entities:
            conflicts |= {(entity_name, i): UNKNOWN for i in records}
            continue
        conflicts |= _changed_since(work, operation_id, work.schema.entity(entity_name), records)
    _spread(work, by_record, conflicts)
    return conflicts


def _changed_since(
    work: UnitOfWork, operation_id: int, entity: Entity, records: Mapping[int, Sequence[Step]]
) -> dict[Key, str]:
    conflicts: dict[Key, str] = {}
    maintained = {f.name for f in entity.fields.values() if f.maintained}
    for record_id, later in _later_changes(work, operation_id, entity, records).items():
        own = records[record_id]
        reason = _reason(own, _effective(own, later), maintained)
        if reason:
            conflicts[entity.name, record_id] = reason
    return conflicts


def _later_changes(
    work: UnitOfWork, operation_id: int, entity: Entity, records: Mapping[int, Sequence[Step]]
) -> dict[int, list[Any]]:
    statement = (
        sa.select(change, operation.c.state, operation.c.undo_of)
        .join(operation, operation.c.id == change.c.operation_id)
        .where(
            change.c.entity == entity.name, in_set(change.c.record_id, "ids"), operation.c.id != operation_id
        )
        .order_by(change.c.record_id, change.c.version)
    )
    later: dict[int, list[Any]] = defaultdict(list)
    for row in work.connection.execute(statement, {"ids": sorted(records)}):
        if row.version > records[row.record_id][0].version:
            later[row.record_id].append(row)
    return later


def _effective(own: Sequence[Step], later: Sequence[Any]) -> list[Any]:
    """Leave out pairs that cancel: an operation after ours together with its complete undo."""
    after = {row.operation_id for row in later}
    undone = {row.operation_id for row in later if row.state == "undone"}
    return [
        row
        for row in later
        if row.operation_id not in undone and not (row.undo_of in undone and row.undo_of in after)
    ]


def _reason(own: Sequence[Step], later: Sequence[Any], maintained: set[str]) -> str:
    wrote = {name for step in own for name in step.before} - maintained
    whole = own[0].kind in ("create", "restore") or own[-1].kind == "delete"
    for row in later:
        touched = set(row.before or {}) - maintained
        if row.kind == "delete":
            return DELETED
        if row.kind in ("restore", "create") or (whole and touched) or touched & wrote:
            return CHANGED
    return ""


def _spread(work: UnitOfWork, by_record: Mapping[Key, Sequence[Step]], conflicts: dict[Key, str]) -> None:
    """Follow references until nothing more is kept: what is kept needs its targets and its parts."""
    vanishing = {
        key
        for key, own in by_record.items()
        if own[0].kind in ("create", "restore") and own[-1].kind != "delete"
    }
    coming = {
        key
        for key, own in by_record.items()
        if own[0].kind not in ("create", "restore") and own[-1].kind == "delete"
    }
    while True:
        size = len(conflicts)
        gone = {key for key in vanishing if key not in conflicts}
        _keep_referred(work, by_record, gone, conflicts)
        _keep_parts(work, {key for key in gone if key not in conflicts}, conflicts)
        _keep_targetless(work, by_record, coming, gone, conflicts)
        for key in taken_by_others(work, by_record, gone - set(conflicts), set(conflicts)):
            conflicts[key] = TAKEN
        if len(conflicts) == size:
            return


def _keep_referred(
    work: UnitOfWork, by_record: Mapping[Key, Sequence[Step]], gone: set[Key], conflicts: dict[Key, str]
) -> None:
    for entity_name in {entity for entity, _ in gone}:
        entity = work.schema.entity(entity_name)
        ids = [i for name, i in gone if name == entity_name]
        for child, field in work.registry.references_to(entity_name):
            for target, children in _pointing(work, entity, ids, child, field).items():
                keys = [(child.name, i) for i in children]
                if any(key not in gone and not _lets_go(by_record, conflicts, key, field) for key in keys):
                    conflicts.setdefault((entity_name, target), REFERRED)


def _lets_go(
    by_record: Mapping[Key, Sequence[Step]], conflicts: Mapping[Key, str], key: Key, field: Field
) -> bool:
    """Return whether the undo itself gives the reference its older value."""
    return key not in conflicts and any(field.name in step.before for step in by_record.get(key, ()))


def _pointing(
    work: UnitOfWork, entity: Entity, ids: Sequence[int], child: Entity, field: Field
) -> dict[int, list[int]]:
    polymorphic = field.kind.name == "any_reference"
    keys = {(f"{entity.name}:{i}" if polymorphic else i): i for i in ids}
    column = child.table.c[field.name]
    found: dict[int, list[int]] = defaultdict(list)
    for child_id, value in work.connection.execute(
        sa.select(child.table.c.id, column).where(in_set(column, "keys")), {"keys": list(keys)}
    ):
        found[keys[value]].append(child_id)
    return found


def _keep_parts(work: UnitOfWork, gone: set[Key], conflicts: dict[Key, str]) -> None:
    """Lines and stage changes of a kept record stay with it."""
    for entity_name in {entity for entity, _ in gone}:
        part = work.schema.entity(entity_name)
        for name in part.access_through:
            parent = getattr(part.fields[name].kind, "entity", "")
            kept = [i for entity, i in conflicts if entity == parent]
            if not kept:
                continue
            for child_id in referrers(work, work.schema.entity(parent), kept, part, part.fields[name]):
                if (entity_name, child_id) in gone:
                    conflicts[entity_name, child_id] = PART


def _keep_targetless(
    work: UnitOfWork,
    by_record: Mapping[Key, Sequence[Step]],
    coming: set[Key],
    gone: set[Key],
    conflicts: dict[Key, str],
) -> None:
    wanted: dict[Key, list[Key]] = defaultdict(list)
    for key, own in by_record.items():
        if key not in conflicts and key not in gone:
            for target in targets_of(work, key[0], own):
                wanted[target].append(key)
    present = _present(work, wanted)
    for target, holders in wanted.items():
        returns = target in coming and target not in conflicts
        stays = target in present and target not in gone
        if not (returns or stays):
            for key in holders:
                conflicts.setdefault(key, TARGET_GONE)


def targets_of(work: UnitOfWork, entity_name: str, own: Sequence[Step]) -> Iterable[Key]:
    """Yield the records that a record referred to before *own* changed it."""
    fields = work.schema.entity(entity_name).fields
    earliest: dict[str, Any] = {}
    for step in own:
        earliest = {**step.before, **earliest}
    for name, value in earliest.items():
        field = fields.get(name)
        if field is None or value is None or field.system:
            continue
        if isinstance(field.kind, Reference):
            yield field.kind.entity, value
        elif field.kind.name == "any_reference":
            target, _, record_id = value.rpartition(":")
            yield target, int(record_id)


def _present(work: UnitOfWork, keys: Iterable[Key]) -> set[Key]:
    wanted: dict[str, list[int]] = defaultdict(list)
    for entity_name, record_id in keys:
        wanted[entity_name].append(record_id)
    present: set[Key] = set()
    for entity_name, ids in sorted(wanted.items()):
        if entity_name in work.registry.entities:
            table = work.schema.entity(entity_name).table
            statement = sa.select(table.c.id).where(in_set(table.c.id, "ids")).order_by(table.c.id)
            found = work.connection.scalars(held(work, statement, table, "refer"), {"ids": sorted(ids)})
            present |= {(entity_name, i) for i in found}
    return present
