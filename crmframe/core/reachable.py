"""The people whom one can write to or call, whatever entity they are records of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.contributions import Reachable
from crmframe.core.entities import filters
from crmframe.core.work import UnitOfWork

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address of the channel that was asked for."""

    entity: str
    record_id: int
    name: str
    address: str


def reachable(work: UnitOfWork, channel: str) -> Iterator[Person]:
    """Yield the people with an address of a channel (``email``, ``mobile``, …) whom the actor may see."""
    for _, items in work.hooks.collect("reachable"):
        for each in items:
            if each.entity in work.registry.entities and channel in each.channels:
                yield from _people(work, each, each.channels[channel])


def _people(work: UnitOfWork, declared: Reachable, field: str) -> Iterator[Person]:
    entity = work.schema.entity(declared.entity)
    node = filters.parse_json(work.schema, entity, declared.where, work.parse_context())
    seen: Any = records.visible(work, declared.entity)
    statement = sa.select(seen.c.id, seen.c[declared.name], seen.c[field]).where(
        seen.c[field].is_not(None), seen.c.id > sa.bindparam("last", type_=seen.c.id.type)
    )
    if "archived_at" in seen.c:
        statement = statement.where(seen.c.archived_at.is_(None))
    if node is not None:
        statement = statement.where(filters.clause(work.schema, entity, seen, node))
    statement, last = statement.order_by(seen.c.id).limit(BATCH), 0
    while rows := work.rows(statement, {"last": last, **filters.binds(node)}):
        yield from (Person(declared.entity, row[0], str(row[1] or ""), row[2]) for row in rows)
        last = rows[-1][0]
