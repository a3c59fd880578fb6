"""The verbs on quotes: sending, deciding, new versions, and what a deal or an order has to do with them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, draw, notify, records
from crmframe_sales.inputs import refused
from crmframe_sales.models import DealLine
from crmframe_sales.quotes.inputs import (
    Accept,
    AddLine,
    Decline,
    QuoteExpired,
    QuoteFrozen,
    QuoteNotOpen,
    Send,
)
from crmframe_sales.quotes.models import DOCUMENT_FIELDS, LINE_FIELDS, Quote, QuoteLine
from crmframe_sales.quotes.pricing import price_of

QUOTE, LINE = "sales.quote", "sales.quote_line"
SERIES = "sales.quote"
Record = Mapping[str, Any]


def quote_deal(work: UnitOfWork, deal: Record, given: None) -> int:
    """Make a draft quote from a deal and its lines, and return its id.

    Raises:
        InvalidInput: The deal has no customer.
    """
    if deal["customer_id"] is None:
        raise refused("customer_id", "required", "Name the customer of the deal first.")
    values = {
        "subject": deal["title"],
        "customer_id": deal["customer_id"],
        "contact_id": deal["contact_id"],
        "deal_id": deal["id"],
        "currency": deal["currency"] or work.settings.currency,
    }
    quote = records.create(work, QUOTE, values)
    table = DealLine.__table__
    lines = work.rows(
        sa.select(table).where(table.c.deal_id == deal["id"]).order_by(table.c.position, table.c.id)
    )
    rows = [
        {
            "quote_id": quote["id"],
            "product_id": line.product_id,
            "description": line.description or _name_of(work, line.product_id),
            "quantity": line.quantity,
            "price": line.price,
            "position": position,
        }
        for position, line in enumerate(lines, 1)
    ]
    if not rows and deal["amount"] is not None:
        rows = [
            {"quote_id": quote["id"], "description": deal["title"], "price": deal["amount"], "position": 1}
        ]
    if rows:
        records.create_many(work, LINE, rows)
    return int(quote["id"])


def add_line(work: UnitOfWork, quote: Record, given: AddLine) -> int:
    """Add a product to a draft at the price of the price books, and return the line's id.

    Raises:
        InvalidInput: There is no price for it.
    """
    refuse_frozen(work, quote)
    found = None
    if given.price is None:
        found = price_of(
            work,
            given.product_id,
            quote["customer_id"],
            quantity=given.quantity,
            currency=quote["currency"],
            day=work.today,
        )
        if found is None:
            template = "No price book and no product says what it costs in {currency}. Give the price."
            raise refused("price", "required", template, currency=quote["currency"])
    product = records.get(work, "core.product", given.product_id)
    values = {
        "quote_id": quote["id"],
        "product_id": given.product_id,
        "description": product["name"],
        "unit": product.get("unit"),
        "quantity": given.quantity,
        "price": found.price if found else given.price,
        "price_reason": found.reason if found else None,
        "discount_percent": given.discount_percent,
        "position": len(lines_of(work, quote["id"])) + 1,
    }
    return int(records.create(work, LINE, values)["id"])


def send(work: UnitOfWork, quote: Record, given: Send) -> None:
    """Freeze a draft, number it, and make the address under which the customer sees it.

    Raises:
        QuoteFrozen: It was sent before.
        InvalidInput: It has no lines, or would be past its last day.
    """
    refuse_frozen(work, quote)
    if not lines_of(work, quote["id"]):
        raise refused("", "no_lines", "A quote without lines cannot be sent. Add a line first.")
    days = work.setting("sales.quote_days")
    until = given.valid_until or quote["valid_until"] or work.today + timedelta(days=days)
    if until < work.today:
        raise refused("valid_until", "in_past", "The last day of the quote has passed. Choose a later one.")
    values = {
        "status": "sent",
        "sent_at": work.now,
        "valid_until": until,
        "number": quote["number"] or draw(work, SERIES),
        "link_key": secrets.token_urlsafe(32),
    }
    records.write(work, QUOTE, quote["id"], values)


def accept(work: UnitOfWork, quote: Record, given: Accept) -> None:
    """Note that the customer accepted the quote; a second time changes nothing.

    Raises:
        QuoteNotOpen: It was not sent, or was declined or replaced.
        QuoteExpired: Its last day has passed.
    """
    if quote["status"] == "accepted":
        return
    _refuse_not_open(work, quote)
    _decide(work, quote, {"status": "accepted"}, given)


def decline(work: UnitOfWork, quote: Record, given: Decline) -> None:
    """Note that the customer declined the quote; a second time changes nothing. Raises as ``accept``."""
    if quote["status"] == "declined":
        return
    _refuse_not_open(work, quote)
    _decide(work, quote, {"status": "declined", "decline_reason": given.reason or None}, given)


def revoke(work: UnitOfWork, quote: Record, given: None) -> None:
    """Let the customer's page disappear; the quote stays as it is."""
    records.write(work, QUOTE, quote["id"], {"link_key": None})


