"""Each construct gives the same rows on SQLite and PostgreSQL."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core.storage import dialect
from crmframe.core.storage.engine import Database
from crmframe.core.storage.types import Id, Instant, JsonText, Money, Scaled

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORDS = ["Äpfel ÖL", "50% off_now", "back\\slash", "上海 Übersee", "ÉTÉ", "ΟΔΟΣ", "İstanbul", "plain", None]
CUSTOM = [
    {
        "t": "b",
        "n": 10,
        "d": "-0.50",
        "f": True,
        "on": "2026-01-02",
        "at": "2026-11-22T12:00:00.000000Z",
        "m": ["x", "y,z"],
    },
    {"t": "Ba", "n": 9, "d": "12.25", "f": False, "on": None, "m": []},
    {},
]


@pytest.fixture
def things() -> sa.Table:
    return sa.Table(
        "things",
        sa.MetaData(),
        sa.Column("id", Id(), primary_key=True),
        sa.Column("word", sa.String(40)),
        sa.Column("amount", Money()),
        sa.Column("at", Instant()),
        sa.Column("day", sa.Date()),
        sa.Column("flag", sa.Boolean()),
        sa.Column("custom", JsonText()),
    )


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def fill(connection: sa.Connection, things: sa.Table) -> None:
    things.create(connection)
    rows: list[dict[str, Any]] = [
        {"id": i, "word": word, "amount": None, "at": None, "day": None, "flag": None, "custom": {}}
        for i, word in enumerate(WORDS, 1)
    ]
    for row, custom in zip(rows, CUSTOM, strict=False):
        row |= {
            "amount": Decimal(f"{row['id']}.5"),
            "at": NOON,
            "day": NOON.date(),
            "flag": True,
            "custom": custom,
        }
    connection.execute(sa.insert(things), rows)


def ids(connection: sa.Connection, things: sa.Table, clause: Any, **values: Any) -> list[int]:
    return list(connection.scalars(sa.select(things.c.id).where(clause).order_by(things.c.id), values))


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("id", [3, 1, 99], [1, 3]),
        ("id", [], []),
        ("word", ["plain", "ÉTÉ"], [5, 8]),
        ("amount", [Decimal("1.5"), 3], [1]),
        ("at", [NOON], [1, 2, 3]),
        ("day", [date(2026, 11, 22)], [1, 2, 3]),
        ("flag", [True], [1, 2, 3]),
    ],
)
def test_set_is_one_parameter_of_any_type(
    database: Database, things: sa.Table, column: str, values: list[Any], expected: list[int]
) -> None:
    with database.write() as connection:
        fill(connection, things)

        assert ids(connection, things, dialect.in_set(things.c[column], "many"), many=values) == expected
        rest = ids(connection, things, dialect.not_in_set(things.c[column], "many"), many=values)
        filled = ids(connection, things, things.c[column].is_not(None))
        assert rest == [i for i in filled if i not in expected]


def test_large_set_stays_one_parameter(database: Database, things: sa.Table) -> None:
    with database.write() as connection:
        fill(connection, things)
        statement = sa.select(things.c.id).where(dialect.in_set(things.c.id, "many"))

        compiled = statement.compile(connection)
        assert list(compiled.params) == ["many"]
        assert len(connection.execute(statement, {"many": list(range(50_000))}).all()) == len(WORDS)


@pytest.mark.parametrize(
    ("needle", "expected"),
    [
        ("äpf", [1]),
        ("ÖL", [1]),
        ("été", [5]),
        ("über", [4]),
        ("海", [4]),
        ("%", [2]),
        ("_", [2]),
        ("F_N", [2]),
        ("\\", [3]),
        ("οδοσ", [6]),
        ("ISTAN", [7]),
        ("", [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_contains_ignores_case_and_takes_wildcards_literally(
    database: Database, things: sa.Table, needle: str, expected: list[int]
) -> None:
    with database.write() as connection:
        fill(connection, things)

        assert ids(connection, things, dialect.contains(things.c.word, "needle"), needle=needle) == expected


def test_starts_with_looks_at_the_beginning_only(database: Database, things: sa.Table) -> None:
    with database.write() as connection:
        fill(connection, things)

        assert ids(connection, things, dialect.starts_with(things.c.word, "n"), n="上海 ü") == [4]
        assert ids(connection, things, dialect.starts_with(things.c.word, "n"), n="fel") == []


def test_both_databases_fold_every_character_alike(database: Database) -> None:
    # A character newer than this Python's Unicode may be folded by a newer server.
    known = [
        chr(i) for i in range(1, sys.maxunicode + 1) if unicodedata.category(chr(i)) not in ("Cn", "Cs", "Co")
    ]
    blocks = ["".join(known[i : i + 5000]) for i in range(0, len(known), 5000)]
    column = sa.literal_column("word", sa.Text())
    table = sa.table("folded", column)
    with database.write() as connection:
        connection.execute(sa.text("CREATE TABLE folded (word text)"))
        connection.execute(
            sa.text("INSERT INTO folded VALUES (:word)"), [{"word": block} for block in blocks]
        )

        statement = sa.select(sa.func.count()).select_from(table).where(dialect.contains(column, "needle"))
        assert [connection.scalar(statement, {"needle": block}) for block in blocks] == [1] * len(blocks)


def test_set_of_ids_uses_the_index(database: Database, things: sa.Table) -> None:
    sql = str(sa.select(things.c.id).where(dialect.in_set(things.c.id, "many")).compile(database.engine))

    assert "= 1" not in sql
    assert "= true" not in sql


@pytest.mark.parametrize(
    ("key", "type_", "expected"),
    [
        ("t", "text", ["b", "Ba", None]),
        ("n", "integer", [10, 9, None]),
        ("d", Scaled(2), [Decimal("-0.50"), Decimal("12.25"), None]),
        ("f", "boolean", [True, False, None]),
        ("on", "date", [date(2026, 1, 2), None, None]),
        ("at", Instant(), [NOON, None, None]),
        ("m", "multi_choice", [["x", "y,z"], [], None]),
        ("unknown", "text", [None, None, None]),
    ],
)
def test_json_value_comes_back_typed(
    database: Database, things: sa.Table, key: str, type_: Any, expected: list[Any]
) -> None:
    with database.write() as connection:
        fill(connection, things)
        value = dialect.json_value(things.c.custom, key, type_)
        statement = sa.select(value).where(things.c.id <= 3).order_by(things.c.id)

        assert list(connection.scalars(statement)) == expected
        for wanted in [e for e in expected if e is not None and not isinstance(e, list)]:
            clause = value == sa.bindparam("wanted", type_=value.type)
            assert ids(connection, things, clause, wanted=wanted) == [expected.index(wanted) + 1]


def test_json_value_compares_by_value_and_sorts_by_bytes(database: Database, things: sa.Table) -> None:
    with database.write() as connection:
        fill(connection, things)
        number = dialect.json_value(things.c.custom, "n", "integer")
        price = dialect.json_value(things.c.custom, "d", Scaled(2))
        word = dialect.json_value(things.c.custom, "t", "text")

        assert ids(connection, things, number > sa.bindparam("n", type_=number.type), n=9) == [1]
        assert ids(connection, things, price < sa.bindparam("d", type_=price.type), d=Decimal(3)) == [1]
        order = sa.select(word).where(word.is_not(None)).order_by(word)
        assert list(connection.scalars(order)) == ["Ba", "b"]


@pytest.mark.parametrize(
    ("key", "type_"), [("n", "integer"), ("t", "text"), ("d", Scaled(2)), ("f", "boolean"), ("at", Instant())]
)
def test_json_value_is_found_by_an_index_on_it(
    database: Database, things: sa.Table, key: str, type_: Any
) -> None:
    with database.write() as connection:
        things.create(connection)
        value = dialect.json_value(things.c.custom, key, type_)
        sa.Index("things_by_value", value, things.c.id).create(connection)
        if database.dialect == "postgresql":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            explain = "EXPLAIN "
        else:
            explain = "EXPLAIN QUERY PLAN "

        statement = sa.select(things.c.id).where(value == sa.bindparam("v", type_=value.type))
        sample = {"n": 7, "t": "a", "d": Decimal(1), "f": True, "at": NOON}[key]
        compiled = statement.compile(connection)
        parameters = compiled.construct_params({"v": sample})
        processed = {k: compiled._bind_processors.get(k, lambda v: v)(v) for k, v in parameters.items()}
        given: Any = tuple(processed[k] for k in compiled.positiontup) if compiled.positional else processed
        plan = "\n".join(map(str, connection.exec_driver_sql(explain + str(compiled), given)))
        assert "things_by_value" in plan


def test_json_array_is_searched_by_member(database: Database, things: sa.Table) -> None:
    with database.write() as connection:
        fill(connection, things)
        tags = dialect.json_value(things.c.custom, "m", JsonText())

        assert ids(connection, things, dialect.json_has(tags, "tag"), tag="y,z") == [1]
        assert ids(connection, things, dialect.json_has(tags, "tag"), tag="y") == []


@pytest.mark.parametrize("key", ["a b", "a'", "", "a.b", 'x"'])
def test_json_key_that_could_break_out_is_refused(things: sa.Table, key: str) -> None:
    with pytest.raises(TypeError, match="cannot be a key"):
        dialect.json_value(things.c.custom, key, "text")


def test_decimal_needs_its_places(things: sa.Table) -> None:
    with pytest.raises(TypeError, match="column type"):
        dialect.json_value(things.c.custom, "d", "decimal")


def test_rows_given_as_one_parameter_can_be_joined(database: Database, things: sa.Table) -> None:
    columns = {
        "id": Id(),
        "word": sa.String(40),
        "amount": Money(),
        "at": Instant(),
        "day": sa.Date(),
        "flag": sa.Boolean(),
    }
    rows = dialect.rows_from_json("given", columns)
    given = [
        [1, 'ü\' "x"', Decimal("0.0001"), NOON, date(2026, 1, 2), False],
        [2, None, None, None, None, None],
        [77, "nobody", Decimal(-5), NOON, date(1999, 12, 31), True],
    ]
    with database.write() as connection:
        fill(connection, things)
        statement = sa.select(rows).join(things, things.c.id == rows.c.id).order_by(rows.c.id)

        assert [list(row) for row in connection.execute(statement, {"given": given})] == given[:2]
        assert connection.execute(sa.select(rows), {"given": []}).all() == []


def test_constructs_follow_an_alias(database: Database, things: sa.Table) -> None:
    other = things.alias()
    with database.write() as connection:
        fill(connection, things)
        inner = sa.select(other.c.id).where(
            dialect.in_set(other.c.id, "a"), dialect.contains(other.c.word, "b")
        )
        clause = sa.exists(inner.where(other.c.id == things.c.id).correlate(things))

        assert ids(connection, things, clause, a=[1, 2, 3], b="L") == [1, 3]


def test_lock_is_asked_for_where_rows_can_be_locked(database: Database, things: sa.Table) -> None:
    with database.write() as connection:
        fill(connection, things)
        statement = dialect.lock_rows(sa.select(things.c.id).where(things.c.id == 1))

        assert list(connection.scalars(statement)) == [1]
        assert ("FOR UPDATE" in str(statement.compile(connection))) == (database.dialect == "postgresql")


def test_older_servers_fold_with_icu(things: sa.Table) -> None:
    from sqlalchemy.dialects import postgresql

    older = postgresql.dialect()
    older.server_version_info = (15, 4)
    sql = str(sa.select(things.c.id).where(dialect.contains(things.c.word, "n")).compile(dialect=older))

    assert 'COLLATE "und-x-icu"' in sql
