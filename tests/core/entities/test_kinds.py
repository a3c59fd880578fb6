"""What each kind reads, refuses and gives back."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmframe.core.contributions import Choice
from crmframe.core.entities import kinds
from tests.core.entities.shop import CONTEXT

COMMA = dataclasses.replace(CONTEXT, decimal_comma=True)
COLOR = kinds.Choices("open", Choice("won", "Won it", "green"), "lost_deal", Choice("x", "Open"))
TAGS = kinds.MultiChoice("a", "b", "c,d")


def code_of(kind: kinds.Kind, raw: Any, context: kinds.ParseContext = CONTEXT) -> str:
    with pytest.raises(kinds.ValueProblem) as caught:
        kind.parse(raw, context)
    problem = caught.value
    assert problem.template.format(field="F", **problem.data)
    return problem.code


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        (kinds.Text(5), "  a b ", "a b"),
        (kinds.Text(5), "\u3000", None),
        (kinds.Text(5), "e\u0301", "é"),
        (kinds.Text(5), 42, "42"),
        (kinds.LongText(), "a\r\nb\tc", "a\nb\tc"),
        (kinds.Integer(), "1 234", 1234),
        (kinds.Integer(), "１２３４", 1234),
        (kinds.Integer(), "3.5万", 35000),
        (kinds.Integer(), 12.0, 12),
        (kinds.Integer(), "", None),
        (kinds.Integer(), 2**63 - 1, 2**63 - 1),
        (kinds.DecimalNumber(3), "1.5", Decimal("1.500")),
        (kinds.DecimalNumber(0), "1,234", Decimal(1234)),
        (kinds.Money(), "1,234.56", Decimal("1234.56")),
        (kinds.Money(), "$342.09K", Decimal(342090)),
        (kinds.Money(), "¥1,200", Decimal(1200)),
        (kinds.Money(), "￥1,200.00元", Decimal(1200)),
        (kinds.Money(), "-USD 5", Decimal(-5)),
        (kinds.Money(), "(1,200)", Decimal(-1200)),
        (kinds.Money(), "1.2亿", Decimal(120_000_000)),
        (kinds.Money(), 0.1, Decimal("0.1")),
        (kinds.Money(), "-0", Decimal(0)),
        (kinds.Boolean(), "是", True),
        (kinds.Boolean(), "NO", False),
        (kinds.Boolean(), 1, True),
        (kinds.Boolean(), "", None),
        (kinds.Date(), "2026-01-02", date(2026, 1, 2)),
        (kinds.Date(), "2026/1/2", date(2026, 1, 2)),
        (kinds.Date(), "2026年1月2日", date(2026, 1, 2)),
        (kinds.Date(), "20260102", date(2026, 1, 2)),
        (kinds.Date(), "02.01.2026", date(2026, 1, 2)),
        (kinds.Date(), "2026-01-02 00:00:00", date(2026, 1, 2)),
        (kinds.Instant(), "2026-01-02T03:04:05Z", utc(2026, 1, 2, 3, 4, 5)),
        (kinds.Instant(), "2026-01-02T03:04:05.5+08:00", utc(2026, 1, 1, 19, 4, 5, 500_000)),
        (kinds.Instant(), "2026-01-02 03:04", utc(2026, 1, 1, 19, 4)),
        (kinds.Instant(), "2026/1/2 3:04", utc(2026, 1, 1, 19, 4)),
        (kinds.Instant(), "2026年1月2日 13:30", utc(2026, 1, 2, 5, 30)),
        (kinds.Instant(), "2026-01-02", utc(2026, 1, 1, 16)),
        (kinds.Instant(), datetime(2026, 1, 2, tzinfo=ZoneInfo("Europe/Berlin")), utc(2026, 1, 1, 23)),
        (COLOR, "won", "won"),
        (COLOR, "WON IT", "won"),
        (COLOR, "Lost deal", "lost_deal"),
        (COLOR, "open", "open"),
        (COLOR, " ", None),
        (TAGS, "b;a", ["a", "b"]),
        (TAGS, "b，a", ["a", "b"]),
        (TAGS, ["b", "b"], ["b"]),
        (TAGS, "c,d", ["c,d"]),
        (TAGS, [], None),
        (kinds.Reference("core.customer"), "7", 7),
        (kinds.Reference("core.customer"), 2**63 - 1, 2**63 - 1),
        (kinds.AnyReference(), "sales.deal:07", "sales.deal:7"),
        (kinds.AnyReference(), {"entity": "sales.deal", "id": 7}, "sales.deal:7"),
        (kinds.Email(), " Ann.Lee+x@EXAMPLE.com", "Ann.Lee+x@example.com"),
        (kinds.Email(), "用户@例子.中国", "用户@例子.中国"),
        (kinds.Phone(), "138 0013 8000", "+8613800138000"),
        (kinds.Phone(), "１３８００１３８０００", "+8613800138000"),
        (kinds.Phone(), "+1 (650) 253-0000", "+16502530000"),
        (kinds.Phone(), "010-62345678", "+861062345678"),
        (kinds.Phone(), "021 6234 5678 ext. 12", "021 6234 5678 ext. 12"),
        (kinds.Phone(), "12345", "12345"),
        (kinds.Url(), "www.example.com/a?b", "https://www.example.com/a?b"),
        (kinds.Url(), "mailto:a@b.de", "mailto:a@b.de"),
        (kinds.Json(), '{"b":[1,null]}', {"b": [1, None]}),
        (kinds.Json(), {"a": "ü"}, {"a": "ü"}),
    ],
)
def test_kind_reads_what_people_and_programs_write(kind: kinds.Kind, raw: Any, expected: Any) -> None:
    value = kind.parse(raw, CONTEXT)

    assert value == expected
    assert type(value) is type(expected)
    assert kind.from_json(kind.to_json(value)) == value
    assert kind.parse(kind.to_json(value), CONTEXT) == value
    assert kind.parse(kind.to_text(value), CONTEXT) == value
    assert kind.parse(None, CONTEXT) is None


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        (kinds.Text(5), "abcdef", "too_long"),
        (kinds.Text(5), "a\0b", "bad_characters"),
        (kinds.Text(5), "a\nb", "bad_characters"),
        (kinds.Text(5), "\ud800", "bad_characters"),
        (kinds.Text(5), True, "not_text"),
        (kinds.Text(5), ["a"], "not_text"),
        (kinds.LongText(), "a\x07", "bad_characters"),
        (kinds.Integer(), "12.5", "not_an_integer"),
        (kinds.Integer(), 2**63, "out_of_range"),
        (kinds.Integer(), 10**400, "out_of_range"),
        (kinds.Integer(min=0, max=100), "101", "out_of_range"),
        (kinds.Integer(), "9" * 5000, "not_a_number"),
        (kinds.Integer(), True, "not_a_number"),
        (kinds.Integer(), "1 2", "not_a_number"),
        (kinds.Money(), "1.234,56", "not_a_number"),
        (kinds.Money(), "12,5", "not_a_number"),
        (kinds.Money(), "1e5", "not_a_number"),
        (kinds.Money(), "NaN", "not_a_number"),
        (kinds.Money(), float("inf"), "not_a_number"),
        (kinds.Money(), Decimal("NaN"), "not_a_number"),
        (kinds.Money(), "0.12345", "too_many_places"),
        (kinds.Money(), 10**14 + 1, "out_of_range"),
        (kinds.DecimalNumber(8), "92233720369", "out_of_range"),
        (kinds.Boolean(), "maybe", "not_a_boolean"),
        (kinds.Boolean(), 2, "not_a_boolean"),
        (kinds.Date(), "03/04/2026", "ambiguous_date"),
        (kinds.Date(), "2026-02-30", "not_a_date"),
        (kinds.Date(), "2026-01-02 10:00", "not_a_date"),
        (kinds.Date(), 20260102, "not_a_date"),
        (kinds.Instant(), "03/04/2026 10:00", "ambiguous_date"),
        (kinds.Instant(), "2026-01-02T25:00", "not_an_instant"),
        (kinds.Instant(), "9999-12-31T23:00:00-05:00", "not_an_instant"),
        (COLOR, "pink", "not_a_choice"),
        (TAGS, "a;pink", "not_a_choice"),
        (kinds.Reference("core.customer"), 0, "not_an_id"),
        (kinds.Reference("core.customer"), 2**63, "not_an_id"),
        (kinds.Reference("core.customer"), "Acme", "not_an_id"),
        (kinds.Reference("core.customer"), True, "not_an_id"),
        (kinds.AnyReference(), "deal:7", "not_a_link"),
        (kinds.AnyReference(), f"sales.deal:{2**63}", "not_a_link"),
        (kinds.Email(), "a@b", "not_an_email"),
        (kinds.Email(), "a b@c.de", "not_an_email"),
        (kinds.Email(), "\ud800@c.de", "not_an_email"),
        (kinds.Phone(), "call me", "not_a_phone"),
        (kinds.Url(), "javascript:alert(1)", "not_a_url"),
        (kinds.Url(), "http://[::1", "not_a_url"),
        (kinds.Url(), "https://a b.com", "not_a_url"),
        (kinds.Url(), "https://example.com/" + "x" * 2000, "too_long"),
        (kinds.Json(), "[1", "not_json"),
        (kinds.Json(), float("nan"), "not_json"),
        (kinds.Json(), {1: 2}, "not_json"),
        (kinds.Json(), {"a": "\0"}, "not_json"),
        (kinds.Json(), "[" * 100_000, "not_json"),
        (kinds.Json(), {"a": "x" * 70_000}, "too_large"),
    ],
)
def test_kind_refuses_with_a_code_and_a_way_out(kind: kinds.Kind, raw: Any, code: str) -> None:
    assert code_of(kind, raw) == code


def test_decimal_comma_is_a_matter_of_the_context() -> None:
    assert kinds.Money().parse("1.234,56", COMMA) == Decimal("1234.56")
    assert kinds.Money().parse("1.234", COMMA) == 1234
    assert kinds.Money().parse("1000.00", COMMA) == 1000
    assert code_of(kinds.Money(), "1,234.56", COMMA) == "not_a_number"


def test_json_may_be_twenty_levels_deep() -> None:
    deepest: Any = 1
    for _ in range(20):
        deepest = [deepest]

    assert kinds.Json().parse(deepest, CONTEXT) == deepest
    assert code_of(kinds.Json(), [deepest]) == "too_deep"
    for _ in range(100_000):
        deepest = [deepest]
    assert code_of(kinds.Json(), deepest) == "too_deep"
    assert code_of(kinds.Text(5), deepest) == "not_text"


def test_money_is_written_with_two_places_and_more_only_where_needed() -> None:
    texts = [kinds.Money().to_json(Decimal(text)) for text in ("1000", "0.5", "0.125", "0.0001", "-3")]

    assert texts == ["1000.00", "0.50", "0.125", "0.0001", "-3.00"]


def test_instants_in_json_sort_as_time_does() -> None:
    moments = [utc(2026, 1, 2, 3, 4, 5), utc(2026, 1, 2, 3, 4, 5, 1), utc(2026, 1, 2, 3, 4, 6)]
    texts = [kinds.Instant().to_json(moment) for moment in moments]

    assert texts == sorted(texts)
    assert texts[0] == "2026-01-02T03:04:05.000000Z"


def test_more_choices_arrive_behind_and_never_replace() -> None:
    more = COLOR.with_choices([Choice("won", "Stolen"), Choice("new", "Neu")])

    assert [choice.value for choice in more.choices] == ["open", "won", "lost_deal", "x", "new"]
    assert more.parse("Neu", CONTEXT) == "new"
    assert more.choice("won") == Choice("won", "Won it", "green")
    assert more.choice("gone") is None
    assert COLOR.schema()["enum"] == ["open", "won", "lost_deal", "x"]


def test_choices_can_be_read_from_stored_definitions() -> None:
    kind = kinds.Choices({"value": "n", "label": "North", "tone": "red"}, {"value": "s"})

    assert kind.choices == (Choice("n", "North", "red"), Choice("s", "s"))
    with pytest.raises(TypeError):
        kinds.Choices("")


def test_kinds_are_values() -> None:
    assert kinds.Choices("a", "b") == kinds.Choices("a", "b")
    assert (
        len({kinds.Text(5), kinds.Text(5), kinds.Text(6), kinds.LongText(5), TAGS, kinds.Choices("a")}) == 5
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        kinds.Text(5).max = 6  # type: ignore[misc]
    with pytest.raises(TypeError):
        kinds.DecimalNumber(12)


def test_reference_makes_its_constraint() -> None:
    optional = kinds.Reference("sales.lost_reason").foreign_key(required=False)
    required = kinds.Reference("sales.lost_reason").foreign_key(required=True)

    assert optional is not None
    assert required is not None
    assert optional.target_fullname == "sales_lost_reasons.id"
    assert (optional.ondelete, required.ondelete) == ("SET NULL", "CASCADE")
    assert kinds.Reference("core.user", key=False).foreign_key(required=True) is None
    assert kinds.Text().foreign_key(required=True) is None


EVERY_KIND = [
    kinds.Text(), kinds.LongText(), kinds.Integer(), kinds.DecimalNumber(3), kinds.Money(), kinds.Boolean(),
    kinds.Date(), kinds.Instant(), COLOR, TAGS, kinds.Reference("core.user"), kinds.AnyReference(), kinds.Email(),
    kinds.Phone(), kinds.Url(), kinds.Json(),
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(max_examples=150)
@given(
    st.sampled_from(EVERY_KIND), JSON | st.dates().map(str) | st.datetimes().map(str) | st.decimals().map(str)
)
def test_anything_is_read_or_refused_and_what_is_read_stays_what_it_is(kind: kinds.Kind, raw: Any) -> None:
    try:
        value = kind.parse(raw, CONTEXT)
    except kinds.ValueProblem:
        assert code_of(kind, raw)
        return

    assert kind.parse(value, CONTEXT) == value
    assert kind.parse(kind.to_json(value), CONTEXT) == value
    assert kind.from_json(kind.to_json(value)) == value
    assert value != ""


def test_every_kind_is_described() -> None:
    names = [kind.name for kind in EVERY_KIND]

    assert len(set(names)) == len(names)
    for kind in EVERY_KIND:
        assert kind.examples()
        assert isinstance(kind.schema(), dict)
        assert kind.column_type() is not None
        assert "empty" in kind.operators
