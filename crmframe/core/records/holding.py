"""Whether a filter holds for rows that need not be stored: asked of the database, which alone knows all its operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.sort_key import sort_key
from crmframe.core.storage.dialect import rows_from_json
from crmframe.core.work import UnitOfWork


def holding(
    work: UnitOfWork, entity_name: str, condition: Any, rows: Sequence[Mapping[str, Any]]
) -> set[int]:
    """Return the positions of the rows for which a condition holds: one statement, however many rows.

    Args:
        condition: JSON of the filter language over the entity's own fields; None holds for every row.
        rows: Complete records by field name, as they are or as they will be.

    Raises:
        InvalidFilter: An unknown field, operator or value.
    """
    entity = work.schema.entity(entity_name)
    own = {f.name for f in work.schema.fields(entity).values() if f.source in ("column", "custom")}
    node = filters.parse_json(work.schema, entity, condition, work.parse_context(), readable=own)
    if node is None:
        return set(range(len(rows)))
    columns = {column.name: column.type for column in entity.table.c}
    frm = rows_from_json("rows", columns)
    statement = sa.select(frm.c.id).where(filters.clause(work.schema, entity, frm, node))
    given = [_row(work, entity, row, position) for position, row in enumerate(rows)]
    values = {"rows": [[row.get(name) for name in columns] for row in given], **filters.binds(node)}
    return set(work.connection.scalars(statement, values))


def _row(work: UnitOfWork, entity: Entity, row: Mapping[str, Any], position: int) -> dict[str, Any]:
    """Return a record as its table would hold it, under its position instead of its id."""
    stored = {**row, "id": position}
    custom = dict(row.get("custom") or {})
    for field in work.schema.fields(entity).values():
        if field.source == "custom" and field.name in row:
            custom[field.custom_key] = field.kind.to_json(row[field.name])
        elif field.key_column and row.get(field.name) is not None:
            stored[field.key_column] = sort_key(row[field.name])
    return {**stored, "custom": custom} if entity.is_customizable else stored
