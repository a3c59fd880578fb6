"""Who refers to a record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork


def referrers(work: UnitOfWork, entity: Entity, ids: Iterable[int], child: Entity, field: Field) -> list[int]:
    """Return the ids of *child* records whose *field* points to one of the records *ids* of *entity*."""
    column = child.table.c[field.name]
    polymorphic = field.kind.name == "any_reference"
    keys: list[Any] = [f"{entity.name}:{i}" if polymorphic else i for i in sorted(ids)]
    statement = sa.select(child.table.c.id).where(in_set(column, "keys")).order_by(child.table.c.id)
    return list(work.connection.scalars(statement, {"keys": keys}))
