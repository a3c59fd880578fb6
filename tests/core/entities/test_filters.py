"""The filter language: what it reads and what it refuses."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.filter_windows import window
from crmframe.core.errors import InvalidFilter
from tests.core.entities.shop import CONTEXT, TODAY, ZONE, make_schema, thing

WINDOWS = {
    "today": (TODAY, TODAY),
    "30d": (date(2026, 10, 23), TODAY),
    "next_2w": (TODAY, date(2026, 12, 6)),
    "this_month": (date(2026, 11, 1), date(2026, 11, 30)),
    "last_quarter": (date(2026, 7, 1), date(2026, 9, 30)),
    "next_year": (date(2027, 1, 1), date(2027, 12, 31)),
}
SCHEMA = make_schema()


# --- what is read -------------------------------------------------------------------------------------


def parse(*pairs: tuple[str, str], **options: Any) -> filters.Node | None:
    return filters.parse_params(SCHEMA, thing(SCHEMA), pairs, CONTEXT, **options)


def test_parameters_of_the_list_and_empty_ones_are_no_filter() -> None:
    assert parse(("order", "-price"), ("page", "2"), ("title", ""), ("color__in", " ")) is None
    assert filters.shape(None) is None
    assert filters.binds(None) == {}
    assert filters.to_params(None) == []
    assert filters.fields_of(SCHEMA, thing(SCHEMA), None) == []


def test_values_are_read_as_people_write_them() -> None:
    node = parse(("price__gte", "1,000"), ("color", "Dark blue"), ("maker", "7"), ("phone", "138 0013 8000"))

    assert node == filters.All(
        (
            filters.Condition("color", "eq", "dark_blue"),
            filters.Condition("maker_id", "eq", 7),
            filters.Condition("phone", "eq", "+8613800138000"),
            filters.Condition("price", "gte", "1000.00"),
        )
    )
    assert filters.binds(node) == {"f0": "dark_blue", "f1": 7, "f2": "+8613800138000", "f3": Decimal(1000)}


@pytest.mark.parametrize(
    ("pairs", "canonical"),
    [
        ([("color", "red"), ("color", "green")], [("color__in", "red,green")]),
        ([("color__in", "red"), ("color__in", "green,red")], [("color__in", "red,green")]),
        ([("title__in", "a\\,b,c\\\\")], [("title__in", "a\\,b,c\\\\")]),
        ([("tags", "new"), ("tags", "old")], [("tags__has", "new"), ("tags__has", "old")]),
        ([("note", "x")], [("note__contains", "x")]),
        ([("keeper__in", "me,9")], [("keeper_id__in", "me,9")]),
        ([("where", '{"or":[{"count":1},{"count__gte":5}]}')], [("where", '{"or":[{"field":"count","operator":"eq","value":1},{"field":"count","operator":"gte","value":5}]}')]),
        ([("where", '{"count":null}')], [("count__empty", "true")]),
        ([("active", "是")], [("active", "true")]),
        ([("at__gte", "2026/1/2")], [("at__gte", "2026-01-02")]),
        ([("maker.country", "cn")], [("maker_id.country", "cn")]),
    ],
)  # fmt: skip
def test_filter_has_one_canonical_form(pairs: Any, canonical: Any) -> None:
    assert filters.to_params(parse(*pairs)) == canonical


def test_field_named_like_a_parameter_of_the_list_is_asked_with_its_operator() -> None:
    assert filters.to_params(filters.Condition("format", "eq", "A4")) == [("format__eq", "A4")]


def test_order_of_conditions_does_not_make_another_statement() -> None:
    first = parse(("count", "1"), ("title", "a"))
    second = parse(("title", "b"), ("count", "2"))

    assert first != second
    assert filters.shape(first) == filters.shape(second)


def test_me_and_mine_are_bound_when_the_filter_is_read() -> None:
    assert filters.binds(parse(("keeper", "me"))) == {"f0": 3}
    assert filters.binds(parse(("crew", "mine"))) == {"f0": [5, 6]}
    nobody = filters.parse_params(
        SCHEMA, thing(SCHEMA), [("keeper", "me")], type(CONTEXT)(zone=ZONE, today=TODAY)
    )
    assert filters.binds(nobody) == {"f0": []}


@pytest.mark.parametrize(("text", "days"), WINDOWS.items())
def test_windows_are_days_of_the_workspace(text: str, days: tuple[date, date]) -> None:
    assert window(text, TODAY) == (days[0], days[1] + timedelta(days=1))


def test_months_end_where_they_end() -> None:
    assert window("1m", date(2026, 3, 31)) == (date(2026, 2, 28), date(2026, 4, 1))
    assert window("last_month", date(2026, 1, 15)) == (date(2025, 12, 1), date(2026, 1, 1))
    assert window("last_week", date(2026, 11, 22)) == (date(2026, 11, 9), date(2026, 11, 16))
    assert window("1y", date(2028, 2, 29)) == (date(2027, 2, 28), date(2028, 3, 1))
    assert window("0d", TODAY) is window("next", TODAY) is None


# --- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pair", "allowed"),
    [
        (("foo", "1"), "maker"),
        (("price__foo", "1"), "eq, ne, in, nin, lt, lte, gt, gte, empty"),
        (("title__gt", "1"), "contains"),
        (("price", "abc"), "1234.50"),
        (("color", "pink"), "red, green, dark_blue"),
        (("color__in", "red,pink"), "red, green, dark_blue"),
        (("color__in", ","), "red, green, dark_blue"),
        (("count", "9" * 30), "42"),
        (("secret", "x"), "title"),
        (("maker.secret", "x"), "maker.country"),
        (("maker.foo", "x"), "maker.country"),
        (("maker.maker.x", "1"), "maker.country"),
        (("keeper.login", "x"), "title"),
        (("foo.bar", "x"), "title"),
        (("at__within", "soon"), "30d"),
        (("at__within", "9999y"), "30d"),
        (("at__gte", "9999-12-31"), "2026-11-22T08:30:00Z"),
        (("day", "03/04/2026"), "2026-11-22"),
        (("keeper", "bob"), "7, me"),
        (("crew", "me"), "7, mine"),
        (("active", "maybe"), "true, false"),
        (("active__empty", "maybe"), "true, false"),
        (("title__contains", "\0"), "text"),
        (("title__contains", "x" * 501), "text"),
        (("title", "\ud800"), "text"),
        (("where", "{"), "and"),
        (("where", "[" * 100_000), "and"),
        (("where", "[]"), "and"),
        (("where", '{"or":[]}'), "and"),
        (("where", '{"or":{}}'), "and"),
        (("where", '{"field":"count","value":1,"x":1}'), "and"),
        (("where", '{"field":7}'), "and"),
        (("where", '{"field":"count","operator":["eq"]}'), "eq"),
        (("where", '{"count":{"a":1}}'), "42"),
        (("where", '{"count__gt":null}'), "42"),
        (("where", '{"color__in":[]}'), "red"),
        (("where", '{"color__in":[null]}'), "red"),
        (("x" * 5000, "1"), "title"),
    ],
)
def test_refusal_names_what_is_allowed(pair: tuple[str, str], allowed: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        parse(pair)

    assert allowed in caught.value.data["allowed"]
    assert "secret" not in caught.value.data["allowed"]
    assert len(caught.value.data["name"]) < 200


def test_filter_has_a_measure() -> None:
    deep: Any = {"count": 1}
    for _ in range(7):
        deep = {"not": deep}
    entity = thing(SCHEMA)
    assert filters.parse_json(SCHEMA, entity, deep, CONTEXT)

    for data, limit in (
        ({"not": deep}, "8 levels"),
        ({"or": [{"count": n} for n in range(101)]}, "100 conditions"),
        ({"count__in": list(range(1001))}, "1000 values"),
    ):
        with pytest.raises(InvalidFilter, match=limit):
            filters.parse_json(SCHEMA, entity, data, CONTEXT)


def test_field_that_may_not_be_read_is_as_good_as_none() -> None:
    def readable(entity: Entity) -> set[str]:
        return {"shop.thing": {"title", "maker_id"}, "shop.maker": {"country"}}[entity.name]

    assert parse(("title", "a"), ("maker.country", "cn"), readable=readable)
    assert parse(("title", "a"), readable={"title", "maker_id"})
    for pair, options in (
        (("price", "1"), {"readable": readable}),
        (("maker.rank", "1"), {"readable": readable}),
        (("maker.country", "cn"), {"readable": {"title", "maker_id"}}),
        (("maker.country", "cn"), {"readable": lambda entity: {"title", "country"}}),
        (("price__gte", "1"), {"readable": {"title"}}),
    ):
        with pytest.raises(InvalidFilter) as caught:
            parse(pair, **options)
        assert "price" not in caught.value.data["allowed"]
        assert "rank" not in caught.value.data["allowed"]


# --- what reaches the database ------------------------------------------------------------------------


def test_no_value_is_ever_part_of_the_sql() -> None:
    entity = thing(SCHEMA)
    canary, number = "canary'; drop", 987_654_321
    data = {"and": [{"title": canary}, {"title__contains": canary}, {"title__nin": [canary]}, {"count": number},
                    {"custom.region": canary}, {"maker.name__starts": canary}, {"count__in": [number, 1]}]}  # fmt: skip
    node = filters.parse_json(SCHEMA, entity, data, CONTEXT)
    assert node is not None
    sql = str(sa.select(entity.table.c.id).where(filters.clause(SCHEMA, entity, entity.table, node)))

    assert "canary" not in sql
    assert str(number) not in sql
    assert len(filters.binds(node)) == 7


def test_condition_of_a_field_that_is_gone_names_what_exists() -> None:
    entity = thing(SCHEMA)

    with pytest.raises(InvalidFilter) as caught:
        filters.clause(SCHEMA, entity, entity.table, filters.Condition("gone", "eq", 1))
    assert "title" in caught.value.data["allowed"]
