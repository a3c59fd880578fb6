"""Batches of raw values."""

from __future__ import annotations

from decimal import Decimal

from crmframe.core.entities.values import parse_values
from tests.core.entities.shop import CONTEXT, make_schema, thing


def parse(*rows, partial=False):
    schema = make_schema()
    return parse_values(schema.fields(thing(schema)), rows, CONTEXT, partial=partial)


def codes(problems):
    return [(problem.row, problem.field, problem.code) for problem in problems]


def test_values_come_back_under_full_names() -> None:
    values, problems = parse(
        {"title": " A ", "maker": "7", "price": "1,000", "extra.level": 3, "custom.region": "E"}
    )

    assert problems == []
    assert values == [
        {"title": "A", "maker_id": 7, "price": Decimal(1000), "extra.level": 3, "custom.region": "E"}
    ]


def test_every_problem_of_every_row_is_reported_at_once() -> None:
    values, problems = parse(
        {"title": "", "price": "abc", "day": "03/04/2026"},
        {"title": "fine"},
        {"count": "x", "nonsense": 1},
        ["no", "record"],
    )

    assert codes(problems) == [
        (0, "title", "required"),
        (0, "price", "not_a_number"),
        (0, "day", "ambiguous_date"),
        (2, "count", "not_a_number"),
        (2, "nonsense", "unknown_field"),
        (2, "title", "required"),
        (3, "", "not_an_object"),
    ]
    assert len(values) == 4
    assert values[1] == {"title": "fine"}
    messages = [problem.message() for problem in problems]
    assert messages[1] == "Price: abc is not a number. Write it like 1,234.50."
    assert "maker" in messages[4]
    assert "secret" not in messages[4]
    assert "version" not in messages[4]


def test_update_leaves_alone_what_is_not_given_but_clears_nothing_required() -> None:
    assert parse({"count": None}, partial=True) == ([{"count": None}], [])
    _, problems = parse({"title": None}, partial=True)

    assert codes(problems) == [(0, "title", "required")]


def test_refused_value_of_a_required_field_is_one_problem_not_two() -> None:
    _, problems = parse({"title": "x" * 61})

    assert codes(problems) == [(0, "title", "too_long")]


def test_field_given_under_both_names_must_agree() -> None:
    assert parse({"title": "a", "maker": 7, "maker_id": "7"})[1] == []
    _, problems = parse({"title": "a", "maker": 7, "maker_id": 8})

    assert codes(problems) == [(0, "maker_id", "given_twice")]


def test_long_unknown_name_is_not_repeated_whole() -> None:
    _, problems = parse({"title": "a", "x" * 5000: 1})

    assert len(problems[0].field) == 100
