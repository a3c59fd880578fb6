"""Histories of migrations: what the database has, what the code has, and one safe transaction between them.

Every plugin has a history of its own with its own version table, so that one that is absent stands in nobody's way.
Whether anything is pending is one query and a look at the file names; alembic is imported only to run something.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, ProgrammingError

REVISION = re.compile(r"^revision\s*(?::[^=]+)?=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
DOWN_REVISION = re.compile(r"^down_revision\s*(?::[^=]+)?=\s*[\"']([^\"']+)[\"']", re.MULTILINE)
TRANSACTION = "SELECT CAST(pg_current_xact_id() AS text)"
ENDED = "The migration ended the transaction itself, so it cannot be undone."
ADVISORY_LOCK = 7_263_001  # any number that only we use
# Alembic's ``op`` is a module global, so two threads of one process cannot migrate at once (measured: KeyError).
_one_at_a_time = threading.RLock()


# What every object of the schema looks like, as (kind, table, name) → definition.
Snapshot = Mapping[tuple[str, str, str], str]

SQLITE_OBJECTS = "SELECT type, tbl_name, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
POSTGRESQL_OBJECTS = """
SELECT CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, c.relname, c.relname, string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attnum)
FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') GROUP BY c.relname, c.relkind
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL SELECT 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = current_schema()::regnamespace
UNION ALL SELECT 'trigger', c.relname, t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
"""


class SchemaFault(Exception):
    """A history or a migration that cannot be run, with a sentence."""


class UnknownRevision(SchemaFault):
    """The database is newer than the code: it holds a revision that no file defines."""

    def __init__(self, name: str, found: str) -> None:
        self.name, self.found = name, found
        super().__init__(f"The database holds revision {found} of {name}, which the code does not know.")


@dataclass(frozen=True, slots=True)
class History:
    """The migrations of one plugin: files ``<name>_NNNN_<what>.py`` in ``folder``, one after the other."""

    name: str
    folder: Path

    @property
    def version_table(self) -> str:
        """Return the table that holds the revision the database is at."""
        return f"crm_schema_{self.name}"


def revisions(history: History) -> tuple[str, ...]:
    """Return the revisions of the code, oldest first; read from the files' text, nothing is imported.

    Raises:
        SchemaFault: The files do not form one line.
    """
    follows: dict[str | None, str] = {}
    files = sorted(history.folder.glob("[!_.]*.py")) if history.folder.is_dir() else []
    for file in files:
        text = file.read_text(encoding="utf-8")
        revision, previous = REVISION.search(text), DOWN_REVISION.search(text)
        if revision is None:
            raise SchemaFault(f"{file.name} has no line that starts with revision =.")
        key = previous[1] if previous else None
        if key in follows:
            raise SchemaFault(
                f"{follows[key]} and {revision[1]} both follow {key or 'nothing'}. Put one after the other."
            )
        follows[key] = revision[1]
    line: list[str] = []
    while (following := follows.get(line[-1] if line else None)) is not None and following not in line:
        line.append(following)
    if len(line) != len(follows):
        lost = ", ".join(sorted(set(follows.values()) - set(line)))
        raise SchemaFault(f"{lost} follow no revision of {history.name}.")
    return tuple(line)


def current(engine: sa.Engine, histories: Sequence[History]) -> dict[str, str | None]:
    """Return the revision that the database is at, for each history: one query when all have been there before."""
    with engine.connect() as connection:
        try:
            found = _versions(connection, histories)
        except (OperationalError, ProgrammingError):
            connection.rollback()
            present = set(sa.inspect(connection).get_table_names())
            found = _versions(connection, [each for each in histories if each.version_table in present])
        connection.rollback()
    return {each.name: found.get(each.name) for each in histories}


def _versions(connection: sa.Connection, histories: Sequence[History]) -> dict[str, str]:
    if not histories:
        return {}
    revision: sa.ColumnClause[str] = sa.column("version_num")
    parts = [
        sa.select(sa.literal(each.name), revision).select_from(sa.table(each.version_table))
        for each in histories
    ]
    return dict(connection.execute(sa.union_all(*parts)).all())


def missing(history: History, at: str | None) -> tuple[str, ...]:
    """Return the revisions after *at*.

    Raises:
        UnknownRevision: No file defines *at*.
    """
    known = revisions(history)
    if at is None:
        return known
    if at not in known:
        raise UnknownRevision(history.name, at)
    return known[known.index(at) + 1 :]


@contextmanager
def migration(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open the one transaction of a migration: nobody else migrates, and everything or nothing stays.

    Raises:
        SchemaFault: Foreign keys point to nothing at the end, or the migration ended the transaction itself.
    """
    with _one_at_a_time, engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with _sqlite_transaction(connection):
                yield connection
        else:
            with connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
                begun = connection.exec_driver_sql(TRANSACTION).scalar()
                yield connection
                if connection.exec_driver_sql(TRANSACTION).scalar() != begun:
                    raise SchemaFault(ENDED)


