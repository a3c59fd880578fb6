"""Keeping maintained fields: aggregates of related records that lists sort by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.term import ALL
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.maintained import Maintained
from crmframe.core.records import applying
from crmframe.core.records.rows import locked
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork


def maintain(work: UnitOfWork, source: Entity, touched: Iterable[Mapping[str, Any]]) -> None:
    """Recompute what hangs on the touched rows of *source* (their old and their new values)."""
    rows = None
    for rule in work.registry.maintained:
        if rule.source == source.name and rule.target in work.registry.entities:
            rows = list(touched) if rows is None else rows
            _maintain(work, source, rule, rows)


def lock_targets(work: UnitOfWork, source: Entity, ids: Iterable[int]) -> None:
    """Lock what hangs on rows of *source* before the rows themselves, as a delete does that begins at the target.

    Two transactions that lock a customer and its activities in different orders would wait for each other.
    """
    if work.database.locks_rows:
        _lock(work, hung_on(work, source, ids))


def lock_new_targets(work: UnitOfWork, source: Entity, rows: Sequence[Mapping[str, Any]]) -> None:
    """Lock what new rows of *source* will hang on, before it is looked up as what they refer to.

    A lock to refer that becomes one to change deadlocks with whoever waits in between to remove.
    """
    if work.database.locks_rows and any(rule.source == source.name for rule in work.registry.maintained):
        _lock(work, _targets_of(work, source, rows))


def _lock(work: UnitOfWork, wanted: Mapping[str, set[int]]) -> None:
    for target, ids in sorted(wanted.items()):
        locked(work, work.schema.entity(target), ids, ALL)


def hung_on(work: UnitOfWork, source: Entity, ids: Iterable[int]) -> dict[str, set[int]]:
    """Return the records whose maintained fields depend on rows of *source*."""
    abouts = {rule.about for rule in work.registry.maintained if rule.source == source.name}
    if not abouts:
        return {}
    columns = [source.table.c[name] for name in sorted(abouts)]
    statement = sa.select(*columns).where(in_set(source.table.c.id, "ids"))
    touched = [row._asdict() for row in work.connection.execute(statement, {"ids": sorted(set(ids))})]
    return _targets_of(work, source, touched)


def _targets_of(
    work: UnitOfWork, source: Entity, touched: Sequence[Mapping[str, Any]]
) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for rule in work.registry.maintained:
        if rule.source == source.name and rule.target in work.registry.entities:
            wanted[rule.target] |= _targets(source, rule, touched)
    return wanted


def maintain_targets(work: UnitOfWork, target: Entity, ids: Iterable[int]) -> None:
    """Recompute the maintained fields of records that came back."""
    for rule in work.registry.maintained:
        if rule.target == target.name and rule.source in work.registry.entities:
            _recompute(work, work.schema.entity(rule.source), rule, sorted(ids))


def _maintain(
    work: UnitOfWork, source: Entity, rule: Maintained, touched: Iterable[Mapping[str, Any]]
) -> None:
    ids = _targets(source, rule, touched)
    if ids:
        _recompute(work, source, rule, sorted(ids))


def _targets(source: Entity, rule: Maintained, touched: Iterable[Mapping[str, Any]]) -> set[int]:
    abouts = (row.get(rule.about) for row in touched)
    prefix = f"{rule.target}:"
    if source.fields[rule.about].kind.name == "any_reference":
        return {int(about.rpartition(":")[2]) for about in abouts if about and about.startswith(prefix)}
    return {about for about in abouts if about is not None}


def _recompute(work: UnitOfWork, source: Entity, rule: Maintained, ids: list[int]) -> None:
    target = work.schema.entity(rule.target)
    about, column = source.table.c[rule.about], source.table.c[rule.column]
    polymorphic = source.fields[rule.about].kind.name == "any_reference"
    keys = {(f"{rule.target}:{i}" if polymorphic else i): i for i in ids}
    aggregate = sa.func.max(column) if rule.aggregate == "max" else sa.func.min(column)
    # Locked first: whoever comes second then sees what the first one wrote.
    rows = locked(work, target, [i for i in ids if (target.name, i) not in work.deleting], ALL)
    statement = sa.select(about, aggregate).where(in_set(about, "keys")).group_by(about)
    found = {keys[row[0]]: row[1] for row in work.connection.execute(statement, {"keys": list(keys)})}
    wanted = {record_id: {rule.field: found.get(record_id)} for record_id in rows}
    applying.change(work, target, rows, wanted)
