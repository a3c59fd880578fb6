"""Quotes: sent, frozen, decided, replaced; each step one operation that an undo takes back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.errors import InvalidInput, Vetoed
from crmframe_sales.quotes.inputs import QuoteExpired, QuoteFrozen, QuoteNotOpen, WrongOrderState

QUOTE, ORDER = "sales.quote", "sales.sales_order"


def test_sending_numbers_and_freezes_a_quote_and_an_undo_opens_it_again(desk: Any) -> None:
    quote = desk.sent()
    sent = desk.get(QUOTE, quote)
    [line] = desk.rows("sales.quote_line")

    assert sent["number"].startswith("Q-")
    assert sent["status"] == "sent"
    assert sent["valid_until"] is not None
    for change in ({"subject": "Other"}, {"discount_percent": "5"}):
        with pytest.raises(Vetoed), desk.work() as work:
            records.update(work, QUOTE, quote, change)
    for broken in (
        lambda work: records.update(work, "sales.quote_line", line["id"], {"price": "1"}),
        lambda work: records.delete(work, "sales.quote_line", line["id"]),
        lambda work: records.create(work, "sales.quote_line", {"quote_id": quote}),
        lambda work: records.delete(work, QUOTE, quote),
    ):
        with pytest.raises(Vetoed), desk.work() as work:
            broken(work)
    with pytest.raises(QuoteFrozen):
        desk.run(QUOTE, quote, "send")
    with desk.work() as work:
        records.update(work, QUOTE, quote, {"notes": "They called."})

    operation = desk.operation
    desk.undo(operation)
    assert desk.get(QUOTE, quote)["status"] == "draft"


def test_a_quote_without_lines_or_with_a_day_gone_by_is_not_sent(desk: Any) -> None:
    empty = desk.create(QUOTE, subject="Empty", customer_id=desk.sales.customer)
    with pytest.raises(InvalidInput) as no_lines:
        desk.run(QUOTE, empty, "send")
    assert [problem.code for problem in no_lines.value.problems] == ["no_lines"]
    quote = desk.quote()
    with pytest.raises(InvalidInput) as late:
        desk.run(QUOTE, quote, "send", valid_until="2001-01-01")
    assert [problem.code for problem in late.value.problems] == ["in_past"]


def test_accepting_twice_is_accepting_once_and_others_are_refused(desk: Any) -> None:
    quote = desk.sent()
    desk.run(QUOTE, quote, "accept", name="Erika Muster")
    accepted = desk.get(QUOTE, quote)
    desk.run(QUOTE, quote, "accept", name="Somebody else")

    assert (accepted["status"], accepted["accepted_by"]) == ("accepted", "Erika Muster")
    assert desk.get(QUOTE, quote)["version"] == accepted["version"]
    with pytest.raises(QuoteNotOpen):
        desk.run(QUOTE, quote, "decline")
    with pytest.raises(QuoteNotOpen):
        desk.run(QUOTE, quote, "new_version")


def test_a_quote_past_its_last_day_cannot_be_accepted_and_expires_by_night(desk: Any) -> None:
    quote = desk.sent()
    desk.sales.clock.advance(days=31)

    with pytest.raises(QuoteExpired):
        desk.run(QUOTE, quote, "accept")
    with desk.work() as work:
        desk.application.jobs["sales.expire_quotes"].run(work, {})
    assert desk.get(QUOTE, quote)["status"] == "expired"


def test_a_new_version_copies_replaces_and_is_undone_in_one(desk: Any) -> None:
    quote = desk.sent({"price": "100", "tax_rate": "19"}, {"price": "50", "tax_rate": "7"})
    copy = desk.run(QUOTE, quote, "new_version")
    made, old = desk.get(QUOTE, copy), desk.get(QUOTE, quote)

    assert (made["number"], made["revision"], made["status"]) == (old["number"], 2, "draft")
    assert (old["status"], made["previous_id"], made["total"]) == ("superseded", quote, old["total"])

    desk.undo(desk.operation)
    assert desk.get(QUOTE, quote)["status"] == "sent"
    assert [row["id"] for row in desk.rows(QUOTE)] == [quote]


def test_a_deal_becomes_a_quote_with_its_lines(desk: Any) -> None:
    deal = desk.sales.deal(amount="200")
    desk.create("sales.deal_line", deal_id=deal, description="Robot", quantity="2", price="100")
    quote = desk.run("sales.deal", deal, "quote")

    assert desk.get(QUOTE, quote)["subtotal"] == Decimal(200)
    assert desk.get(QUOTE, quote)["deal_id"] == deal


def test_an_accepted_quote_becomes_an_order_and_purchases_which_a_cancellation_takes_back(desk: Any) -> None:
    deal = desk.sales.deal(close_on="2030-01-01")
    quote = desk.sent(
        {"price": "100", "tax_rate": "19"},
        {"price": "50", "tax_rate": "7"},
        deal_id=deal,
        discount_percent="10",
    )
    with pytest.raises(QuoteNotOpen):
        desk.run(QUOTE, quote, "order")
    desk.run(QUOTE, quote, "accept")
    order = desk.run(QUOTE, quote, "order")
    with pytest.raises(WrongOrderState):
        desk.run(QUOTE, quote, "order")
    assert desk.sales.get(deal)["won_at"] is not None

    desk.run(ORDER, order, "confirm")
    confirmed = desk.operation
    bought = desk.rows("core.purchase")
    assert [row["amount"] for row in bought] == [Decimal(90), Decimal(45)]
    assert desk.get(ORDER, order)["number"].startswith("O-")
    desk.undo(confirmed)
    assert (desk.rows("core.purchase"), desk.get(ORDER, order)["status"]) == ([], "draft")

    desk.run(ORDER, order, "confirm")
    desk.run(ORDER, order, "deliver")
    with pytest.raises(WrongOrderState):
        desk.run(ORDER, order, "confirm")
    desk.run(ORDER, order, "cancel")
    assert (desk.rows("core.purchase"), desk.get(ORDER, order)["status"]) == ([], "cancelled")
    desk.undo(desk.operation)
    assert [row["id"] for row in desk.rows("core.purchase")] == [
        row["id"] for row in desk.rows("core.purchase")
    ]
    assert (len(desk.rows("core.purchase")), desk.get(ORDER, order)["status"]) == (2, "delivered")
    desk.run(ORDER, order, "close")
    with pytest.raises(WrongOrderState):
        desk.run(ORDER, order, "cancel")


def test_prices_come_from_the_book_that_fits_best_with_the_reason(desk: Any) -> None:
    product = desk.create("core.product", name="Gripper", price="100", currency="EUR")
    every = desk.create("sales.price_book", name="All", currency="EUR")
    own = desk.create("sales.price_book", name="Theirs", currency="EUR", customer_id=desk.sales.customer)
    old = desk.create("sales.price_book", name="Old", currency="EUR", valid_until="2001-01-01")
    for book, quantity, price in ((every, "0", "95"), (every, "10", "80"), (own, "5", "70"), (old, "0", "1")):
        desk.create(
            "sales.price_book_entry",
            price_book_id=book,
            product_id=product,
            min_quantity=quantity,
            price=price,
        )
    quote = desk.create(QUOTE, subject="Grippers", customer_id=desk.sales.customer, currency="EUR")
    for quantity in ("1", "5", "20"):
        desk.run(QUOTE, quote, "add_line", product_id=product, quantity=quantity)

    lines = desk.rows("sales.quote_line")
    assert [line["price"] for line in lines] == [Decimal(95), Decimal(70), Decimal(70)]
    assert [line["price_reason"] for line in lines][:2] == ["Price book All", "Price book Theirs, from 5"]
    other = desk.create("core.product", name="Unpriced")
    with pytest.raises(InvalidInput):
        desk.run(QUOTE, quote, "add_line", product_id=other)


@pytest.mark.parametrize(
    "line", [{"price": "1e13"}, {"discount_percent": "101"}, {"tax_rate": "-1"}, {"discount_amount": "1e13"}]
)
def test_lines_that_no_document_could_hold_are_refused(desk: Any, line: dict[str, str]) -> None:
    quote = desk.quote()
    with pytest.raises((Vetoed, InvalidInput)):
        desk.create("sales.quote_line", quote_id=quote, **line)
