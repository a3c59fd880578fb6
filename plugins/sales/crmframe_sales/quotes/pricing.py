"""What a product costs a customer on a day, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales import say
from crmframe_sales.quotes.models import PriceBook, PriceBookEntry


@dataclass(frozen=True, slots=True)
class Price:
    """A price with where it comes from; ``price_book_id`` is None for the product's own."""

    price: Decimal
    price_book_id: int | None
    reason: str


def price_of(
    work: UnitOfWork, product_id: int, customer_id: int, *, quantity: Decimal, currency: str, day: date
) -> Price | None:
    """Return the price of one unit; None when neither a book nor the product has one in this currency.

    A book for the customer wins over one for its grade, and that over one for everybody. Within the same rank the
    entry for the largest quantity that is reached counts, then the lowest price. Otherwise it is the product's price.
    """
    customer = records.get(work, "core.customer", customer_id)
    found = [
        row
        for row in work.rows(
            _ENTRIES, {"product": product_id, "quantity": quantity, "money": currency, "day": day}
        )
        if _is_for(row, customer)
    ]
    if found:
        best = min(found, key=lambda row: (_rank(row), -row.min_quantity, row.price, row.id))
        return Price(best.price, best.id, _reason(work, best))
    product = records.get(work, "core.product", product_id)
    if product.get("price") is None or product.get("currency") not in (None, currency):
        return None
    return Price(product["price"], None, say(work.settings.locale, "Price of the product"))


def _entries() -> sa.Select[Any]:
    book, entry = PriceBook.__table__, PriceBookEntry.__table__
    day = sa.bindparam("day", type_=book.c.valid_from.type)
    return (
        sa.select(
            book.c.id, book.c.name, book.c.customer_id, book.c.grades, entry.c.min_quantity, entry.c.price
        )
        .join_from(entry, book, book.c.id == entry.c.price_book_id)
        .where(
            entry.c.product_id == sa.bindparam("product", type_=sa.BigInteger),
            entry.c.min_quantity <= sa.bindparam("quantity", type_=entry.c.min_quantity.type),
            book.c.currency == sa.bindparam("money", type_=sa.String),
            book.c.is_active,
            book.c.archived_at.is_(None),
            sa.or_(book.c.valid_from.is_(None), book.c.valid_from <= day),
            sa.or_(book.c.valid_until.is_(None), book.c.valid_until >= day),
        )
    )


def _is_for(row: Any, customer: Mapping[str, Any]) -> bool:
    if row.customer_id is not None:
        return bool(row.customer_id == customer["id"])
    return not row.grades or customer.get("grade") in row.grades


def _rank(row: Any) -> int:
    return 0 if row.customer_id is not None else 1 if row.grades else 2


def _reason(work: UnitOfWork, row: Any) -> str:
    sentence = "Price book {book}, from {quantity}" if row.min_quantity else "Price book {book}"
    return say(work.settings.locale, sentence, book=row.name, quantity=f"{row.min_quantity.normalize():f}")[
        :200
    ]


_ENTRIES = _entries()
