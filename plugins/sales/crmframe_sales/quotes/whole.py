"""What a reader sees of a document: all that stands on it, or nothing, for its sums give away the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.api import CrmError, UnitOfWork, records
from crmframe_sales.quotes.actions import lines_of
from crmframe_sales.quotes.models import DOCUMENT_FIELDS, LINE_FIELDS
from crmframe_sales.quotes.orders import order_lines

Record = Mapping[str, Any]
# The lines of a document, what they name it by, and how all of them are read.
LINES: Mapping[str, tuple[str, str, Callable[[UnitOfWork, int], list[Record]]]] = {
    "sales.quote": ("sales.quote_line", "quote_id", lines_of),
    "sales.sales_order": ("sales.sales_order_line", "order_id", order_lines),
}
PRINTED = {"number", *DOCUMENT_FIELDS} - {"deal_id", "notes"}
OF_LINE = set(LINE_FIELDS) - {"price_reason"}
OF_OTHERS = {
    "core.customer": {"name", "tax_id"},
    "core.contact": {"name"},
    "core.address": {"street", "district", "city", "postal_code", "region", "country"},
}


class DocumentHidden(CrmError):
    """Some part of the document is hidden from the reader."""

    code = "document_hidden"
    status = 403
    template = (
        "Part of what stands on this document is hidden from you, so it is not shown. "
        "Ask an administrator for the right to read its lines, customer and contact."
    )
    domain = "sales"


def readable_lines(work: UnitOfWork, document: str, record_id: int) -> list[Record] | None:
    """Return the lines of a document in their order; None where the reader may not see all of each."""
    name, key, read = LINES[document]
    if not _reads(work, name, OF_LINE):
        return None
    found, line = read(work, record_id), records.visible(work, name)
    seen = work.scalar(sa.select(sa.func.count()).select_from(line).where(line.c[key] == record_id))
    return found if seen == len(found) else None


def whole_lines(work: UnitOfWork, document: str, record: Record) -> Sequence[Record]:
    """Return the lines of a document to whoever may see it as a whole.

    Raises:
        DocumentHidden: The reader may not see all that stands on it.
    """
    lines = readable_lines(work, document, record["id"])
    others = {"core.customer": record.get("customer_id"), "core.contact": record.get("contact_id")}
    if (
        lines is None
        or not _reads(work, document, PRINTED)
        or not all(_reads(work, name, fields) for name, fields in OF_OTHERS.items())
        or not all(records.titles(work, name, [key]) for name, key in others.items() if key)
    ):
        raise DocumentHidden
    return lines


def _reads(work: UnitOfWork, name: str, fields: set[str]) -> bool:
    return work.actor.may(f"{name}.read") and records.readable(work, name) >= fields
