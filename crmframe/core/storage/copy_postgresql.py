"""Copying a PostgreSQL database while it is in use: by ``pg_dump`` where it fits the server, else by COPY."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crmframe.core.storage import copy_portable
from crmframe.core.storage.copy_faults import CopyFault, require_counts

FORM = "pg_dump"
FILE = "database.dump"
CURSOR_EPOCH = 2
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
# libpq reads these: a password on the command line could be read by everybody on the machine.
VARIABLES = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGUSER": "username",
    "PGPASSWORD": "password",
    "PGDATABASE": "database",
}


class PostgresqlCopier:
    """Copies the schema that a connection to *url* lands in."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url

    def dump(self, folder: Path) -> tuple[str, Mapping[str, int]]:
        """Write the database as of now into *folder*: everything is read in one snapshot."""
        with self._connection() as connection:
            counts = row_counts(connection)
            if self._program("pg_dump", connection):
                snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
                schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
                fixed = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}"]
                self._run(["pg_dump", *fixed, f"--snapshot={snapshot}", f"--file={folder / FILE}"])
                return FORM, counts
            copy_portable.write(connection, folder)
            return copy_portable.FORM, counts

    def is_empty(self) -> bool:
        """Return whether there is no table."""
        with self._connection() as connection:
            return connection.exec_driver_sql(TABLES).first() is None

    def move_aside(self, mark: str) -> str:
        """Rename the schema and make an empty one."""
        with self._connection() as connection:
            quote = connection.dialect.identifier_preparer.quote_identifier
            schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
            kept = f"{schema}_{re.sub(r'[^0-9a-z]', '_', mark.lower())}"
            connection.exec_driver_sql(f"ALTER SCHEMA {quote(schema)} RENAME TO {quote(kept)}")
            connection.exec_driver_sql(f"CREATE SCHEMA {quote(schema)}")
        return kept

    def move_back(self, kept: str) -> None:
        """Take back ``move_aside``."""
        with self._connection() as connection:
            quote = connection.dialect.identifier_preparer.quote_identifier
            schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
            connection.exec_driver_sql(f"DROP SCHEMA {quote(schema)} CASCADE")
            connection.exec_driver_sql(f"ALTER SCHEMA {quote(kept)} RENAME TO {quote(schema)}")

    def load(self, folder: Path, form: str, counts: Mapping[str, int], epoch: int) -> None:
        """Fill the empty database; with the portable form in one transaction, with pg_dump's in two."""
        if form == FORM:
            self._restore(folder)
        elif form != copy_portable.FORM:
            raise CopyFault(f"a copy of the form {form} does not go into PostgreSQL")
        with self._connection() as connection:
            if form == copy_portable.FORM:
                copy_portable.read(connection, folder)
            require_counts(dict(row_counts(connection)), dict(counts))
            _open_epoch(connection, epoch)

    def _restore(self, folder: Path) -> None:
        if not (folder / FILE).exists():
            raise CopyFault(f"{FILE} is missing")
        with self._connection() as connection:
            if not self._program("pg_restore", connection):
                raise CopyFault(
                    "it was made with pg_dump, and there is no pg_restore here that fits the server"
                )
            # The archive wants to make the schema itself; only an empty one is in its way.
            schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
        fixed = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", "--no-comments"]
        wanted = self._run(["pg_restore", "--list", str(folder / FILE)])
        entries = folder / "entries"
        entries.write_text(
            "\n".join(line for line in wanted.splitlines() if " SCHEMA - " not in line), encoding="utf-8"
        )
        name = f"--dbname={self.url.database}"
        self._run(
            ["pg_restore", *fixed, f"--schema={schema}", f"--use-list={entries}", name, str(folder / FILE)]
        )

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self.url, isolation_level="REPEATABLE READ", poolclass=sa.NullPool)
        with engine.connect() as connection, connection.begin():
            yield connection
        engine.dispose()

    def _program(self, name: str, connection: sa.Connection) -> bool:
        """Return whether a program of the server's tools is here and not older than the server."""
        if shutil.which(name) is None:
            return False
        found = re.search(r"(\d+)", self._run([name, "--version"]))
        server = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
        return found is not None and int(found[1]) >= int(server) // 10_000

    def _run(self, command: list[str]) -> str:
        given = {variable: getattr(self.url, name) for variable, name in VARIABLES.items()}
        host = self.url.query.get("host")
        environment = {**os.environ, **{name: str(value) for name, value in given.items() if value}}
        if isinstance(host, str):
            environment["PGHOST"] = host
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CopyFault(f"{command[0]}: {done.stderr.strip() or done.returncode}")
        return done.stdout


def row_counts(connection: sa.Connection) -> Mapping[str, int]:
    """Return the rows of every table."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    names = list(connection.exec_driver_sql(TABLES).scalars())
    return {
        name: int(connection.exec_driver_sql(f"SELECT count(*) FROM {quote(name)}").scalar_one())  # noqa: S608 - a name of the catalog, quoted
        for name in names
    }


def _open_epoch(connection: sa.Connection, epoch: int) -> None:
    values: dict[str, Any] = {"id": CURSOR_EPOCH, "value": epoch}
    if connection.exec_driver_sql("SELECT to_regclass('core_epoch')").scalar() is not None:
        connection.execute(
            sa.text(
                "INSERT INTO core_epoch (id, value) VALUES (:id, :value) "
                "ON CONFLICT (id) DO UPDATE SET value = greatest(core_epoch.value + 1, excluded.value)"
            ),
            values,
        )
