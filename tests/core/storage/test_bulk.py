"""Rows inserted by column are the rows that SQLAlchemy would have inserted, on both databases."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from crmframe.core.storage.bulk import Column, Constant, insert_columns
from crmframe.core.storage.engine import Database
from crmframe.core.storage.types import EncryptedText, Id, Instant, JsonText, Money
from crmframe.core.storage.violations import taken

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "id": [1, 2, 3],
    "word": ["a 'quoted\" one, with \\ and {}", "上海", None],
    "amount": [Decimal("12.3456"), None, Decimal(-(10**9))],
    "at": [NOON, None, NOON.astimezone(timezone(timedelta(hours=8)))],
    "day": [date(2026, 1, 2), date(1, 1, 1), None],
    "flag": [True, None, False],
    "custom": [{"b": [1, "x"], "a": None}, {}, None],
    "before": ["a name that SQL knows", None, "NULL"],
}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def things(database: Database) -> sa.Table:
    table = sa.Table(
        "things",
        sa.MetaData(),
        sa.Column("id", Id(), primary_key=True),
        sa.Column("word", sa.String(40)),
        sa.Column("amount", Money()),
        sa.Column("at", Instant()),
        sa.Column("day", sa.Date()),
        sa.Column("flag", sa.Boolean()),
        sa.Column("custom", JsonText()),
        sa.Column("before", sa.Text()),
        sa.Column("secret", EncryptedText("things.secret")),
        sa.Column("given", sa.String(20), server_default="by the database"),
    )
    with database.write() as connection:
        table.create(connection)
    return table


def insert(database: Database, things: sa.Table, columns: dict[str, Column], count: int = 3) -> list[Any]:
    with database.write() as connection:
        insert_columns(connection, things, columns, count)
    with database.read() as connection:
        return list(connection.execute(sa.select(things).order_by(things.c.id)).mappings())


def test_values_of_every_type_come_back(database: Database, things: sa.Table) -> None:
    found = insert(database, things, dict(VALUES))

    assert {name: [row[name] for row in found] for name in VALUES} == VALUES
    assert {row["given"] for row in found} == {"by the database"}


def test_constant_stands_in_every_row(database: Database, things: sa.Table) -> None:
    found = insert(database, things, {"id": [1, 2, 3], "at": Constant(NOON), "custom": Constant({"a": 1})})

    assert [(row["at"], row["custom"]) for row in found] == [(NOON, {"a": 1})] * 3


def test_text_that_is_too_long_is_refused_and_never_cut(database: Database, things: sa.Table) -> None:
    columns: dict[str, Column] = {"id": [1, 2, 3], "word": ["short", "x" * 41, "short"]}
    if database.dialect == "sqlite":  # which knows no lengths: the kinds of fields do
        assert insert(database, things, columns)[1]["word"] == "x" * 41
        return
    with pytest.raises(DBAPIError, match="too long"):
        insert(database, things, columns)


def test_equal_secrets_differ_when_encrypted(
    database: Database, things: sa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRMFRAME_ENCRYPTION_KEYS", f"1:{base64.b64encode(b'k' * 32).decode()}")
    found = insert(database, things, {"id": [1, 2, 3], "secret": ["the same", "the same", None]})
    with database.read() as connection:
        stored = list(connection.scalars(sa.text("SELECT secret FROM things ORDER BY id")))

    assert [row["secret"] for row in found] == ["the same", "the same", None]
    assert stored[0] != stored[1]


def test_clash_is_the_error_that_any_insert_raises(database: Database, things: sa.Table) -> None:
    with database.write() as connection:
        with pytest.raises(IntegrityError) as caught, connection.begin_nested():
            insert_columns(connection, things, {"id": [1, 2, 1]}, 3)
        insert_columns(connection, things, {"id": [1, 2, 3]}, 3)

    told = "1" if database.dialect == "postgresql" else ""
    assert taken(caught.value, things) == (("id",), told)
