"""The floors of the import: bare drivers putting rows into indexed tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.base import Base
from bench.figures import seconds_of

ROWS = 200_000
TABLE = "CREATE TABLE bench_floor (id INTEGER PRIMARY KEY, name TEXT, code TEXT, city TEXT, phone TEXT, email TEXT, owner INT)"
INDEXED = ("name", "city", "phone", "owner")
COLUMNS = "name, code, city, phone, email, owner"


def rows(count: int = ROWS) -> Iterator[tuple[Any, ...]]:
    """Yield rows as narrow as a floor may be."""
    for n in range(count):
        name = f"name {n * 7919 % 1000003}"
        yield name, f"C{n}", f"city {n % 8}", f"138{n}", f"{n}@example.com", n % 20


def into_narrow_sqlite(path: Path) -> float:
    """Return rows a second of bare inserts into a table with a key and four indexes."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(TABLE)
    for column in INDEXED:
        connection.execute(f"CREATE INDEX ix_{column} ON bench_floor ({column}, id)")
    given = list(rows())
    marks = ", ".join("?" * len(given[0]))
    return _inserted(connection, f"INSERT INTO bench_floor ({COLUMNS}) VALUES ({marks})", given)


def into_own_sqlite(base: Base, path: Path) -> float:
    """Return rows a second of bare inserts of ready rows into the customers' table, with all of its indexes."""
    source = sqlite3.connect(base.application.database.engine.url.database or "")
    named = "SELECT sql FROM sqlite_master WHERE tbl_name = 'core_customers' AND sql IS NOT NULL"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    for (statement,) in source.execute(f"{named} AND type IN ('table', 'index') ORDER BY type DESC"):
        connection.execute(statement)
    given = source.execute("SELECT * FROM core_customers LIMIT ?", (ROWS,)).fetchall()
    marks = ", ".join("?" * len(given[0]))
    return _inserted(connection, f"INSERT INTO core_customers VALUES ({marks})", given)


def _inserted(connection: sqlite3.Connection, statement: str, given: list[tuple[Any, ...]]) -> float:
    def insert() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, given)
        connection.execute("COMMIT")

    return len(given) / seconds_of(insert)


def into_narrow_postgres(base: Base) -> float:
    """Return rows a second of COPY into a table with a key and four indexes."""
    with base.application.database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor:
            cursor.execute(TABLE.replace("INTEGER PRIMARY KEY", "BIGSERIAL PRIMARY KEY"))
            for column in INDEXED:
                cursor.execute(f"CREATE INDEX ix_bench_{column} ON bench_floor ({column}, id)")

            def copy() -> None:
                with cursor.copy(f"COPY bench_floor ({COLUMNS}) FROM STDIN") as into:
                    for row in rows():
                        into.write_row(row)
                driver.commit()

            rate = ROWS / seconds_of(copy)
            cursor.execute("DROP TABLE bench_floor")
        driver.commit()
    return rate
