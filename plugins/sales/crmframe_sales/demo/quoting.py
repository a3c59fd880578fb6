"""The quotes and orders that belong to the deals of the sample company."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales.quotes.actions import lines_of

QUOTE, LINE, ORDER, DEAL = "sales.quote", "sales.quote_line", "sales.sales_order", "sales.deal"
SERVICE = {"zh_Hans": "安装、调试与培训", "en": "Installation, commissioning and training"}
TERMS = {
    "zh_Hans": "付款方式：合同签订后预付30%，发货前付60%，验收合格后付10%。交货期：六周。质保期：十二个月。",
    "en": "Payment: 30 % with the order, 60 % before dispatch, 10 % after acceptance. Delivery: six weeks. Warranty: 12 months",
}
REFUSALS = {
    "zh_Hans": "价格超出今年预算，明年再议。",
    "en": "The price is beyond this year's budget",
}
WORTH = {"CNY": 1.0, "USD": 0.14, "EUR": 0.13, "GBP": 0.11}


def lines_for(work: UnitOfWork, deal: dict[str, Any], product: str, language: str) -> None:
    """Give a deal lines that come to its amount: so many of the product, and the work around it."""
    visible = records.visible(work, "core.product")
    wanted = sa.select(visible.c.id, visible.c.price, visible.c.name).where(visible.c.code == product)
    [row] = work.rows(wanted)
    amount = Decimal(deal["amount"])
    price = round(row.price * Decimal(str(WORTH[deal["currency"]])), 2)
    count = int(amount * 9 / 10 / price)
    rest = amount - count * price
    rows: list[dict[str, Any]] = []
    if count:
        rows.append({"product_id": row.id, "description": row.name, "quantity": count, "price": str(price)})
    rows.append({"description": SERVICE[language], "quantity": 1, "price": str(rest)})
    placed = [{**each, "deal_id": deal["id"], "position": place} for place, each in enumerate(rows, 1)]
    records.create_many(work, "sales.deal_line", placed)


def draft(work: UnitOfWork, deal: int, random: Random) -> int:
    """Make a quote of a deal, in the customer's language, and return its id."""
    quote = int(records.run(work, DEAL, deal, "quote"))
    language = _language(work, deal)
    values: dict[str, Any] = {"language": language, "terms": TERMS[language]}
    if language == "zh_Hans":
        # Sold at home, with the tax in the price, so that the deal is worth what it was.
        values["prices_include_tax"] = True
        records.update_many(work, LINE, {line["id"]: {"tax_rate": "13"} for line in lines_of(work, quote)})
    if random.random() < 0.3:
        values["discount_percent"] = random.choice(("2", "3", "5"))
    records.update(work, QUOTE, quote, values)
    return quote


def send(work: UnitOfWork, deal: int, random: Random, days: int) -> None:
    """Send a quote of a deal to its customer, valid so many days."""
    valid_until = (work.today + timedelta(days=days)).isoformat()
    records.run(work, QUOTE, draft(work, deal, random), "send", {"valid_until": valid_until})


def improve(work: UnitOfWork, deal: int, days: int) -> None:
    """Send the next version of a deal's quote, a little cheaper, valid so many days."""
    for quote in _open(work, deal):
        better = int(records.run(work, QUOTE, quote, "new_version"))
        records.update(work, QUOTE, better, {"discount_percent": "6"})
        valid_until = (work.today + timedelta(days=days)).isoformat()
        records.run(work, QUOTE, better, "send", {"valid_until": valid_until})


def accept(work: UnitOfWork, deal: int) -> bool:
    """Accept the quote of a deal, if it is in time, and confirm the order, which wins the deal; says whether it was."""
    for quote in _open(work, deal):
        records.run(work, QUOTE, quote, "accept", {"name": _contact(work, deal)})
        order = int(records.run(work, QUOTE, quote, "order", {"win_deal": True}))
        records.run(work, ORDER, order, "confirm")
        return True
    return False


def decline(work: UnitOfWork, deal: int) -> None:
    """Note that the customer does not want it."""
    given = {"name": _contact(work, deal), "reason": REFUSALS[_language(work, deal)]}
    for quote in _open(work, deal):
        records.run(work, QUOTE, quote, "decline", given)


def expire(work: UnitOfWork, deal: int) -> None:
    """Let the quotes of a deal expire whose last day has passed."""
    for quote in _quotes(work, deal, late=True):
        records.run(work, QUOTE, quote, "expire")


def go_on(work: UnitOfWork, deal: int, verb: str) -> None:
    """Take the order of a deal one step on."""
    visible = records.visible(work, ORDER)
    for row in work.rows(sa.select(visible.c.id).where(visible.c.deal_id == deal)):
        records.run(work, ORDER, row.id, verb)


def _open(work: UnitOfWork, deal: int) -> Sequence[int]:
    return _quotes(work, deal, late=False)


def _quotes(work: UnitOfWork, deal: int, *, late: bool) -> Sequence[int]:
    visible = records.visible(work, QUOTE)
    wanted = sa.select(visible.c.id, visible.c.valid_until).where(
        visible.c.deal_id == deal, visible.c.status == "sent"
    )
    return [row.id for row in work.rows(wanted) if (row.valid_until < work.today) == late]


def _language(work: UnitOfWork, deal: int) -> str:
    customer = records.get(work, DEAL, deal, columns=("customer_id",))["customer_id"]
    spoken = records.get(work, "core.customer", customer, columns=("language",))["language"]
    return "zh_Hans" if spoken == "zh_Hans" else "en"


def _contact(work: UnitOfWork, deal: int) -> str:
    contact = records.get(work, DEAL, deal, columns=("contact_id",))["contact_id"]
    return records.titles(work, "core.contact", [contact]).get(contact, "") if contact else ""
