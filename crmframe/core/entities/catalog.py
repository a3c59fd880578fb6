"""The stored catalog of references: what points where, also while the plugin that says so is switched off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.kinds import AnyReference, Reference
from crmframe.core.entities.registry import Registry
from crmframe.core.journal.tables import reference


def store_catalog(connection: sa.Connection, registry: Registry) -> None:
    """Bring the stored references of the running plugins up to date; others' stay as they are."""
    wanted = {(row["table_name"], row["column_name"]): row for row in _references(registry)}
    known = {
        (row.table_name, row.column_name): row._asdict() for row in connection.execute(sa.select(reference))
    }
    for key, row in wanted.items():
        if known.get(key) != row:
            _delete(connection, key)
            connection.execute(sa.insert(reference), row)
    for key in known.keys() - wanted.keys():
        if key[0] in registry.by_table:
            _delete(connection, key)


def _delete(connection: sa.Connection, key: tuple[str, str]) -> None:
    table, column = key
    connection.execute(
        sa.delete(reference).where(reference.c.table_name == table, reference.c.column_name == column)
    )


def _references(registry: Registry) -> Iterator[dict[str, Any]]:
    for entity in registry.entities.values():
        for field in entity.fields.values():
            kind = field.kind
            if field.source != "column" or field.system or not isinstance(kind, AnyReference | Reference):
                continue
            target = kind.entity if isinstance(kind, Reference) else "*"
            rule = "cascade" if kind.on_delete == "clear" and field.required else kind.on_delete
            names = {"table_name": entity.table.name, "column_name": field.name, "entity": entity.name}
            yield {**names, "target": target, "on_delete": rule}