@contextmanager
def _sqlite_transaction(connection: sa.Connection) -> Iterator[None]:
    raw: Any = connection.connection.dbapi_connection
    # On the driver's connection, and outside a transaction: through SQLAlchemy's it is silently ignored, and with
    # foreign keys on, rebuilding a table deletes every row that refers to it (both measured).
    raw.execute("PRAGMA foreign_keys=OFF")
    # The driver must not begin transactions of its own: it would hide that a migration ended ours.
    level, raw.isolation_level = raw.isolation_level, None
    try:
        with connection.begin():
            # Whatever the engine began: only IMMEDIATE keeps two processes from migrating at once.
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            raw.execute("BEGIN IMMEDIATE")
            used = _used_ids(raw)
            yield
            if not raw.in_transaction:
                raise SchemaFault(ENDED)
            _keep_ids_used(raw, used)
            broken = raw.execute("PRAGMA foreign_key_check").fetchmany(3)
            if broken:
                places = ", ".join(f"{table} row {row} → {parent}" for table, row, parent, _ in broken)
                raise SchemaFault(f"Rows refer to rows that do not exist: {places}.")
    finally:
        raw.isolation_level = level
        raw.execute("PRAGMA foreign_keys=ON")


def _used_ids(raw: Any) -> dict[str, int]:
    if not raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        return {}
    return dict(raw.execute("SELECT name, seq FROM sqlite_sequence"))


def _keep_ids_used(raw: Any, used: dict[str, int]) -> None:
    """Never give out again an id whose record was deleted: rebuilding a table forgets the highest one."""
    tables = {
        name: text or ""
        for name, text in raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    }
    kept = {name: last for name, last in used.items() if name in tables}
    for name in kept:
        if "AUTOINCREMENT" not in tables[name].upper():
            raise SchemaFault(
                f"{name} lost AUTOINCREMENT, so ids would be used twice. "
                'Add table_kwargs={"sqlite_autoincrement": True} to batch_alter_table.'
            )
    for name, last in kept.items():
        raw.execute("DELETE FROM sqlite_sequence WHERE name = ? AND seq < ?", (name, last))
        raw.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? "
            "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
            (name, last, name),
        )


def upgrade(connection: sa.Connection, history: History) -> tuple[str, ...]:
    """Run what is missing, inside the transaction of ``migration``, and return the revisions that ran."""
    table = sa.Table(
        history.version_table, sa.MetaData(), sa.Column("version_num", sa.String(60), primary_key=True)
    )
    table.create(connection, checkfirst=True)
    at = connection.scalar(sa.select(table.c.version_num))
    steps = missing(history, at)
    if steps:
        _run(connection, history, steps)
        connection.execute(table.delete())
        connection.execute(table.insert().values(version_num=steps[-1]))
    return steps


def _run(connection: sa.Connection, history: History, steps: Sequence[str]) -> None:
    context = alembic_module("runtime.migration").MigrationContext.configure(connection)
    scripts = script_directory(history)
    with alembic_module("operations").Operations.context(context):
        for step in steps:
            scripts.get_revision(step).module.upgrade()


def add_foreign_key(
    table: str,
    parent: str,
    columns: Sequence[str],
    parents: Sequence[str],
    *,
    name: str,
    ondelete: str | None = None,
) -> None:
    """Complete a circle of foreign keys in a migration.

    The one side is written ``use_alter=True`` in its ``create_table``: SQLite takes it there, a server takes it here.
    """
    operations = importlib.import_module("alembic.op")
    if operations.get_bind().dialect.supports_alter:
        operations.create_foreign_key(name, table, parent, list(columns), list(parents), ondelete=ondelete)


def snapshot(connection: sa.Connection) -> Snapshot:
    """Return what the schema looks like now."""
    query = SQLITE_OBJECTS if connection.dialect.name == "sqlite" else POSTGRESQL_OBJECTS
    return {(kind, table, name): text or "" for kind, table, name, text in connection.exec_driver_sql(query)}


def script_directory(history: History) -> Any:
    """Return alembic's view of the history's files."""
    directory = alembic_module("script").ScriptDirectory
    return directory(str(history.folder), version_locations=[str(history.folder)])


@functools.cache
def alembic_module(name: str) -> Any:
    """Import a part of alembic when something is to be migrated: a start with nothing to do does not pay for it."""
    return importlib.import_module(f"alembic.{name}")


def back_up(
    engine: sa.Engine, folder: Path | None = None, *, clock: Callable[[], datetime] | None = None
) -> Path | None:
    """Copy an SQLite file while it is in use; None on PostgreSQL and for a database in memory.

    Args:
        folder: Default: ``backups`` beside the database.
    """
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:":
        return None
    source = Path(name)
    folder = folder or source.parent / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    now = (clock or _now)()
    target = folder / f"{source.stem}-{now.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-before-migration.db"
    partial = target.with_suffix(".part")
    partial.unlink(missing_ok=True)
    connection = engine.raw_connection()
    try:
        connection.driver_connection.execute("VACUUM INTO ?", (str(partial),))  # type: ignore[union-attr]
    finally:
        connection.close()
    _keep(partial, target)
    return target


def _keep(partial: Path, target: Path) -> None:
    # Only a complete copy that has reached the disk gets the name of a backup; it holds everything the database holds.
    partial.chmod(0o600)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.rename(target)


def _now() -> datetime:
    return datetime.now(UTC)
