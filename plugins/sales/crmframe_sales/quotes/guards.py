"""What may not be done to quotes, orders and their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.api import Change, Veto, records
from crmframe_sales.quotes.models import Quote, SalesOrder

LARGEST = Decimal(10**12)
# Lines: the field that names their document, its entity and table.
LINES: Mapping[str, tuple[str, str, Any]] = {
    "sales.quote_line": ("quote_id", "sales.quote", Quote.__table__),
    "sales.sales_order_line": ("order_id", "sales.sales_order", SalesOrder.__table__),
}
# The cause of the operation that removes the sample company; no door lets a user set one.
SAMPLE_REMOVAL = "core.remove_sample"
DOCUMENTS = ("sales.quote", "sales.sales_order")
# What says nothing about the offer itself.
LOOSE = frozenset({"owner_id", "team_id", "notes", "deal_id"})
FROZEN = "{title} was sent or confirmed and stays as it is. Make a new version, or cancel it."


def guard_documents(change: Change) -> None:
    """Refuse changes of what was sent or confirmed, and amounts that no document could hold.

    The sample company's documents may go with it: its removal deletes nothing but what the journal calls sample.
    """
    if change.verb == "delete" and change.work.journal.origin.cause == SAMPLE_REMOVAL:
        return
    if change.entity.name in LINES:
        _guard_lines(change)
    elif change.entity.name in DOCUMENTS:
        _guard_documents(change)


def _guard_lines(change: Change) -> None:
    key, whole, table = LINES[change.entity.name]
    documents = {row.get(key) for row in (*change.before.values(), *change.after)} - {None}
    acts = change.work.acting is not None and change.work.acting.plugin == "sales"
    frozen = sa.select(table.c.id, table.c.subject, table.c.number).where(
        table.c.id.in_(documents), table.c.status != "draft"
    )
    for row in () if acts else change.work.rows(frozen):
        raise Veto(FROZEN, title=row.number or records.name_of(change.work, whole, row._asdict()))
    for line in _complete(change):
        percent, amount = line.get("discount_percent") or 0, line["quantity"] * line["price"]
        if not 0 <= percent <= 100 or not 0 <= line["tax_rate"] <= 100:
            raise Veto("Discounts and taxes are percentages: between 0 and 100.", field="discount_percent")
        if abs(amount) > LARGEST or abs(line.get("discount_amount") or 0) > LARGEST:
            template = "{amount} is more than a line can be, {most}. Split the line."
            raise Veto(template, amount=amount, most=LARGEST)


def _guard_documents(change: Change) -> None:
    for document in _complete(change):
        if not 0 <= (document.get("discount_percent") or 0) <= 100:
            raise Veto("Discounts and taxes are percentages: between 0 and 100.", field="discount_percent")
    if change.work.acting is not None and change.work.acting.plugin == "sales":
        return
    after = change.after or [{}] * len(change.ids)
    for record_id, values in zip(change.ids, after, strict=False):
        row = change.before[record_id]
        is_deleted = change.verb == "delete"
        if row["status"] != "draft" and (is_deleted or not LOOSE.issuperset(values)):
            raise Veto(FROZEN, title=row["number"] or records.name_of(change.work, change.entity.name, row))


def _complete(change: Change) -> Iterator[Mapping[str, Any]]:
    if change.verb == "delete":
        return
    if not change.ids:
        yield from change.after
        return
    for record_id, values in zip(change.ids, change.after, strict=False):
        yield {**change.before[record_id], **values}
