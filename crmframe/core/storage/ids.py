"""Ids handed out before the rows are written, so that bulk work needs no read-back."""

from __future__ import annotations

import sqlalchemy as sa


def allocate_ids(connection: sa.Connection, table: sa.Table, count: int) -> list[int]:
    """Return *count* new ids of *table*, ascending; on SQLite the caller holds the write lock."""
    if connection.dialect.name == "sqlite":
        last = connection.scalar(_LAST_ID, {"table": table.name}) or 0
        return list(range(last + 1, last + count + 1))
    rows = connection.execute(_NEXT_IDS, {"table": table.name, "count": count})
    return sorted(row[0] for row in rows)


_LAST_ID = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table")
_NEXT_IDS = sa.text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
