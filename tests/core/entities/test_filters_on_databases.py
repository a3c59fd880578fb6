"""Filters on real records: SQL and plain Python agree on every one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crmframe.core.entities import filters
from crmframe.core.entities.schema import Schema
from crmframe.core.storage.dialect import fold
from crmframe.core.storage.engine import Database
from tests.core.entities.shop import CONTEXT, SHOP, TODAY, ZONE, make_schema, thing

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
WINDOWS = {
    "today": (TODAY, TODAY),
    "30d": (date(2026, 10, 23), TODAY),
    "next_2w": (TODAY, date(2026, 12, 6)),
    "this_month": (date(2026, 11, 1), date(2026, 11, 30)),
    "last_quarter": (date(2026, 7, 1), date(2026, 9, 30)),
    "next_year": (date(2027, 1, 1), date(2027, 12, 31)),
}
TEXTS = [None, "Alpha", "alpha 100%", "Ärger_1", "ÄRGER", "上海 a,b", "back\\slash", "me"]
NUMBERS = [None, -3, 0, 1, 2, 10, 2**63 - 1]
DAYS = [None, *(TODAY + timedelta(days=n) for n in (-120, -31, -30, -1, 0, 1, 14, 15, 400))]
MOMENTS = [None, NOON, NOON.replace(hour=15, minute=59, second=59, microsecond=999_999), NOON.replace(hour=16),
           NOON - timedelta(days=30), NOON - timedelta(days=1), NOON + timedelta(days=50)]  # fmt: skip
POOLS: dict[str, list[Any]] = {
    "title": TEXTS[1:],
    "note": TEXTS,
    "count": [None, -3, 0, 1, 2, 10],
    "size": [None, Decimal("-0.125"), Decimal(0), Decimal("9.5"), Decimal("10.000")],
    "price": [None, Decimal(-1), Decimal("0.0001"), Decimal("99.90"), Decimal(10) ** 14],
    "active": [None, True, False],
    "day": DAYS,
    "at": MOMENTS,
    "color": [None, "red", "green", "dark_blue"],
    "tags": [None, ["new"], ["new", "old"], ["a,b"]],
    "maker_id": [None, 1, 2, 3, 4],
    "keeper_id": [None, 3, 4],
    "crew_id": [None, 5, 6, 7],
    "about": [None, "core.customer:7", "core.customer:70", "shop.maker:7"],
    "email": [None, "ann@example.com", "Bob@example.com"],
    "phone": [None, "+8613800138000", "12345"],
    "url": [None, "https://example.com/a_b"],
    "data": [None, {"a": 1}, [], "text"],
    "extra.level": [None, 1, 5],
    "custom.region": [None, "East", "Süd"],
    "custom.score": NUMBERS,
    "custom.seen": MOMENTS,
}
MAKERS = [
    {"id": 1, "name": "Ärger AG", "country": "de", "rank": 1},
    {"id": 2, "name": "上海厂", "country": "cn", "rank": None},
    {"id": 3, "name": "Nobody", "country": None, "rank": 5},
    {"id": 4, "name": "Unseen", "country": "cn", "rank": 9},
]
UNSEEN = 4
VISIBLE = SimpleNamespace(build=lambda frm: frm.c.id != sa.bindparam("unseen", type_=sa.BigInteger))


# --- the records, in Python and in the database -------------------------------------------------------


@pytest.fixture
def schema() -> Schema:
    return make_schema()


def records() -> list[dict[str, Any]]:
    dice = random.Random(20261122)
    return [
        {
            "id": i,
            "created_at": NOON - timedelta(days=i),
            **{n: dice.choice(pool) for n, pool in POOLS.items()},
        }
        for i in range(1, 61)
    ]


def fill(database: Database, schema: Schema) -> None:
    entity, maker, level = thing(schema), schema.entity("shop.maker"), schema.entity("extra.level")
    stamps = {"version": 1, "created_at": NOON, "created_by": None, "updated_at": NOON, "updated_by": None}
    rows, levels = [], []
    for record in records():
        own = {n: v for n, v in record.items() if "." not in n and n != "created_at"}
        custom = {
            f.custom_key: f.kind.to_json(record[n]) for n, f in schema.fields(entity).items() if f.custom_key
        }
        rows.append(stamps | own | {"secret": "x", "custom": custom, "created_at": record["created_at"]})
        if record["extra.level"] is not None:
            levels.append({**stamps, "id": record["id"], "level": record["extra.level"]})
    with database.write() as connection:
        SHOP.create_all(connection)
        connection.execute(sa.insert(maker.table), [{**stamps, "secret": None, **row} for row in MAKERS])
        connection.execute(sa.insert(entity.table), rows)
        connection.execute(sa.insert(level.table), levels)


@pytest.fixture
def database(database_url: str, schema: Schema) -> Iterator[Database]:
    opened = Database(database_url)
    fill(opened, schema)
    yield opened
    opened.close()


def found(database: Database, schema: Schema, node: filters.Node | None) -> list[int]:
    entity = thing(schema)
    statement = sa.select(entity.table.c.id).order_by(entity.table.c.id)
    statement = statement.select_from(schema.joined(entity, filters.fields_of(schema, entity, node)))
    if node is not None:
        statement = statement.where(filters.clause(schema, entity, entity.table, node, lambda _: VISIBLE))
    values = filters.binds(node) | ({"unseen": UNSEEN} if filters.targets(schema, entity, node) else {})
    with database.read() as connection:
        return list(connection.scalars(statement, values))


def expected(schema: Schema, node: filters.Node) -> list[int]:
    return [record["id"] for record in records() if holds(schema, node, record)]


def holds(schema: Schema, node: filters.Node, record: dict[str, Any]) -> bool:
    if isinstance(node, filters.All):
        return all(holds(schema, part, record) for part in node.nodes)
    if isinstance(node, filters.Any):
        return any(holds(schema, part, record) for part in node.nodes)
    if isinstance(node, filters.Not):
        return not holds(schema, node.node, record)
    entity, name, value = thing(schema), node.field, value_at(record, node.field)
    head, _, rest = name.partition(".")
    field = (
        schema.fields(schema.entity("shop.maker"))[rest]
        if head == "maker_id" and rest
        else schema.field(entity, name)
    )
    return ask(field.kind, node.operator, value, node.value)


def value_at(record: dict[str, Any], name: str) -> Any:
    if name == "twice":
        return None if record["count"] is None else record["count"] * 2
    if name.startswith("maker_id."):
        seen = [maker for maker in MAKERS if maker["id"] == record["maker_id"] != UNSEEN]
        return seen[0][name.removeprefix("maker_id.")] if seen else None
    return record[name]


def ask(kind: Any, operator: str, value: Any, asked: Any) -> bool:
    if operator == "empty":
        return (value is None) == asked
    if operator in ("ne", "nin"):
        return not ask(kind, {"ne": "eq", "nin": "in"}[operator], value, asked)
    if operator == "in":
        return any(ask(kind, "eq", value, item) for item in asked)
    return value is not None and ask_filled(kind, operator, value, asked)


def ask_filled(kind: Any, operator: str, value: Any, asked: Any) -> bool:
    if operator == "has":
        return asked in value
    if operator == "contains":
        return (fold(asked) or "") in (fold(value) or "")
    if operator == "starts":
        return (fold(value) or "").startswith(fold(asked) or "")
    if asked in ("me", "mine") and kind.name == "reference":
        return value in {"me": [3], "mine": [5, 6]}[asked]
    return compare(kind, operator, value, asked)


def compare(kind: Any, operator: str, value: Any, asked: Any) -> bool:
    if operator == "within":
        first, last = WINDOWS[asked]
        return first <= (value.astimezone(ZONE).date() if kind.name == "instant" else value) <= last
    if asked == "today":
        asked = TODAY.isoformat()
    if kind.name == "instant" and len(asked) == 10:
        value, other = value.astimezone(ZONE).date(), date.fromisoformat(asked)
    else:
        other = kind.from_json(asked)
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "eq": lambda a, b: a == b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
    }
    return tests[operator](value, other)


# --- filters drawn at random --------------------------------------------------------------------------

NAMES = {
    **POOLS,
    "twice": [-6, 0, 2, 4],
    "created_at": MOMENTS,
    "id": [1, 7, 60, 99],
    "maker.name": ["Ärger AG", "上海厂"],
    "maker.country": ["cn", "de"],
    "maker.rank": [1, 5, 9],
}
SCHEMA = make_schema()


def kind_of(name: str) -> Any:
    head, _, rest = name.partition(".")
    if head == "maker":
        return SCHEMA.fields(SCHEMA.entity("shop.maker"))[rest].kind
    return SCHEMA.field(thing(SCHEMA), name).kind


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(NAMES)))
    kind = kind_of(name)
    operator = draw(st.sampled_from(kind.operators))
    pool = [kind.to_json(value) for value in NAMES[name] if value is not None]
    if kind.name == "reference":
        pool += {"core.user": ["me"], "core.team": ["mine"]}.get(kind.entity, [])
    elif kind.name in ("date", "instant"):
        pool += ["today", "2026-11-21"]
    if operator == "empty":
        value: Any = draw(st.booleans())
    elif operator == "within":
        value = draw(st.sampled_from(sorted(WINDOWS)))
    elif operator in ("in", "nin"):
        pool = [item for item in pool if item not in {"today", "2026-11-21"}]
        value = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4))
    elif operator in ("contains", "starts"):
        text = draw(st.sampled_from([str(item) for item in pool] + ["ä", "%", "_", "\\", "海"]))
        value = text[: draw(st.integers(1, 20))].strip() or "a"
    elif operator == "has":
        value = draw(st.sampled_from(["new", "old", "a,b"]))
    else:
        value = draw(st.sampled_from(pool))
    return {"field": name, "operator": operator, "value": value}


def depth(data: Any) -> int:
    parts = [data["not"]] if "not" in data else data.get("and") or data.get("or") or []
    return 1 + max(map(depth, parts), default=0)


FILTERS = st.recursive(
    questions(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda nodes: {"and": nodes})
        | st.lists(inner, min_size=1, max_size=3).map(lambda nodes: {"or": nodes})
        | inner.map(lambda node: {"not": node})
    ),
    max_leaves=6,
).filter(lambda data: depth(data) <= 8)


@settings(max_examples=150)
@given(data=FILTERS)
def test_database_and_python_agree_on_every_record(database: Database, schema: Schema, data: Any) -> None:
    node = filters.parse_json(schema, thing(schema), data, CONTEXT)
    assert node is not None

    assert found(database, schema, node) == expected(schema, node)


@settings(max_examples=200)
@given(data=FILTERS)
def test_filter_comes_back_from_parameters_and_from_json(data: Any) -> None:
    entity = thing(SCHEMA)
    node = filters.parse_json(SCHEMA, entity, data, CONTEXT)
    assert node is not None
    wire = json.loads(json.dumps(filters.to_json(node)))

    back = filters.parse_params(SCHEMA, entity, filters.to_params(node), CONTEXT)
    assert back == node
    assert filters.parse_json(SCHEMA, entity, wire, CONTEXT) == node
    assert filters.shape(back) == filters.shape(node)
    assert filters.binds(back) == filters.binds(node)
    hash(filters.shape(node))


# --- filters made by code, and other entities ---


def test_conditions_can_be_made_by_code(database: Database, schema: Schema) -> None:
    node = filters.All(
        (filters.Condition("maker_id", "in", {1, 2}), filters.Condition("price", "gt", Decimal(0)), filters.Condition("day", "ne", None))
    )  # fmt: skip
    wanted = [
        r["id"]
        for r in records()
        if r["maker_id"] in (1, 2) and (r["price"] or 0) > 0 and r["day"] is not None
    ]

    assert found(database, schema, node) == wanted
    with pytest.raises(TypeError, match="parse_json"):
        filters.shape(filters.Condition("at", "within", "30d"))


def test_records_that_may_not_be_seen_answer_like_none(database: Database, schema: Schema) -> None:
    entity = thing(schema)
    for operator, value in (
        ("eq", "cn"),
        ("ne", "cn"),
        ("empty", True),
        ("empty", False),
        ("nin", ["cn", "de"]),
    ):
        node = filters.parse_json(schema, entity, {f"maker.country__{operator}": value}, CONTEXT)
        assert node is not None
        ids = found(database, schema, node)
        of_unseen = {r["id"] for r in records() if r["maker_id"] == UNSEEN}
        of_none = {r["id"] for r in records() if r["maker_id"] is None}

        assert of_unseen
        assert (of_unseen <= set(ids)) == (of_none <= set(ids))
        assert [target.name for target in filters.targets(schema, entity, node)] == ["shop.maker"]
