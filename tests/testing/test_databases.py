"""The databases that every storage test stands on."""

from __future__ import annotations

from contextlib import closing

import pytest
import sqlalchemy as sa

from crmframe.testing.databases import Databases


def rows(url: str, statement: str) -> list[tuple]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def test_every_test_gets_an_empty_database(database_url: str) -> None:
    assert sa.inspect(sa.create_engine(database_url, poolclass=sa.NullPool)).get_table_names() == []

    rows(database_url, "create table left_behind (id integer)")


def test_two_databases_do_not_see_each_other(database_kind, blank_database_url) -> None:
    first, second = blank_database_url(database_kind), blank_database_url(database_kind)
    rows(first, "create table only_here (id integer)")

    assert sa.inspect(sa.create_engine(second, poolclass=sa.NullPool)).get_table_names() == []


def test_copy_is_built_once_and_changes_alone(database_kind, copied_database_url) -> None:
    built: list[str] = []

    def build(url: str) -> None:
        built.append(url)
        rows(url, "create table thing (id integer)")
        rows(url, "insert into thing values (7)")

    first = copied_database_url("things", database_kind, build)
    second = copied_database_url("things", database_kind, build)
    rows(first, "delete from thing")

    assert rows(first, "select id from thing") == []
    assert rows(second, "select id from thing") == [(7,)]
    assert len(built) == 1


def test_text_sorts_by_code_point(database_url: str) -> None:
    values = "values ('b'), ('A'), ('a'), ('é'), ('Z'), ('中')"

    found = rows(database_url, f"select column1 from ({values}) as words order by 1")

    assert "".join(row[0] for row in found) == "AZabé中"


def test_lower_folds_beyond_ascii_on_postgres_only(database_url: str) -> None:
    """Nothing may rely on the database's lower(): sort and search keys are folded in Python."""
    folded = rows(database_url, "select lower('ÉÜA')")[0][0]

    assert folded == ("ÉÜa" if database_url.startswith("sqlite") else "éüa")


def test_postgres_speaks_utf8_whatever_the_system_says(blank_database_url) -> None:
    url = blank_database_url("postgres")
    statement = "select pg_encoding_to_char(encoding), datlocprovider, datlocale, version() from pg_database where datname = current_database()"

    encoding, provider, locale, version = rows(url, statement)[0]

    assert encoding == "UTF8"
    assert (provider, locale) == ("b", "C.UTF-8"), version


def test_dropped_database_leaves_no_file(databases: Databases) -> None:
    url = databases.blank("sqlite")
    path = sa.make_url(url).database
    engine = sa.create_engine(url)
    with closing(engine.raw_connection()) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table thing (id integer)")
        databases.drop(url)
    engine.dispose()

    from pathlib import Path

    assert not list(Path(path).parent.glob(Path(path).name + "*"))


def test_missing_service_fails_the_test_when_the_build_insists(monkeypatch) -> None:
    from crmframe.testing.databases import skip_or_fail

    monkeypatch.setenv("CRMFRAME_REQUIRE_SERVICES", "1")

    with pytest.raises(pytest.fail.Exception, match="forbids to skip"):
        skip_or_fail("no such service")
