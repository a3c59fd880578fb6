"""Records of plugins that are switched off: their tables still point to ours, and still count (ARCHITECTURE 8).

Their classes are not loaded, so their rows are read and journaled as the database shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.errors import InUse
from crmframe.core.journal.tables import reference
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork


def delete_parked(work: UnitOfWork, entity: Entity, ids: Sequence[int]) -> None:
    """Settle what switched-off plugins hold on records about to be deleted.

    Raises:
        InUse: They are referred to by records that forbid it.
    """
    for entry in _parked_references(work, entity):
        table = reflected(work, entry.table_name)
        column, polymorphic = table.c[entry.column_name], entry.target == "*"
        keys: list[Any] = [f"{entity.name}:{i}" if polymorphic else i for i in ids]
        rows = (
            work.connection.execute(sa.select(table).where(in_set(column, "keys")), {"keys": keys})
            .mappings()
            .all()
        )
        if rows and entry.on_delete == "restrict":
            raise InUse(entity=entity.label, id=ids[0], count=len(rows), by=entry.entity)
        for row in rows:
            _settle(work, entry, table, row)


def _parked_references(work: UnitOfWork, entity: Entity) -> list[Any]:
    known = set(work.registry.by_table)
    key = ("parked", entity.name)
    if key not in work.schema.statements:
        wanted = reference.c.target.in_([entity.name, "*"])
        rows = work.connection.execute(sa.select(reference).where(wanted)).all()
        work.schema.statements[key] = [row for row in rows if row.table_name not in known]
    found: list[Any] = work.schema.statements[key]
    return found


def reflected(work: UnitOfWork, table_name: str) -> sa.Table:
    """Return a table as the database describes it."""
    key = ("reflected", table_name)
    if key not in work.schema.statements:
        work.schema.statements[key] = sa.Table(table_name, sa.MetaData(), autoload_with=work.connection)
    table: sa.Table = work.schema.statements[key]
    return table


def _settle(work: UnitOfWork, entry: Any, table: sa.Table, row: Any) -> None:
    record_id, version = row["id"], row["version"] + 1
    if entry.on_delete == "cascade":
        work.journal.changed(entry.entity, "delete", record_id, version, {"raw": _raw(row)})
        work.connection.execute(sa.delete(table).where(table.c.id == record_id))
        return
    work.journal.changed(
        entry.entity, "update", record_id, version, {entry.column_name: row[entry.column_name]}
    )
    changed = {entry.column_name: None, "version": version}
    work.connection.execute(sa.update(table).where(table.c.id == record_id).values(changed))


def _raw(row: Any) -> dict[str, Any]:
    return {
        name: value if isinstance(value, int | str | type(None)) else str(value)
        for name, value in row.items()
    }
