"""What quotes and orders add to crmframe: tables of contents for ``crmframe_sales.plugin``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.api import (
    Action,
    Button,
    Job,
    NotificationKind,
    NumberSeries,
    Panel,
    Setting,
    UnitOfWork,
    ViewContext,
    kinds,
    records,
)
from crmframe_sales import say
from crmframe_sales.quotes import actions, orders
from crmframe_sales.quotes.inputs import Accept, AddLine, Decline, Order, Send
from crmframe_sales.quotes.models import ENTITIES, Quote
from crmframe_sales.quotes.panels import lines_of_document
from crmframe_sales.quotes.whole import LINES

QUOTE, ORDER = "sales.quote", "sales.sales_order"
GROUP = "Quotes and orders"


def expire(work: UnitOfWork, quote: Mapping[str, Any], given: None) -> None:
    """Note that the last day of a quote has passed without an answer; does nothing to others."""
    if quote["status"] == "sent" and actions.is_expired(work, quote):
        records.write(work, QUOTE, quote["id"], {"status": "expired"})


def expire_quotes(work: UnitOfWork, payload: Mapping[str, Any]) -> dict[str, int]:
    """Let sent quotes whose last day has passed expire; returns how many there were."""
    table = Quote.__table__
    late = sa.select(table.c.id).where(table.c.status == "sent", table.c.valid_until < work.today).limit(1000)
    ids = [row.id for row in work.rows(late)]
    for quote_id in ids:
        records.run(work, QUOTE, quote_id, "expire")
    return {"expired": len(ids)}


def buttons(context: ViewContext) -> Sequence[Button]:
    """Return the ways from a quote or order to its document and the customer's page."""
    record, entity = context.record, context.entity
    if record is None or entity is None or entity.name not in (QUOTE, ORDER):
        return ()
    kind = "quotes" if entity.name == QUOTE else "orders"
    path, read = f"/p/sales/{kind}/{record['id']}", f"{entity.name}.read"
    found = [
        Button("sales.print", say(context.locale, "Print"), f"{path}/document", permission=read),
        Button("sales.pdf", say(context.locale, "PDF"), f"{path}/document.pdf", permission=read),
    ]
    if entity.name == QUOTE and record.get("status") == "sent":
        found.append(
            Button("sales.link", say(context.locale, "Customer's page"), f"{path}/link", permission=read)
        )
    return found


ACTIONS = (
    Action("sales.deal", "quote", actions.quote_deal, "Make a quote", tone="blue", makes=QUOTE),
    Action(QUOTE, "add_line", actions.add_line, "Add a product", input=AddLine, filled={"sent_at": False}),
    Action(QUOTE, "send", actions.send, "Send the quote", input=Send, tone="blue", filled={"sent_at": False}),
    Action(
        QUOTE,
        "accept",
        actions.accept,
        "Accepted",
        input=Accept,
        tone="green",
        filled={"sent_at": True, "decided_at": False},
    ),
    Action(
        QUOTE,
        "decline",
        actions.decline,
        "Declined",
        input=Decline,
        tone="red",
        filled={"sent_at": True, "decided_at": False},
    ),
    Action(QUOTE, "new_version", actions.new_version, "New version", filled={"sent_at": True}, makes=QUOTE),
    Action(
        QUOTE,
        "revoke",
        actions.revoke,
        "Take the customer's page back",
        filled={"sent_at": True, "decided_at": False},
    ),
    Action(
        QUOTE,
        "order",
        orders.order_quote,
        "Make an order",
        input=Order,
        tone="green",
        filled={"decided_at": True},
        makes=ORDER,
    ),
    Action(QUOTE, "expire", expire, "Let it expire", button=False),
    Action(
        ORDER,
        "confirm",
        orders.confirm,
        "Confirm",
        tone="blue",
        filled={"confirmed_at": False, "cancelled_at": False},
    ),
    Action(
        ORDER,
        "deliver",
        orders.deliver,
        "Delivered",
        tone="teal",
        filled={"confirmed_at": True, "delivered_at": False, "cancelled_at": False},
    ),
    Action(
        ORDER,
        "close",
        orders.close,
        "Complete",
        tone="green",
        filled={"delivered_at": True, "closed_at": False, "cancelled_at": False},
    ),
    Action(
        ORDER,
        "cancel",
        orders.cancel,
        "Cancel the order",
        tone="red",
        filled={"closed_at": False, "cancelled_at": False},
    ),
)
SERIES = (
    NumberSeries(actions.SERIES, "Quotes", "Q-{year}-{number:05}", resets="yearly", gapless=False),
    NumberSeries(orders.SERIES, "Sales orders", "O-{year}-{number:05}", resets="yearly"),
)
SETTINGS = (
    Setting("sales.prices_include_tax", "Prices include tax", kinds.Boolean(), default=False, group=GROUP),
    Setting("sales.tax_rate", "Usual tax rate (%)", kinds.DecimalNumber(2), default=Decimal(0), group=GROUP),
    Setting(
        "sales.quote_days",
        "Quotes are valid for (days)",
        kinds.Integer(min=1, max=3650),
        default=30,
        group=GROUP,
    ),
    Setting("sales.terms", "Usual terms", kinds.LongText(), group=GROUP),
)
NOTIFICATIONS = (
    NotificationKind(
        "sales.quote_accepted",
        "A quote is accepted",
        "{name} accepted the quote {number}.",
        "green",
        "file-text",
        "now",
    ),
    NotificationKind(
        "sales.quote_declined",
        "A quote is declined",
        "{name} declined the quote {number}.",
        "red",
        "file-text",
        "now",
    ),
)
PANELS = tuple(
    Panel(
        f"{name}_lines",
        name,
        "Lines",
        lines_of_document,
        "sales/document_lines.html",
        f"{line}.read",
        shows=line,
    )
    for name, (line, *_) in LINES.items()
)
JOBS = (Job("sales.expire_quotes", expire_quotes, cron="10 0 * * *"),)

__all__ = ["ACTIONS", "ENTITIES", "JOBS", "NOTIFICATIONS", "PANELS", "SERIES", "SETTINGS", "buttons"]
