"""Keeping maintained fields: aggregates of related records that lists sort by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def maintain_targets(work: UnitOfWork, target: Entity, ids: Iterable[int]) -> None:
    """Recompute the maintained fields of records that came back."""
    for rule in work.registry.maintained:
        if rule.target == target.name and rule.source in work.registry.entities:
            _recompute(work, work.schema.entity(rule.source), rule, sorted(ids))


def _maintain(
    work: UnitOfWork, source: Entity, rule: Maintained, touched: Iterable[Mapping[str, Any]]
) -> None:
    abouts = (row.get(rule.about) for row in touched)
    prefix = f"{rule.target}:"
    if source.fields[rule.about].kind.name == "any_reference":
        ids = {int(about.rpartition(":")[2]) for about in abouts if about and about.startswith(prefix)}
    else:
        ids = {about for about in abouts if about is not None}
    if ids:
        _recompute(work, source, rule, sorted(ids))


def _recompute(work: UnitOfWork, source: Entity, rule: Maintained, ids: list[int]) -> None:
    target = work.schema.entity(rule.target)
    about, column = source.table.c[rule.about], source.table.c[rule.column]
    polymorphic = source.fields[rule.about].kind.name == "any_reference"
    keys = {(f"{rule.target}:{i}" if polymorphic else i): i for i in ids}
    aggregate = sa.func.max(column) if rule.aggregate == "max" else sa.func.min(column)
    statement = sa.select(about, aggregate).where(in_set(about, "keys")).group_by(about)
    found = {keys[row[0]]: row[1] for row in work.connection.execute(statement, {"keys": list(keys)})}
    rows = locked(work, target, [i for i in ids if (target.name, i) not in work.deleting], ALL)
    wanted = {record_id: {rule.field: found.get(record_id)} for record_id in rows}
    applying.change(work, target, rows, wanted)
