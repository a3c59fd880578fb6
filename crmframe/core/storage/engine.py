"""A database: its engine, its way to read and its one way to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError  # noqa: A004 - the pool's

from crmframe.core.errors import Contended, CrmError, StorageFull, Unavailable
from crmframe.core.storage.dialect import register_functions
from crmframe.core.storage.private import private_database
from crmframe.core.storage.writer import WriterQueue

CHECKPOINT_BYTES = 32 * 1024 * 1024
CHECKPOINT_MILLISECONDS = 100
# After how many pages of the log a commit folds it back by itself: SQLite's own number, and only a net for long work.
USUAL_PAGES, LASTING_PAGES = 1_000, 16_384
BUSY_MILLISECONDS = 30_000
ASIDE_MILLISECONDS = 5_000
# PostgreSQL gave up one of several transactions: a deadlock, a lock that did not come in time, a snapshot too old.
CONTENDED = frozenset({"40001", "40P01", "55P03"})

# FULL: an acknowledged write survives a power cut. mmap and cache: SPEED.md A1. secure_delete: TRUST.md 2.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",
    "PRAGMA mmap_size=2147483648",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
)


class Database:
    """An open SQLite file or PostgreSQL database.

    Args:
        url: A SQLAlchemy URL: ``sqlite:////path/crm.db`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.dialect = self.url.get_backend_name()
        self.engine = self._sqlite_engine() if self.dialect == "sqlite" else self._postgresql_engine()
        # The time machine compares rows with the journal: both must be of one moment.
        snapshot = {} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reading = self.engine.execution_options(**snapshot)
        self._aside: sa.Engine | None = None
        self._idle: list[sa.Connection] = []
        self._closed = False
        self._queue = WriterQueue() if self.dialect == "sqlite" else None
        # Without one open connection SQLite cannot even read when the disk is full (measured, TRUST.md 2).
        self._held = self.engine.raw_connection() if self.dialect == "sqlite" else None

    @property
    def path(self) -> Path | None:
        """Return the SQLite file, None on PostgreSQL."""
        return Path(self.url.database) if self.dialect == "sqlite" and self.url.database else None

    @property
    def has_server(self) -> bool:
        """Return whether each statement waits for another process."""
        return self.dialect != "sqlite"

    @property
    def locks_rows(self) -> bool:
        """Return whether writers lock rows; otherwise each holds the whole database."""
        return self.dialect != "sqlite"

    def _sqlite_engine(self) -> sa.Engine:
        if self.path is not None:
            private_database(self.path)
        engine = sa.create_engine(
            self.url,
            connect_args={"check_same_thread": False},
            pool_size=24,
            max_overflow=40,
            pool_reset_on_return=None,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _postgresql_engine(self) -> sa.Engine:
        return sa.create_engine(self.url, pool_pre_ping=True, pool_size=12, max_overflow=20)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a connection for reading: one consistent snapshot, no lock.

        SQLite's are kept: taking one out of the pool costs as much as a short statement (SPEED.md A1). Those of
        PostgreSQL go back: the pool looks whether the server is still there, and every thread may need one.
        """
        with translated_errors():
            connection = self._kept()
            try:
                yield connection
            finally:
                self._keep(connection)

    def _kept(self) -> sa.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._reading.connect()

    def _keep(self, connection: sa.Connection) -> None:
        connection.rollback()
        if self._closed or self.dialect != "sqlite" or connection.invalidated:
            connection.close()
        else:
            self._idle.append(connection)

    @contextmanager
    def write(self, *, lasting: bool = False) -> Iterator[sa.Connection]:
        """Open the transaction of one write; commits at the end, rolls back on any error.

        Args:
            lasting: It is one of many of the same long work, which calls ``checkpoint`` between them.

        Raises:
            Contended: The transaction was given up in favor of another; nothing of it was saved.
            Unavailable: The server is gone; at COMMIT this means "unknown", not "no".
            StorageFull: The disk is full.
        """
        with translated_errors(), self._turn(), self.engine.connect() as connection:
            writing = connection.execution_options(crmframe_write=True)
            with self._rare_checkpoints(connection) if lasting else nullcontext(), writing.begin():
                yield writing

    @contextmanager
    def aside(self, connection: sa.Connection) -> Iterator[sa.Connection]:
        """Open a short transaction of its own beside the one of *connection*; on SQLite, that one itself.

        Its few connections are not those that writers hold: whoever waits for one waits for no writer. What it writes
        stays when the other one rolls back.

        Raises:
            Contended: Somebody, perhaps the caller, holds what it asks for.
        """
        if not self.locks_rows:
            yield connection
            return
        if self._aside is None:
            options = {"options": f"-c lock_timeout={ASIDE_MILLISECONDS}"}
            self._aside = sa.create_engine(
                self.url, pool_pre_ping=True, pool_size=2, max_overflow=2, connect_args=options
            )
        with self._aside.begin() as beside:
            yield beside

    @contextmanager
    def _rare_checkpoints(self, connection: sa.Connection) -> Iterator[None]:
        """Keep SQLite from folding its log back at each commit: the chunks of long work are longer than its limit."""
        if self.dialect != "sqlite":
            yield
            return
        execute = connection.connection.driver_connection.execute  # type: ignore[union-attr]
        execute(f"PRAGMA wal_autocheckpoint={LASTING_PAGES}")
        try:
            yield
        finally:
            execute(f"PRAGMA wal_autocheckpoint={USUAL_PAGES}")

    def _turn(self) -> AbstractContextManager[None]:
        return self._queue.turn() if self._queue else nullcontext()

    def checkpoint(self) -> None:
        """Fold a large write-ahead log back into the file; long work calls this between its chunks."""
        log = Path(f"{self.path}-wal") if self.path else None
        if log and log.exists() and log.stat().st_size > CHECKPOINT_BYTES:
            with self._turn():
                raw = self.engine.raw_connection()
                execute = raw.driver_connection.execute  # type: ignore[union-attr]
                try:
                    # It holds the writers of all processes off while it waits for readers: rather next time than long.
                    execute(f"PRAGMA busy_timeout={CHECKPOINT_MILLISECONDS}")
                    execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
                    raw.close()

    def note_growth(self, tables: Iterable[sa.Table]) -> None:
        """Tell the planner that tables have grown a lot.

        PostgreSQL finds out by itself within a minute; a list of 50 took 60 ms until then and 2 ms afterwards. SQLite
        plans by the indexes alone, here as in an empty file.
        """
        if self.dialect == "sqlite":
            return
        with self.write() as connection:
            quoted = [connection.dialect.identifier_preparer.format_table(table) for table in tables]
            connection.exec_driver_sql(f"ANALYZE {', '.join(quoted)}")

    def close(self) -> None:
        """Give back every connection."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
        if self._held is not None:
            self._held.close()
            self._held = None
        if self._aside is not None:
            self._aside.dispose()
        self.engine.dispose()


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own does not cover DDL
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)
    register_functions(connection)


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("crmframe_write", False)
    statement = "BEGIN IMMEDIATE" if writes else "BEGIN"
    if writes:
        connection.exec_driver_sql(statement)
    else:
        # It locks nothing, so it cannot fail; through SQLAlchemy it would cost as much as reading a record.
        connection.connection.cursor().execute(statement)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn a lost server or a full disk into errors that say so."""
    try:
        yield
    except CrmError:
        raise
    except DBAPIError as error:
        raise _translated(error) from error
    except TimeoutError as error:  # no connection became free
        raise Unavailable from error


def _translated(error: DBAPIError) -> Exception:
    text, state = str(error.orig), getattr(error.orig, "sqlstate", "")
    if "disk is full" in text or "No space left" in text or state == "53100":
        return StorageFull()
    if state in CONTENDED or "database is locked" in text:
        return Contended()
    if error.connection_invalidated or (
        isinstance(error, OperationalError) and "psycopg" in type(error.orig).__module__
    ):
        return Unavailable()
    return error
