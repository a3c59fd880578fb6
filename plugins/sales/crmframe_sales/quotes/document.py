"""A quote or an order as it is printed: everything that stands on it, in the language of the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from crmframe.api import UnitOfWork
from crmframe_sales import say
from crmframe_sales.quotes.amounts import places_of, totals_of
from crmframe_sales.quotes.capital import LARGEST, capital_amount

CHINESE = "zh_Hans"
COMPANY = ("name", "address", "phone", "email", "website", "tax_id", "bank")
Record = Mapping[str, Any]


def document_of(work: UnitOfWork, kind: str, record: Record, lines: Sequence[Record]) -> dict[str, Any]:
    """Return what the template of a document shows; *kind* is quote or order."""
    language, currency = record["language"], record["currency"]
    totals = totals_of(record, lines)
    money = _Money(language, currency)
    day = record.get("sent_at") or record.get("confirmed_at") or record["created_at"]
    return {
        "kind": kind,
        "lang": "zh-Hans" if language == CHINESE else language,
        "language": language,
        "title": say(language, "Quote" if kind == "quote" else "Sales order"),
        "number": record["number"] or say(language, "Draft"),
        "revision": record.get("revision", 1),
        "subject": record["subject"],
        "day": format_date(day.astimezone(work.settings.zone).date(), "long", locale=language),
        "valid_until": _day(record.get("valid_until"), language),
        "company": {name: work.setting(f"core.company_{name}") or "" for name in COMPANY},
        "logo": "",
        "seal": "",
        "customer": _customer(work, record),
        "lines": [_line(line, amount, money) for line, amount in zip(lines, totals.amounts, strict=True)],
        "has_discounts": any(line["discount_percent"] or line["discount_amount"] for line in lines),
        "sums": _sums(record, totals, money, language),
        "total": money(totals.total),
        "capital": _capital(totals.total, currency, language),
        "terms": record["terms"] or "",
    }


class _Money:
    """Writes amounts of one currency in one language, always with its own number of digits."""

    def __init__(self, language: str, currency: str) -> None:
        self.language, self.currency = language, currency
        self.digits = "0" * places_of(currency)

    def __call__(self, amount: Decimal) -> str:
        return str(format_currency(amount, self.currency, locale=self.language))

    def plain(self, amount: Decimal) -> str:
        return str(
            format_decimal(amount, f"#,##0.{self.digits}" if self.digits else "#,##0", locale=self.language)
        )

    def price(self, amount: Decimal) -> str:
        return str(
            format_decimal(amount, f"#,##0.{self.digits}{'#' * (4 - len(self.digits))}", locale=self.language)
        )

    def number(self, amount: Decimal) -> str:
        return str(format_decimal(amount, "#,##0.####", locale=self.language))


def _line(line: Record, amount: Decimal, money: _Money) -> dict[str, str]:
    off = [f"{money.number(line['discount_percent'])} %"] if line["discount_percent"] else []
    off += [money.plain(line["discount_amount"])] if line["discount_amount"] else []
    return {
        "description": line["description"] or "",
        "quantity": money.number(line["quantity"]),
        "unit": line["unit"] or "",
        "price": money.price(line["price"]),
        "discount": " + ".join(off),
        "tax": f"{money.number(line['tax_rate'])} %",
        "amount": money.plain(amount),
    }


def _sums(record: Record, totals: Any, money: _Money, language: str) -> list[tuple[str, str]]:
    rows = [(say(language, "Subtotal"), money.plain(totals.subtotal))]
    if totals.discount:
        percent = money.number(record["discount_percent"])
        rows.append((say(language, "Discount {percent} %", percent=percent), money.plain(-totals.discount)))
    if not any(group.rate for group in totals.groups):
        return rows if totals.discount else []
    if not record["prices_include_tax"]:
        rows.append((say(language, "Net"), money.plain(totals.net)))
    sentence = "Tax {rate} % included, on {net}" if record["prices_include_tax"] else "Tax {rate} % on {net}"
    for group in totals.groups:
        text = say(language, sentence, rate=money.number(group.rate), net=money.plain(group.net))
        rows.append((text, money.plain(group.tax)))
    return rows


def _capital(total: Decimal, currency: str, language: str) -> str:
    """Return the amount in capital figures where they are asked for: Chinese documents in yuan."""
    return (
        capital_amount(total) if language == CHINESE and currency == "CNY" and abs(total) <= LARGEST else ""
    )


def _day(day: Any, language: str) -> str:
    return "" if day is None else format_date(day, "long", locale=language)


def _customer(work: UnitOfWork, record: Record) -> dict[str, str]:
    tables = work.registry.by_table
    customer, contact = tables["core_customers"].table, tables["core_contacts"].table
    address = tables["core_addresses"].table
    row = work.rows(sa.select(customer).where(customer.c.id == record["customer_id"]))[0]._asdict()
    person = work.scalar(sa.select(contact.c.name).where(contact.c.id == record["contact_id"]))
    found = work.rows(
        sa.select(address)
        .where(address.c.about == f"core.customer:{row['id']}")
        .order_by(address.c.is_primary.desc(), address.c.id)
        .limit(1)
    )
    return {
        "name": row["name"],
        "contact": person or "",
        "address": "\n".join(_address(found[0]._asdict(), record["language"])) if found else "",
        "tax_id": row.get("tax_id") or "",
    }


def _address(row: Record, language: str) -> list[str]:
    """Return the lines of an address: in Chinese from the large to the small, elsewhere from the street on."""
    part = {
        name: row[name] or "" for name in ("street", "district", "city", "postal_code", "region", "country")
    }
    if language == CHINESE:
        place = "".join(part[name] for name in ("region", "city", "district", "street"))
        lines = [part["country"], place, part["postal_code"]]
    else:
        place = f"{part['postal_code']} {part['city']}".strip()
        lines = [part["street"], part["district"], place, part["region"], part["country"]]
    return [line for line in lines if line]
