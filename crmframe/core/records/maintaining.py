"""Keeping maintained fields: aggregates of related records that lists sort by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

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
    rules = [rule for rule in work.registry.maintained if rule.source == source.name]
    if not rules:
        return
    rows = list(touched)
    wanted = _targets_of(work, source, rows)
    for target in sorted(wanted):
        fields = {rule.field for rule in rules if rule.target == target}
        if wanted[target]:
            _recompute(work, work.schema.entity(target), fields, sorted(wanted[target]))


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
    fields = {rule.field for rule in work.registry.maintained if rule.target == target.name}
    if fields:
        _recompute(work, target, fields, sorted(ids))


def _targets(source: Entity, rule: Maintained, touched: Iterable[Mapping[str, Any]]) -> set[int]:
    abouts = (row.get(rule.about) for row in touched)
    prefix = f"{rule.target}:"
    if source.fields[rule.about].kind.name == "any_reference":
        return {int(about.rpartition(":")[2]) for about in abouts if about and about.startswith(prefix)}
    return {about for about in abouts if about is not None}


def _recompute(work: UnitOfWork, target: Entity, fields: set[str], ids: list[int]) -> None:
    # Locked first: whoever comes second then sees what the first one wrote.
    rows = locked(work, target, [i for i in ids if (target.name, i) not in work.deleting], ALL)
    if not rows:
        return
    names = sorted(fields)
    found = work.connection.execute(_select(work, target, names), {"ids": sorted(rows)})
    wanted = {}
    for record_id, *values in found:
        given = iter(values)
        wanted[record_id] = {name: joint(rules, given) for name, rules in _rules(work, target, names)}
    applying.change(work, target, rows, wanted)


def _select(work: UnitOfWork, target: Entity, names: Sequence[str]) -> sa.Select[Any]:
    key = ("maintained", target.name, tuple(names))
    statement: sa.Select[Any] | None = work.schema.statements.get(key)
    if statement is None:
        values = [
            followed(work.schema.entity(rule.source), target, rule)
            for _, rules in _rules(work, target, names)
            for rule in rules
        ]
        identity = target.table.c.id
        statement = sa.select(identity, *values).where(in_set(identity, "ids"))
        work.schema.statements[key] = statement
    return statement


def _rules(work: UnitOfWork, target: Entity, names: Sequence[str]) -> list[tuple[str, list[Maintained]]]:
    known = [
        r for r in work.registry.maintained if r.target == target.name and r.source in work.registry.entities
    ]
    return [(name, [rule for rule in known if rule.field == name]) for name in names]


def joint(rules: Sequence[Maintained], values: Iterator[Any]) -> Any:
    """Return what the rules of one field come to, taking the value of each from *values*."""
    held = [value for _ in rules if (value := next(values)) is not None]
    if not held:
        return None
    return max(held) if rules[0].aggregate == "max" else min(held)


def followed(source: Entity, target: Entity, rule: Maintained) -> sa.ScalarSelect[Any]:
    """Return what one rule says of a row of *target*, as a part of a select from its table: one seek in an index."""
    table, key = source.table, cast("sa.ColumnElement[Any]", target.table.c.id)
    if source.fields[rule.about].kind.name == "any_reference":
        key = sa.literal_column(f"'{rule.target}:'") + sa.cast(key, sa.String)
    column = table.c[rule.column]
    statement = sa.select(column).where(table.c[rule.about] == key)
    for name, value in rule.where:
        asked = table.c[name]
        # A literal of ours, so that it is seen to be what a partial index is for.
        statement = statement.where(
            asked.is_(None) if value is None else asked == sa.literal_column(f"'{value}'")
        )
    if rule.aggregate == "last":
        statement = statement.order_by(table.c[rule.by].desc(), table.c.id.desc())
    else:
        descending = rule.aggregate == "max"
        statement = statement.where(column.is_not(None)).order_by(column.desc() if descending else column)
    return statement.limit(sa.literal_column("1")).correlate(target.table).scalar_subquery()
