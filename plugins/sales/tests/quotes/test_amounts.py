"""What documents come to: the same in SQL and in Python, and what is printed adds up."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from crmframe.core import records
from crmframe_sales.quotes.actions import lines_of
from crmframe_sales.quotes.amounts import net_of_lines, places_of, shared_out, totals_of


def computed(desk: Any, quote: int) -> dict[str, Decimal]:
    record = desk.get("sales.quote", quote)
    return {name: record[name] for name in ("subtotal", "net", "tax", "total")}


def test_a_quote_with_two_tax_rates_and_discounts_adds_up(desk: Any) -> None:
    quote = desk.quote(
        {"quantity": "3", "price": "33.335", "discount_percent": "10", "tax_rate": "19"},
        {"quantity": "1.5", "price": "10", "discount_amount": "0.5", "tax_rate": "7"},
        discount_percent="2",
    )

    # 3 x 33.335 = 100.005, less 10 % = 90.0045 -> 90.00; 15 - 0.50 = 14.50; 2 % of each rate's lines
    assert computed(desk, quote) == {
        "subtotal": Decimal("104.50"),
        "net": Decimal("102.41"),
        "tax": Decimal("17.75"),
        "total": Decimal("120.16"),
    }


def test_prices_that_include_tax_stay_what_they_are(desk: Any) -> None:
    quote = desk.quote({"price": "119", "tax_rate": "19"}, prices_include_tax=True)

    assert computed(desk, quote) == {
        "subtotal": Decimal(119),
        "net": Decimal(100),
        "tax": Decimal(19),
        "total": Decimal(119),
    }


@pytest.mark.parametrize(("currency", "total"), [("JPY", "101"), ("EUR", "100.56"), ("KWD", "100.556")])
def test_a_line_is_rounded_to_the_smallest_unit_of_the_currency(desk: Any, currency: str, total: str) -> None:
    quote = desk.quote({"price": "100.5555", "tax_rate": "0"}, currency=currency)

    assert computed(desk, quote)["total"] == Decimal(total)


def test_sql_and_python_agree_on_random_documents(desk: Any) -> None:
    chance = random.Random(7)
    for _ in range(12):
        lines = [random_line(chance) for _ in range(chance.randrange(1, 6))]
        quote = desk.quote(
            *lines,
            currency=chance.choice(["EUR", "CNY", "JPY", "KWD"]),
            prices_include_tax=chance.random() < 0.5,
            discount_percent=f"{chance.choice([0, 3, 12.5, 33.33])}",
        )
        record = desk.get("sales.quote", quote)
        with desk.work(write=False) as work:
            held = lines_of(work, quote)
            amounts = [row["amount"] for row in map(line_of(work), held)]
        totals = totals_of(record, held)

        assert computed(desk, quote) == {
            "subtotal": totals.subtotal,
            "net": totals.net,
            "tax": totals.tax,
            "total": totals.total,
        }
        assert list(totals.amounts) == amounts
        assert totals.subtotal - totals.discount == (
            totals.total if record["prices_include_tax"] else totals.net
        )
        assert sum(net_of_lines(record, held)) == totals.net


def random_line(chance: random.Random) -> dict[str, str]:
    line = {
        "quantity": f"{chance.randrange(-5000, 900000) / 1000}",
        "price": f"{chance.randrange(0, 10 ** chance.randrange(3, 10)) / 10000}",
        "tax_rate": chance.choice(["0", "6", "7.7", "13", "19"]),
    }
    if chance.random() < 0.5:
        line["discount_percent"] = f"{chance.randrange(0, 10001) / 100}"
    if chance.random() < 0.2:
        line["discount_amount"] = "1.2345"
    return line


def line_of(work: Any) -> Any:
    return lambda row: records.get(work, "sales.quote_line", row["id"])


def test_shares_add_up_to_what_is_shared() -> None:
    cent = Decimal("0.01")
    assert shared_out(Decimal(100), [Decimal(1)] * 3, cent) == [
        Decimal("33.33"),
        Decimal("33.34"),
        Decimal("33.33"),
    ]
    assert shared_out(Decimal(5), [Decimal(0), Decimal(0)], cent) == [Decimal(5), Decimal(0)]
    assert (places_of("EUR"), places_of("JPY"), places_of("KWD")) == (2, 0, 3)
