"""Copying an SQLite file while it is in use: by the backup interface, in one step, never by copying the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from crmframe.core.storage.copy_faults import CopyFault, InUse, require_counts

FORM = "sqlite"
FILE = "database.sqlite"
CURSOR_EPOCH = 2
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


class SqliteCopier:
    """Copies the file that *url* names."""

    def __init__(self, url: sa.URL) -> None:
        if not url.database or url.database == ":memory:":
            raise CopyFault("a database in memory has no file")
        self.path = Path(url.database)

    def dump(self, folder: Path) -> tuple[str, Mapping[str, int]]:
        """Write the database as of now into *folder*."""
        target = folder / FILE
        with (
            closing(sqlite3.connect(self.path, timeout=60)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            # All pages at once read one snapshot; page by page would start over at every write of others.
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")
            _require_sound(copy)
            return FORM, row_counts(copy)

    def is_empty(self) -> bool:
        """Return whether there is no table."""
        if not self.path.exists() or not self.path.stat().st_size:
            return True
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(TABLES).fetchone() is None

    def move_aside(self, mark: str) -> str:
        """Rename the file."""
        try:
            with closing(sqlite3.connect(self.path, timeout=2)) as connection:
                # Leaving WAL needs the file for oneself alone, and folds the log into it: both are wanted here.
                connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise InUse(str(self.path)) from error
        except sqlite3.DatabaseError:
            pass  # so damaged that it cannot be opened: a reason more to keep it as it is
        kept = self.path.with_name(f"{self.path.name}.{mark}")
        self.path.rename(kept)
        for ending in ("-wal", "-shm"):
            self.path.with_name(f"{self.path.name}{ending}").unlink(missing_ok=True)
        return str(kept)

    def move_back(self, kept: str) -> None:
        """Take back ``move_aside``."""
        Path(kept).rename(self.path)

    def load(self, folder: Path, form: str, counts: Mapping[str, int], epoch: int) -> None:
        """Verify the copy where it lies, then put it in place."""
        if form != FORM:
            raise CopyFault(f"a copy of the form {form} does not go into an SQLite file")
        source = folder / FILE
        if not source.exists():
            raise CopyFault(f"{FILE} is missing")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f"{self.path.name}.part")
        partial.unlink(missing_ok=True)
        with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(partial)) as target:
            copy.backup(target, pages=-1)
            _require_sound(target)
            require_counts(row_counts(target), dict(counts))
            _open_epoch(target, epoch)
        partial.chmod(0o600)
        partial.rename(self.path)


def row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the rows of every table."""
    names = [name for (name,) in connection.execute(TABLES)]
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - a name of the catalog
        for name in names
    }


def _require_sound(connection: sqlite3.Connection) -> None:
    try:
        found = [text for (text,) in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.DatabaseError as error:
        raise CopyFault(str(error)) from error
    if found != ["ok"]:
        raise CopyFault("; ".join(found))


def _open_epoch(connection: sqlite3.Connection, epoch: int) -> None:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'core_epoch'").fetchone():
        with connection:
            connection.execute(
                "INSERT INTO core_epoch (id, value) VALUES (?, ?) "
                "ON CONFLICT (id) DO UPDATE SET value = max(value + 1, excluded.value)",
                (CURSOR_EPOCH, epoch),
            )
