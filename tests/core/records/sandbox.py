"""A transaction around many units of work, so that a test can run a history, look, and take it all back.

Sequences of PostgreSQL do not roll back: they are set anew, so that a replay gets the same ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.access.actor import system_actor
from crmframe.core.journal.write import Origin
from crmframe.core.work import UnitOfWork
from crmframe.testing.application import START

STAMPS = ("version", "updated_at", "updated_by")
FIRST_FREE_ID = 1000


class Sandbox:
    """Runs units of work inside one transaction that is always rolled back."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.connection: sa.Connection = None  # type: ignore[assignment]

    @contextmanager
    def opened(self) -> Iterator[Sandbox]:
        """Open the transaction; at the end nothing of it remains."""
        with self.application.database.engine.connect() as connection:
            self.connection = connection.execution_options(crmframe_write=True)
            transaction = self.connection.begin()
            self._same_ids()
            try:
                yield self
            finally:
                transaction.rollback()
                self.application._schema = None

    def _same_ids(self) -> None:
        if self.connection.dialect.name == "postgresql":
            tables = [
                *self.application.registry.by_table,
                "core_operation",
                "core_commit",
                "core_change",
                "core_event",
            ]
            settings = ", ".join(
                f"setval(pg_get_serial_sequence('{t}', 'id'), {FIRST_FREE_ID})" for t in tables
            )
            self.connection.exec_driver_sql(f"SELECT {settings}")

    def last_ids(self) -> list[tuple[str, int | None]]:
        """Return the last id that was given to a record, by table (SQLite) or sequence."""
        given = "SELECT name, seq FROM sqlite_sequence"
        if self.connection.dialect.name == "postgresql":
            given = "SELECT sequencename, last_value FROM pg_sequences"
        rows = self.connection.exec_driver_sql(given)
        return [(name, last) for name, last in rows if name.removesuffix("_id_seq") in self._tables]

    @property
    def _tables(self) -> set[str]:
        return {entity.table.name for entity in self.application.registry.entities.values()}

    def go_on_after(self, last_ids: list[tuple[str, int | None]]) -> None:
        """Let new records get the ids after these."""
        if self.connection.dialect.name == "postgresql":
            known = ", ".join(f"setval('{name}', {last})" for name, last in last_ids if last is not None)
            self.connection.exec_driver_sql(f"SELECT {known}")
            return
        for name in self._tables:
            self.connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
        for row in last_ids:
            self.connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", row)

    @contextmanager
    def work(self, minute: int = 10_000) -> Iterator[UnitOfWork]:
        """Open a unit of work in a savepoint, so many minutes after the start; an error takes back only that."""
        self.application.clock = lambda: START + timedelta(minutes=minute)
        actor = system_actor("test")
        origin = Origin(actor_id=None, actor_name=actor.name, door="system")
        with self.connection.begin_nested():
            work = self.application._unit(self.connection, actor, origin)
            yield work
            self.application._finish(work)

    def snapshot(self) -> dict[str, list[Any]]:
        """Return every business table, without versions and stamps."""
        return {name: self.rows(entity.table) for name, entity in self.application.registry.entities.items()}

    def rows(self, table: sa.Table) -> list[Any]:
        """Return a table's rows by id, as comparable data."""
        columns = [c for c in table.c if c.name not in STAMPS]
        found = self.connection.execute(sa.select(*columns).order_by(table.c.id))
        return [tuple(str(v) if isinstance(v, dict | list) else v for v in row) for row in found]
