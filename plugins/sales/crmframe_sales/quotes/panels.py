"""The lines of a quote or an order beside it, in their order and with what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel.numbers import format_currency, format_decimal

from crmframe.api import ViewContext
from crmframe_sales import say
from crmframe_sales.quotes.amounts import totals_of
from crmframe_sales.quotes.whole import LINES, readable_lines

# What the sums are made of; somebody may not be allowed to read all of it.
NEEDED = {"currency", "discount_percent", "prices_include_tax"}


def lines_of_document(context: ViewContext) -> Mapping[str, Any] | None:
    """Return the panel of a document's lines; None for the usual list, which offers the first.

    It also takes over where some part of a line is hidden from the reader.
    """
    assert context.record is not None
    assert context.entity is not None
    document, work, locale = context.record, context.work, context.locale
    name, key, _ = LINES[context.entity.name]
    lines = readable_lines(work, context.entity.name, document["id"])
    if not lines or not document.keys() >= NEEDED:
        return None
    slug, currency, totals = work.schema.entity(name).slug, document["currency"], totals_of(document, lines)
    shown = [
        {
            "url": f"/{slug}/{line['id']}",
            "name": line["description"] or say(locale, "Line {number}", number=line["position"]),
            "count": f"{format_decimal(line['quantity'], locale=locale)} {line['unit'] or ''}".strip(),
            "price": format_currency(line["price"], currency, locale=locale),
            "amount": format_currency(amount, currency, locale=locale),
        }
        for line, amount in zip(lines, totals.amounts, strict=True)
    ]
    back = f"/{context.entity.slug}/{document['id']}"
    is_open = document.get("status") == "draft" and work.actor.may(f"{name}.create")
    return {
        "lines": shown,
        "total": format_currency(totals.total, currency, locale=locale),
        "new": f"/{slug}/new?{key}={document['id']}&back={back}" if is_open else "",
        "say": lambda msgid: say(locale, msgid),
    }
