"""Fresh databases for tests: an SQLite file or a database on the session's PostgreSQL."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
import sqlalchemy as sa

from crmframe.testing import postgres

Kind = Literal["sqlite", "postgres"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgres")
REQUIRE_VARIABLE = "CRMFRAME_REQUIRE_SERVICES"
# Text sorts by code point everywhere, as SQLite does; upper and lower case fold beyond ASCII where the server can.
LOCALES = (
    "locale_provider builtin builtin_locale 'C.UTF-8'",
    "lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'",
    "lc_collate 'C' lc_ctype 'C'",
)


def skip_or_fail(reason: str) -> None:
    """Skip the test for want of a service; fail instead when the build insists on every service."""
    if os.environ.get(REQUIRE_VARIABLE) == "1":
        pytest.fail(f"{reason} ({REQUIRE_VARIABLE}=1 forbids to skip)", pytrace=False)
    pytest.skip(reason)


class Databases:
    """Makes databases and removes them again.

    Args:
        folder: Where SQLite files go.
        session_id: The test session's process, which the PostgreSQL server lives and dies with.
    """

    def __init__(self, folder: Path, session_id: int) -> None:
        self._folder = folder
        self._session_id = session_id
        self._numbers = itertools.count(1)
        self._admin: sa.Engine | None = None
        self._locale = ""
        self._made: list[str] = []
        self._templates: dict[tuple[str, Kind], str] = {}

    def blank(self, kind: Kind) -> str:
        """Return the URL of a new empty database; skips the test when there is no such database here."""
        if kind == "sqlite":
            return f"sqlite:///{self._folder / self._next_name()}.db"
        return self._create_postgres("template0")

    def copy(self, key: str, kind: Kind, build: Callable[[str], None]) -> str:
        """Return the URL of a new database that looks like the one that ``build(url)`` makes.

        Args:
            key: Names what is built, such as the plugins; ``build`` runs once per key and process.
            build: Fills an empty database and closes every connection to it.
        """
        if (key, kind) not in self._templates:
            url = self.blank(kind)
            build(url)
            self._templates[key, kind] = url
        template = sa.make_url(self._templates[key, kind])
        if kind == "postgres":
            return self._create_postgres(f'"{template.database}"')
        target = self.blank(kind)
        # The backup interface also takes along what still lies in the write-ahead log.
        with (
            closing(sqlite3.connect(str(template.database))) as source,
            closing(sqlite3.connect(str(sa.make_url(target).database))) as copy,
        ):
            source.backup(copy)
        return target

    def drop(self, url: str) -> None:
        """Remove a database and everything beside it."""
        name = sa.make_url(url).database or ""
        if sa.make_url(url).get_backend_name() == "sqlite":
            for path in Path(name).parent.glob(f"{Path(name).name}*"):
                path.unlink(missing_ok=True)
        elif name in self._made:
            self._made.remove(name)
            self._execute(f'drop database if exists "{name}" with (force)')

    def close(self) -> None:
        """Remove what is left and disconnect."""
        for name in list(self._made):
            self._execute(f'drop database if exists "{name}" with (force)')
        if self._admin is not None:
            self._admin.dispose()

    def _next_name(self) -> str:
        return f"crmframe_test_{os.getpid()}_{next(self._numbers)}"

    def _create_postgres(self, template: str) -> str:
        name = self._next_name()
        if template == "template0":
            self._create_blank(name)
        else:
            self._execute(f'create database "{name}" template {template}')
        self._made.append(name)
        return self._engine().url.set(database=name).render_as_string(hide_password=False)

    def _create_blank(self, name: str) -> None:
        for locale in (self._locale,) if self._locale else LOCALES:
            try:
                self._execute(f"create database \"{name}\" template template0 encoding 'UTF8' {locale}")
            except sa.exc.DBAPIError:
                if locale == LOCALES[-1]:
                    raise
                continue  # an older server, or one without this locale
            self._locale = locale
            return

    def _execute(self, statement: str) -> None:
        with self._engine().connect() as connection:
            connection.exec_driver_sql(statement)

    def _engine(self) -> sa.Engine:
        if self._admin is None:
            reason = postgres.unavailable_reason()
            if reason:
                skip_or_fail(f"no PostgreSQL: {reason}")
            url = sa.make_url(postgres.server_url(self._session_id)).set(drivername="postgresql+psycopg")
            self._admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        return self._admin


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the PostgreSQL of this process."""
    postgres.stop_server(os.getpid())


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Give the maker of databases."""
    # A server for each xdist worker: the event cursor waits for every transaction of its server, others' too.
    maker = Databases(tmp_path_factory.mktemp("databases"), os.getpid())
    yield maker
    maker.close()


@pytest.fixture
def blank_database_url(databases: Databases) -> Iterator[Callable[[Kind], str]]:
    """Give ``blank_database_url(kind)``: an empty database that lives as long as the test."""
    made: list[str] = []

    def blank(kind: Kind) -> str:
        made.append(databases.blank(kind))
        return made[-1]

    yield blank
    for url in made:
        databases.drop(url)


@pytest.fixture
def copied_database_url(databases: Databases) -> Iterator[Callable[[str, Kind, Callable[[str], None]], str]]:
    """Give ``copied_database_url(key, kind, build)``: a copy, made fast, of what ``build(url)`` makes once."""
    made: list[str] = []

    def copy(key: str, kind: Kind, build: Callable[[str], None]) -> str:
        made.append(databases.copy(key, kind, build))
        return made[-1]

    yield copy
    for url in made:
        databases.drop(url)


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> Kind:
    """Give the name of the database: the test runs once for each."""
    kind: Kind = request.param
    return kind


@pytest.fixture
def database_url(database_kind: Kind, blank_database_url: Callable[[Kind], str]) -> str:
    """Give the URL of an empty database; the test runs on SQLite and on PostgreSQL."""
    return blank_database_url(database_kind)
