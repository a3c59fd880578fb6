"""Writes: one deal against one bare insert, and the import against bare inserts into indexed tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bench.base import Base, write_customers
from bench.bulk import into_narrow_postgres, into_narrow_sqlite, into_own_sqlite
from bench.figures import Figure, duration, median_of, per_second, seconds_of, shown
from crmframe.core import records
from crmframe.core.transfer import ImportOptions, import_file

PEER_ROWS = 10_000


def writes(base: Base) -> Iterator[Figure]:
    """Measure creating a deal with everything that belongs to it, and the import."""
    if base.application.database.dialect == "sqlite":
        floor = median_of(lambda: 1 / seconds_of(_insert_one(base.folder / "floor.db"), 200))
        ours = median_of(lambda: 1 / seconds_of(lambda: _create(base), 100))
        yield per_second("create deal, journal and all (FULL)", floor, ours, 0.12)
        narrow = into_narrow_sqlite(base.folder / "narrow.db")
        yield per_second("import of the whole base", narrow, base.import_rows_per_second, 0.30)
        own = into_own_sqlite(base, base.folder / "own.db")
        yield shown("import against bare inserts into the same table", own, base.import_rows_per_second)
    else:
        yield duration(
            "create deal, journal and all", median_of(lambda: seconds_of(lambda: _create(base), 50)), 0.007
        )
        copied = into_narrow_postgres(base)
        yield per_second("import of the whole base", copied, base.import_rows_per_second, 0.25)
    yield duration(f"import of {PEER_ROWS:,} more rows", _import(base, PEER_ROWS), 3.0)
    own_pages, mapped = base.import_memory
    target = (None, "<= 500 MB", own_pages <= 500)
    yield Figure("memory of the import, at most", "-", f"{own_pages:,.0f} MB", *target)
    if mapped > 1:
        yield Figure("... and of the database file mapped", "-", f"{mapped:,.0f} MB", None, "", None)


def _create(base: Base) -> None:
    with base.application.work(door="api") as work:
        records.create(
            work, "sales.deal", {"title": "Bench", "customer_id": 1, "amount": "1200", "currency": "USD"}
        )


def _insert_one(path: Path):  # type: ignore[no-untyped-def]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS deals (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT, amount INTEGER)"
    )

    def insert() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO deals (title, amount) VALUES (?, ?)", ("Bench", 12_000_000))
        connection.execute("COMMIT")

    return insert


def _import(base: Base, count: int) -> float:
    path = base.folder / f"more-{count}.csv"
    write_customers(path, count, prefix=f"M{count}-")
    return seconds_of(lambda: import_file(base.application, None, path, "core.customer", ImportOptions()))
