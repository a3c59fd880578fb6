"""The verbs on sales orders: from a quote to what the customer bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, draw, records
from crmframe_sales.handover.notes import PARTS
from crmframe_sales.inputs import refused
from crmframe_sales.quotes.actions import copied_lines, lines_of, title_of
from crmframe_sales.quotes.amounts import net_of_lines
from crmframe_sales.quotes.inputs import Order, QuoteNotOpen, WrongOrderState
from crmframe_sales.quotes.models import DOCUMENT_FIELDS, SalesOrder, SalesOrderLine

QUOTE, ORDER, LINE, PURCHASE = "sales.quote", "sales.sales_order", "sales.sales_order_line", "core.purchase"
SERIES = "sales.order"
SOURCE = "sales order"
Record = Mapping[str, Any]


def order_quote(work: UnitOfWork, quote: Record, given: Order) -> int:
    """Make a draft order from an accepted quote, win its deal when asked to, and return the order's id.

    Raises:
        QuoteNotOpen: It was not accepted.
        WrongOrderState: It has an order already that was not cancelled.
    """
    if quote["status"] != "accepted":
        raise QuoteNotOpen(title=title_of(work, QUOTE, quote))
    table = SalesOrder.__table__
    held = sa.select(table.c.id, table.c.status).where(
        table.c.quote_id == quote["id"], table.c.status != "cancelled"
    )
    for row in work.rows(held):
        raise WrongOrderState(title=title_of(work, QUOTE, quote), status=row.status)
    values = {**{name: quote[name] for name in DOCUMENT_FIELDS}, "quote_id": quote["id"]}
    order = records.create(
        work, ORDER, {**values, "owner_id": quote["owner_id"], "team_id": quote["team_id"]}
    )
    records.create_many(work, LINE, copied_lines(lines_of(work, quote["id"]), "order_id", order["id"]))
    if given.win_deal and quote["deal_id"] is not None:
        _win(work, quote["deal_id"], given)
    return int(order["id"])


def confirm(work: UnitOfWork, order: Record, given: None) -> None:
    """Number a draft order and write its lines down as purchases of the customer.

    Raises:
        WrongOrderState: It is no draft.
        InvalidInput: It has no lines.
    """
    _refuse_unless(work, order, "draft")
    lines = order_lines(work, order["id"])
    if not lines:
        raise refused("", "no_lines", "An order without lines cannot be confirmed. Add a line first.")
    number = order["number"] or draw(work, SERIES)
    values = {"status": "confirmed", "confirmed_at": work.now, "number": number}
    records.write(work, ORDER, order["id"], values)
    rows = [
        {
            "customer_id": order["customer_id"],
            "product_id": line["product_id"],
            "quantity": line["quantity"],
            "amount": amount,
            "currency": order["currency"],
            "at": work.now,
            "source": SOURCE,
            "external_reference": f"{number}/{line['id']}",
        }
        for line, amount in zip(lines, net_of_lines(order, lines), strict=True)
    ]
    records.create_many(work, PURCHASE, rows)


def deliver(work: UnitOfWork, order: Record, given: None) -> None:
    """Note that a confirmed order was delivered. Raises WrongOrderState for another one."""
    _refuse_unless(work, order, "confirmed")
    records.write(work, ORDER, order["id"], {"status": "delivered", "delivered_at": work.now})


def close(work: UnitOfWork, order: Record, given: None) -> None:
    """Note that nothing is left to do for a delivered order. Raises WrongOrderState for another one."""
    _refuse_unless(work, order, "delivered")
    records.write(work, ORDER, order["id"], {"status": "closed", "closed_at": work.now})


def cancel(work: UnitOfWork, order: Record, given: None) -> None:
    """Cancel an order that is not completed; its purchases are taken back, its number stays used.

    Raises:
        WrongOrderState: It is completed or was cancelled before.
    """
    _refuse_unless(work, order, "draft", "confirmed", "delivered")
    bought = purchases_of(work, order)
    if bought:
        records.delete_many(work, PURCHASE, bought)
    records.write(work, ORDER, order["id"], {"status": "cancelled", "cancelled_at": work.now})


def purchases_of(work: UnitOfWork, order: Record) -> list[int]:
    """Return the ids of the purchases that an order made."""
    if order["number"] is None:
        return []
    names = [f"{order['number']}/{line['id']}" for line in order_lines(work, order["id"])]
    purchase = records.visible(work, PURCHASE)
    made = sa.select(purchase.c.id).where(
        purchase.c.external_reference.in_(names),
        purchase.c.source == SOURCE,
        purchase.c.customer_id == order["customer_id"],
    )
    return [row.id for row in work.rows(made)]


def order_lines(work: UnitOfWork, order_id: int) -> list[Record]:
    """Return the lines of an order in their order."""
    table = SalesOrderLine.__table__
    rows = work.rows(
        sa.select(table).where(table.c.order_id == order_id).order_by(table.c.position, table.c.id)
    )
    return [row._asdict() for row in rows]


def _win(work: UnitOfWork, deal_id: int, given: Order) -> None:
    deal = records.visible(work, "sales.deal")
    rows = work.rows(sa.select(deal.c.closed_at).where(deal.c.id == deal_id))
    if rows and rows[0].closed_at is None:
        note = given.model_dump(include=set(PARTS), exclude_none=True)
        records.run(work, "sales.deal", deal_id, "win", note)


def _refuse_unless(work: UnitOfWork, order: Record, *states: str) -> None:
    if order["status"] not in states:
        raise WrongOrderState(title=title_of(work, ORDER, order), status=order["status"])
