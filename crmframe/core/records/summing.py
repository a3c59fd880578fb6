"""The sums of a list's numbers, for everything that matches and not for one page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.records import rights
from crmframe.core.records.paging import Ordering
from crmframe.core.records.query import Query
from crmframe.core.records.reading import Source
from crmframe.core.work import UnitOfWork

SUMMED = frozenset({"integer", "decimal", "money"})
CAP = 100_000
Sums = dict[str, dict[str, Any]]


def summable(fields: Sequence[Field]) -> list[Field]:
    """Return the fields of which a sum says something; ids and stamps are numbers, but not amounts."""
    return [f for f in fields if f.kind.name in SUMMED and not f.system]


def sums(work: UnitOfWork, entity: Entity, query: Query, fields: Sequence[Field]) -> tuple[Sums, bool]:
    """Return the sum of each field by currency (empty for plain numbers), and whether there is more than was summed.

    Raises:
        InvalidFilter: As ``select``; also for a field that the actor may not read.
    """
    rights.require(work, entity, "read")
    chosen = rights.chosen(work, entity, [field.name for field in fields])
    currencies = [name for f in chosen if (name := getattr(f.kind, "currency", ""))]
    grouped = rights.chosen(work, entity, list(dict.fromkeys(currencies)))
    source = Source(work, entity, [*chosen, *grouped], query)
    limited = source.statement(Ordering((), (), ())).limit(CAP + 1).subquery()
    columns = list(limited.c)
    numbers, keys = columns[: len(chosen)], columns[len(chosen) :]
    totals = [sa.func.sum(column, type_=column.type) for column in numbers]
    statement = sa.select(sa.func.count(), *totals, *keys).group_by(*keys)
    found: Sums = {field.name: {} for field in chosen}
    count = 0
    for row in work.connection.execute(statement, source.values):
        count += row[0]
        held = dict(zip([f.name for f in grouped], row[1 + len(chosen) :], strict=True))
        for field, total in zip(chosen, row[1:], strict=False):
            if total is not None:
                currency = held.get(getattr(field.kind, "currency", ""), "") or ""
                found[field.name][currency] = found[field.name].get(currency, Decimal(0)) + total
    return found, count > CAP
