"""Whether what a deleted record was lies within the actor's rights, and whether an operation does as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.term import Term
from crmframe.core.entities.entity import Entity
from crmframe.core.storage.dialect import rows_from_json
from crmframe.core.work import UnitOfWork


def images_within(
    work: UnitOfWork, entity: Entity, images: Sequence[Mapping[str, Any]], term: Term
) -> set[int]:
    """Return the ids of those deleted rows that would satisfy *term* if they were there.

    Args:
        images: Rows as ``from_image`` returns them.
    """
    columns = {column.name: column.type for column in entity.table.c}
    frm = rows_from_json("images", columns)
    statement = sa.select(frm.c.id).where(term.build(frm))
    given = [[image.get(name) for name in columns] for image in images]
    return set(work.connection.scalars(statement, {"images": given, **term.values})) if images else set()
