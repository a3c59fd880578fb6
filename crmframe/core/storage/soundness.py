"""What a database says about itself: damage found by reading all of it, and how it is set up."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

MOST_SHOWN = 20

# An index that was never finished or a constraint that was never checked holds less than it promises.
UNFINISHED = """
SELECT 'index ' || c.relname || ' is not valid' FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready)
UNION ALL SELECT 'constraint ' || conname || ' was never checked' FROM pg_constraint
WHERE connamespace = current_schema()::regnamespace AND NOT convalidated
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
SETTINGS = ("fsync", "full_page_writes", "synchronous_commit", "server_encoding", "server_version")


def damage(connection: sa.Connection) -> list[str]:
    """Return what is wrong with the files of the database, as it words it; reads every page once."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"PRAGMA integrity_check({MOST_SHOWN})").scalars()
        return [text for text in rows if text != "ok"]
    found = [str(text) for text in connection.exec_driver_sql(UNFINISHED).scalars()]
    for table in connection.exec_driver_sql(TABLES).scalars().all():
        found += _unreadable(connection, table)
    return found[:MOST_SHOWN]


def _unreadable(connection: sa.Connection, table: str) -> list[str]:
    """Read a table to its last byte: what the server cannot read, it says."""
    name = connection.dialect.identifier_preparer.quote_identifier(table)
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"SELECT sum(octet_length(row_to_json(t)::text)) FROM {name} t")  # noqa: S608 - a name of the catalog, quoted
    except DBAPIError as error:
        return [f"{table}: {str(error.orig).splitlines()[0]}"]
    return []


def set_up(connection: sa.Connection) -> Mapping[str, str]:
    """Return how the database is set up: ``synchronous`` and ``journal_mode`` of SQLite; of PostgreSQL the settings
    that decide what a power cut costs, and ``superuser`` (on or off) of the role.
    """
    if connection.dialect.name == "sqlite":
        names = ("synchronous", "journal_mode", "foreign_keys")
        return {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in names}
    found = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in SETTINGS}
    superuser = connection.exec_driver_sql(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    ).scalar()
    return {**found, "superuser": "on" if superuser else "off"}
