"""What documents come to, exactly: in SQL for lists and pages, in Python for what is printed and shared out.

Money is exact to 1/10,000. The amount of a line is rounded to the smallest unit of the currency, half away from zero;
the discount of the document and the tax are computed and rounded once per tax rate. So every sum that is printed is the
sum of what is printed above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.api import kinds

FINE = Decimal("0.0001")
# Currencies whose smallest unit is not a hundredth (ISO 4217).
WHOLE = (
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
)
THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
Expression = sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """The lines of one tax rate: what they come to after the discount of the document."""

    rate: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What a document comes to; ``amounts`` are those of its lines, in their order."""

    amounts: Sequence[Decimal]
    subtotal: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal
    total: Decimal
    groups: Sequence[TaxGroup]


def places_of(currency: str | None) -> int:
    """Return how many digits behind the point amounts of a currency have."""
    return 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2


def totals_of(document: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> Totals:
    """Return what a document with these lines comes to."""
    unit = Decimal(1).scaleb(-places_of(document["currency"]))
    amounts = [line_amount(line, unit) for line in lines]
    rates = sorted({line["tax_rate"] for line in lines})
    groups = []
    for rate in rates:
        base = sum(
            (a for a, line in zip(amounts, lines, strict=True) if line["tax_rate"] == rate), Decimal(0)
        )
        discount = _percent(base, document["discount_percent"] or Decimal(0)).quantize(unit, ROUND_HALF_UP)
        groups.append(_group(rate, base, discount, unit, included=document["prices_include_tax"]))
    return Totals(
        amounts,
        sum(amounts, Decimal(0)),
        sum((each.discount for each in groups), Decimal(0)),
        sum((each.net for each in groups), Decimal(0)),
        sum((each.tax for each in groups), Decimal(0)),
        sum((each.net + each.tax for each in groups), Decimal(0)),
        groups,
    )


def line_amount(line: Mapping[str, Any], unit: Decimal) -> Decimal:
    """Return quantity times price less the discounts of the line."""
    gross = _fine(line["quantity"] * line["price"])
    less = _percent(gross, line["discount_percent"] or Decimal(0)) + (line["discount_amount"] or Decimal(0))
    amount: Decimal = (gross - less).quantize(unit, ROUND_HALF_UP)
    return amount


def _group(rate: Decimal, base: Decimal, discount: Decimal, unit: Decimal, *, included: bool) -> TaxGroup:
    rest = base - discount
    share = rest * rate / (100 + rate) if included else rest * rate / 100
    tax = share.quantize(unit, ROUND_HALF_UP) if included else _fine(share).quantize(unit, ROUND_HALF_UP)
    return TaxGroup(rate, discount, rest - tax if included else rest, tax)


def _percent(amount: Decimal, percent: Decimal) -> Decimal:
    return _fine(amount * percent / 100)


def _fine(amount: Decimal) -> Decimal:
    return amount.quantize(FINE, ROUND_HALF_UP)


def shared_out(total: Decimal, weights: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Divide an amount in proportion to weights, to the smallest unit, so that the parts add up to it."""
    whole = sum(weights, Decimal(0))
    if not whole:
        return [total if position == 0 else Decimal(0) for position in range(len(weights))]
    parts, given, seen = [], Decimal(0), Decimal(0)
    for weight in weights:
        seen += weight
        part = (total * seen / whole).quantize(unit, ROUND_HALF_UP) - given
        given += part
        parts.append(part)
    return parts


def net_of_lines(document: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> list[Decimal]:
    """Return what each line comes to without tax, its share of the document's discount taken off."""
    unit, totals = Decimal(1).scaleb(-places_of(document["currency"])), totals_of(document, lines)
    net = [Decimal(0)] * len(lines)
    for group in totals.groups:
        places = [i for i, line in enumerate(lines) if line["tax_rate"] == group.rate]
        for i, part in zip(
            places, shared_out(group.net, [totals.amounts[i] for i in places], unit), strict=True
        ):
            net[i] = part
    return net


# --- the same in SQL, on integers of 1/10,000 (rates: of 1/100 percent) --------------------------------


def amount_of(line: Any, unit: Expression) -> Expression:
    """Return the amount of a line; *unit* is the currency's smallest one."""
    quantity, price = _whole(line.c.quantity), _whole(line.c.price)
    fine = (quantity % 1000) * (price % 1000)
    gross = (quantity // 1000) * price + (quantity % 1000) * (price // 1000) + _divided(fine, 1000)
    percent, less = _or_zero(line.c.discount_percent), _or_zero(line.c.discount_amount)
    return _to_unit(gross - _share(gross, percent) - less, unit)


def unit_of(currency: Expression) -> Expression:
    """Return the smallest unit of a currency in 1/10,000."""
    # Literals of ours: parameters would be sent with every row of a list.
    whole: list[Expression] = [sa.literal_column(f"'{each}'") for each in WHOLE]
    thousandths: list[Expression] = [sa.literal_column(f"'{each}'") for each in THOUSANDTHS]
    return sa.case(
        (currency.in_(whole), _number(10000)),
        (currency.in_(thousandths), _number(10)),
        else_=_number(100),
    )


def line_field(document: Callable[[], Any], key: str) -> Callable[[Any], Expression]:
    """Return the expression of a line's amount, which depends on the currency of its document."""

    def amount(table: Any) -> Expression:
        of = document()
        unit = (
            sa.select(unit_of(of.c.currency))
            .where(of.c.id == table.c[key])
            .correlate(table)
            .scalar_subquery()
        )
        return sa.type_coerce(amount_of(table, unit), kinds.Money().column_type())

    return amount


def total_field(lines: Callable[[], Any], key: str, what: str) -> Callable[[Any], Expression]:
    """Return the expression of one of a document's sums: subtotal, discount, net, tax or total."""

    def total(table: Any) -> Expression:
        line, unit = lines(), unit_of(table.c.currency)
        base = sa.cast(sa.func.sum(amount_of(line, unit)), sa.BigInteger)
        rate = _whole(line.c.tax_rate)
        groups = (
            sa.select(rate.label("rate"), base.label("base"))
            .where(line.c[key] == table.c.id)
            .group_by(line.c.tax_rate)
            .correlate(table)
            .subquery()
        )
        found = _of_group(groups.c.base, groups.c.rate, table, unit)[what]
        summed = sa.func.coalesce(sa.cast(sa.func.sum(found), sa.BigInteger), 0)
        statement = sa.select(summed).select_from(groups).correlate(table).scalar_subquery()
        return sa.type_coerce(statement, kinds.Money().column_type())

    return total


def _of_group(base: Expression, rate: Expression, table: Any, unit: Expression) -> Mapping[str, Expression]:
    discount = _to_unit(_share(base, _or_zero(table.c.discount_percent)), unit)
    rest = base - discount
    on_top, inside = _to_unit(_share(rest, rate), unit), _to_unit_of_included(rest, rate, unit)
    tax = sa.case((table.c.prices_include_tax, inside), else_=on_top)
    net = sa.case((table.c.prices_include_tax, rest - inside), else_=rest)
    return {"subtotal": base, "discount": discount, "net": net, "tax": tax, "total": net + tax}


def _share(amount: Expression, percent: Expression) -> Expression:
    return (amount // 10000) * percent + _divided((amount % 10000) * percent, 10000)


def _to_unit_of_included(amount: Expression, rate: Expression, unit: Expression) -> Expression:
    # One division, because rounding to 1/10,000 first could tip a half of a cent.
    divisor = (10000 + rate) * unit
    whole, rest = (amount // divisor) * rate, (amount % divisor) * rate
    twice = 2 * rest
    return (whole + (twice + sa.case((twice < 0, -divisor), else_=divisor)) // (2 * divisor)) * unit


def _to_unit(amount: Expression, unit: Expression) -> Expression:
    half = unit // 2
    return ((amount + sa.case((amount < 0, -half), else_=half)) // unit) * unit


def _divided(amount: Expression, by: int) -> Expression:
    half = _number(by // 2)
    return (amount + sa.case((amount < 0, -half), else_=half)) // by


def _whole(column: Any) -> Expression:
    return sa.type_coerce(column, sa.BigInteger)


def _or_zero(column: Any) -> Expression:
    return sa.func.coalesce(_whole(column), 0, type_=sa.BigInteger)


def _number(value: int) -> Expression:
    return sa.literal_column(str(value), sa.BigInteger)
