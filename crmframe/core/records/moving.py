"""Hanging what is about one record on another: a lead's history on the customer that it became."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.term import ALL
from crmframe.core.entities.entity import Entity
from crmframe.core.records import checks
from crmframe.core.records.rows import flat, locked
from crmframe.core.records.writing import write_many
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import Acting, UnitOfWork


def move_about(work: UnitOfWork, targets: Mapping[str, str], entities: Sequence[str]) -> None:
    """Let the records that are about one record be about another; only a running action may.

    As when a record is deleted with all that hangs on it, the right to the action stands for the rights to its parts.
    What the target has already (the same tag) stays where it is.

    Args:
        targets: ``sales.lead:7`` to ``core.customer:9``.
        entities: Whose field ``about`` is changed; those of plugins that are off are left out.
    """
    if work.acting is None:
        raise TypeError("records.move_about is for actions: what it changes needs no right of its own.")
    for name in entities:
        if name in work.registry.entities:
            _move(work, work.schema.entity(name), targets)


def _move(work: UnitOfWork, entity: Entity, targets: Mapping[str, str]) -> None:
    table = entity.table
    statement = sa.select(table.c.id, table.c.about).where(in_set(table.c.about, "sources"))
    found = work.connection.execute(statement.order_by(table.c.id), {"sources": sorted(targets)}).all()
    changes = {row.id: {"about": targets[row.about]} for row in found}
    for record_id in _clashing(work, entity, changes) if changes else ():
        del changes[record_id]
    if changes:
        with work.acting_as(Acting(entity.name, "update", entity.plugin)):
            write_many(work, entity, changes, verb="update", versions={})


def _clashing(work: UnitOfWork, entity: Entity, changes: Mapping[int, Mapping[str, Any]]) -> list[int]:
    if not checks.unique_columns(entity):
        return []
    ids = sorted(changes)
    rows = locked(work, entity, ids, ALL)
    complete = [{**flat(work, entity, rows[i]), **changes[i]} for i in ids]
    return [ids[p.row] for p in checks.unique_problems(work, entity, complete, ids)]
