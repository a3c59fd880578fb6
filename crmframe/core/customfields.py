"""Reading the fields that admins defined."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crmframe.core.customers.links import CustomField
from crmframe.core.entities.schema import CustomDefinition

_table: Any = CustomField.__table__
_statement = sa.select(_table).order_by(_table.c.entity, _table.c.id)


def definitions(connection: sa.Connection) -> list[CustomDefinition]:
    """Return every custom field of every entity, oldest first."""
    return [_definition(row) for row in connection.execute(_statement)]


def _definition(row: Any) -> CustomDefinition:
    labels = {"en": row.label_en, "zh_Hans": row.label_zh}
    return CustomDefinition(
        entity=row.entity,
        key=row.key,
        name=row.name,
        kind=row.kind,
        labels={locale: label for locale, label in labels.items() if label},
        options=row.options or {},
        required=row.required,
        indexed=row.indexed,
    )
