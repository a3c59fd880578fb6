"""Checks of the database as such: its files, and rows that point to rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.errors import Problem
from crmframe.core.journal.tables import reference
from crmframe.core.operation.checks import DataCheck, Limits, fault
from crmframe.core.storage.soundness import damage

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


def database_is_intact(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Let the database read all of itself."""
    for text in damage(work.connection)[: limits.shown]:
        yield fault("database_damaged", "The database is damaged: {damage}. Restore a backup.", damage=text)


def foreign_keys_hold(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Follow every foreign key of every table, those of absent plugins too: a constraint can be switched off."""
    inspector = sa.inspect(work.connection)
    for name in inspector.get_table_names():
        for key in inspector.get_foreign_keys(name):
            source = sa.table(name, *(sa.column(each) for each in key["constrained_columns"]))
            target = sa.table(key["referred_table"], *(sa.column(each) for each in key["referred_columns"]))
            pairs = list(zip(source.c, target.alias("target").c, strict=True))
            lost = _unmatched(work, source, pairs)
            if lost:
                words = {
                    "table": name,
                    "column": ", ".join(key["constrained_columns"]),
                    "target": key["referred_table"],
                }
                template = "{count} rows of {table} name rows of {target} that do not exist ({column})."
                yield fault("foreign_key", template, count=lost, **words)
    _ = limits


def _unmatched(work: UnitOfWork, source: Any, pairs: list[tuple[Any, Any]]) -> int:
    there = sa.exists(sa.literal(1)).where(*(column == other for column, other in pairs))
    filled = [column.is_not(None) for column, _ in pairs]
    statement = sa.select(sa.func.count()).select_from(source).where(*filled, ~there)
    return int(work.connection.scalar(statement) or 0)


def references_hold(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Follow the references of the stored catalog: also those without a constraint, and those to any entity."""
    for row in work.connection.execute(sa.select(reference).order_by(reference.c.table_name)).all():
        table = sa.table(row.table_name, sa.column("id"), sa.column(row.column_name))
        if not _is_there(work, row.table_name):
            continue
        targets = (
            work.registry.entities.values() if row.target == "*" else [work.registry.entities.get(row.target)]
        )
        for target in targets:
            if target is not None:
                yield from _dangling(work, table, row, target, limits)


def _is_there(work: UnitOfWork, table: str) -> bool:
    return table in work.registry.by_table or sa.inspect(work.connection).has_table(table)


def _dangling(work: UnitOfWork, table: Any, row: Any, target: Entity, limits: Limits) -> Iterator[Problem]:
    column = table.c[row.column_name]
    key, condition = column, column.is_not(None)
    if row.target == "*":
        prefix = f"{target.name}:"
        condition = sa.func.substr(column, 1, len(prefix)) == prefix
        key = sa.cast(sa.func.substr(column, len(prefix) + 1), sa.BigInteger)
    other = target.table.alias("target")
    there = sa.exists(sa.literal(1)).where(other.c.id == key)
    found = sa.select(table.c.id, key).where(condition, ~there).order_by(table.c.id).limit(limits.shown)
    for record_id, missing in work.connection.execute(found):
        template = "{entity} {id}: {field} names {target} {missing}, which does not exist."
        words = {"field": row.column_name, "target": target.name, "missing": missing}
        yield fault("dangling_reference", template, entity=row.entity, id=record_id, **words)


CHECKS = (
    DataCheck("database_damaged", "The database reads without damage.", database_is_intact),
    DataCheck("foreign_key", "Every foreign key leads to a row.", foreign_keys_hold),
    DataCheck("dangling_reference", "Every reference leads to a record.", references_hold),
)
