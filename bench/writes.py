"""Writes: one deal against one bare insert, and the import against bare inserts into indexed tables."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from bench.base import Base, write_customers
from bench.figures import Figure, duration, median_of, per_second, seconds_of
from crmframe.core import records
from crmframe.core.transfer import ImportOptions, import_file

IMPORTED = 20_000
PEER_ROWS = 10_000


def writes(base: Base) -> Iterator[Figure]:
    """Measure creating a deal with everything that belongs to it, and the import."""
    if base.application.database.dialect == "sqlite":
        floor = median_of(lambda: 1 / seconds_of(_insert_one(base.folder / "floor.db"), 200))
        ours = median_of(lambda: 1 / seconds_of(lambda: _create(base), 100))
        yield per_second("create deal, journal and all (FULL)", floor, ours, 0.12)
        bulk = _indexed_inserts(base.folder / "bulk.db")
        yield per_second("import of the whole base", bulk, base.import_rows_per_second, 0.30)
    else:
        yield duration(
            "create deal, journal and all", median_of(lambda: seconds_of(lambda: _create(base), 50)), 0.007
        )
    yield duration(f"import of {PEER_ROWS:,} more rows", _import(base, PEER_ROWS), 3.0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure("memory of the importing process", "-", f"{peak:,.0f} MB", None, "<= 500 MB", peak <= 500)


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


def _indexed_inserts(path: Path) -> float:
    """Return rows a second of bare inserts into a table with a key and four indexes."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(
        "CREATE TABLE c (id INTEGER PRIMARY KEY, name TEXT, code TEXT, city TEXT, phone TEXT, email TEXT, owner INT)"
    )
    for column in ("name", "city", "phone", "owner"):
        connection.execute(f"CREATE INDEX ix_{column} ON c ({column}, id)")
    rows = [
        (f"name {n * 7919 % 1000003}", f"C{n}", f"city {n % 8}", f"138{n}", f"{n}@example.com", n % 20)
        for n in range(200_000)
    ]

    def insert() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO c (name, code, city, phone, email, owner) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
        connection.execute("COMMIT")

    return len(rows) / seconds_of(insert)


def _import(base: Base, count: int) -> float:
    path = base.folder / f"more-{count}.csv"
    write_customers(path, count, prefix=f"M{count}-")
    return seconds_of(lambda: import_file(base.application, None, path, "core.customer", ImportOptions()))