def new_version(work: UnitOfWork, quote: Record, given: None) -> int:
    """Copy a quote that was sent into a draft with the next version, and return its id; the old one is replaced.

    Raises:
        QuoteNotOpen: It is a draft, which can be changed as it is, or was accepted or replaced before.
    """
    if quote["status"] in ("draft", "accepted", "superseded"):
        raise QuoteNotOpen(title=title_of(work, QUOTE, quote))
    copied = {name: quote[name] for name in DOCUMENT_FIELDS}
    made = {
        **copied,
        "number": quote["number"],
        "revision": quote["revision"] + 1,
        "previous_id": quote["id"],
        "owner_id": quote["owner_id"],
        "team_id": quote["team_id"],
    }
    copy = records.create(work, QUOTE, made)
    records.create_many(work, LINE, copied_lines(lines_of(work, quote["id"]), "quote_id", copy["id"]))
    records.write(work, QUOTE, quote["id"], {"status": "superseded", "link_key": None})
    return int(copy["id"])


def lines_of(work: UnitOfWork, quote_id: int) -> list[Record]:
    """Return the lines of a quote in their order, whoever asks."""
    table = QuoteLine.__table__
    rows = work.rows(
        sa.select(table).where(table.c.quote_id == quote_id).order_by(table.c.position, table.c.id)
    )
    return [row._asdict() for row in rows]


def copied_lines(lines: Sequence[Record], key: str, document_id: int) -> list[dict[str, Any]]:
    """Return the values of the same lines in another document."""
    return [{**{name: line[name] for name in LINE_FIELDS}, key: document_id} for line in lines]


def refuse_frozen(work: UnitOfWork, quote: Record) -> None:
    """Raise QuoteFrozen when a quote is no draft."""
    if quote["status"] != "draft":
        raise QuoteFrozen(title=title_of(work, QUOTE, quote))


def title_of(work: UnitOfWork, entity: str, document: Record) -> str:
    """Return how a quote or an order is called in sentences that the actor reads."""
    return str(document.get("number") or records.name_of(work, entity, document))


def is_expired(work: UnitOfWork, quote: Record) -> bool:
    """Return whether the last day of a quote has passed, in the workspace's zone."""
    return quote["valid_until"] is not None and quote["valid_until"] < work.today


def quote_by_key(work: UnitOfWork, key: str) -> Record | None:
    """Return the quote whose customer's page has this secret, whoever asks."""
    table = Quote.__table__
    rows = work.rows(sa.select(table).where(table.c.link_key == key)) if len(key) == 43 else []
    return rows[0]._asdict() if rows else None


def _refuse_not_open(work: UnitOfWork, quote: Record) -> None:
    if quote["status"] != "sent":
        raise QuoteNotOpen(title=title_of(work, QUOTE, quote))
    if is_expired(work, quote):
        raise QuoteExpired(title=title_of(work, QUOTE, quote), day=quote["valid_until"])


def _decide(work: UnitOfWork, quote: Record, values: Mapping[str, Any], given: Accept | Decline) -> None:
    signed = {"accepted_by": given.name or work.actor.name, "accepted_from": given.seen_from or None}
    records.write(work, QUOTE, quote["id"], {"decided_at": work.now, **values, **signed})
    kind = f"sales.quote_{values['status']}"
    owners = [] if quote["owner_id"] is None else [quote["owner_id"]]
    notify(
        work,
        kind,
        owners,
        f"{QUOTE}:{quote['id']}",
        number=title_of(work, QUOTE, quote),
        name=signed["accepted_by"],
    )


def _name_of(work: UnitOfWork, product_id: int | None) -> str | None:
    return records.titles(work, "core.product", [product_id]).get(product_id) if product_id else None
