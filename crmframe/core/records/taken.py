"""Unique values that an undo would bring back although another record has them by now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from crmframe.core.access.term import ALL
from crmframe.core.entities.entity import Entity
from crmframe.core.records.checks import unique_columns, unique_holders
from crmframe.core.records.rows import from_image, locked
from crmframe.core.work import UnitOfWork

Key = tuple[str, int]


def taken_by_others(
    work: UnitOfWork, by_record: Mapping[Key, Sequence[Any]], gone: set[Key], kept: set[Key]
) -> set[Key]:
    """Return the records whose old unique values belong to a record that stays as it is.

    Args:
        gone: Records that the undo removes; ``kept`` those it leaves alone.
    """
    found: set[Key] = set()
    by_entity: dict[str, list[int]] = defaultdict(list)
    away = gone | kept
    for entity_name, record_id in by_record:
        if entity_name in work.registry.entities and (entity_name, record_id) not in away:
            by_entity[entity_name].append(record_id)
    for entity_name, ids in by_entity.items():
        entity = work.schema.entity(entity_name)
        if unique_columns(entity):
            moving = set(ids) | {i for name, i in gone if name == entity_name}
            found |= {(entity_name, i) for i in _clashing(work, entity, ids, by_record, moving)}
    return found


def _clashing(
    work: UnitOfWork,
    entity: Entity,
    ids: Sequence[int],
    by_record: Mapping[Key, Sequence[Any]],
    moving: set[int],
) -> set[int]:
    current = locked(work, entity, ids, ALL)
    clashing: set[int] = set()
    for columns in unique_columns(entity):
        old: dict[tuple[Any, ...], int] = {}
        for record_id in ids:
            row = _past(entity, by_record[entity.name, record_id], current.get(record_id))
            key = tuple(row.get(column) for column in columns)
            if None not in key:
                old[key] = record_id
        for key, holders in unique_holders(work, entity, columns, list(old)).items():
            if key in old and holders - moving:
                clashing.add(old[key])
    return clashing


def _past(entity: Entity, steps: Sequence[Any], current: Any) -> dict[str, Any]:
    row = dict(current.columns) if current is not None else {}
    for step in reversed(steps):
        if step.before:
            row |= from_image(entity, step.before, step.record_id, step.version)
    return row
