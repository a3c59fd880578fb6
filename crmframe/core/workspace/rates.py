"""What an amount of one currency is worth in the base currency on a day.

The rule: the latest rate on or before the day counts. A rate of a later day never does, and none is turned around or
chained from others: what nobody recorded is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.core.customers.trade import CurrencyRate
from crmframe.core.entities.maintained import Checked
from crmframe.core.errors import Problem
from crmframe.core.work import UnitOfWork

UNIT = Decimal("0.0001")
ONE = Decimal(1)
BASE = "core.currency"
_rate: Any = CurrencyRate.__table__


def rate_on(work: UnitOfWork, currency: str, day: date) -> Decimal | None:
    """Return how many units of the base currency one unit of *currency* was worth; None when nobody recorded it."""
    return rates_on(work, [currency], day).get(currency)


def rates_on(work: UnitOfWork, currencies: Iterable[str], day: date) -> Mapping[str, Decimal]:
    """Return the rates of several currencies in one statement; those that nobody recorded are left out."""
    wanted = set(currencies)
    base = work.settings.currency
    found = {base: ONE} if base in wanted else {}
    if wanted - {base}:
        rows = work.connection.execute(LATEST, {"day": day, "currencies": sorted(wanted - {base})})
        found |= {row.currency: row.rate for row in rows}
    return found


def convert(work: UnitOfWork, amount: Decimal, currency: str, day: date) -> Decimal | None:
    """Return *amount* in the base currency, to four places; None when there is no rate."""
    rate = rate_on(work, currency, day)
    return None if rate is None else (amount * rate).quantize(UNIT, ROUND_HALF_EVEN)


def _latest() -> sa.Select[Any]:
    newest = sa.select(_rate.c.currency, sa.func.max(_rate.c.day).label("day"))
    newest = newest.where(
        _rate.c.day <= sa.bindparam("day", type_=_rate.c.day.type),
        _rate.c.currency.in_(sa.bindparam("currencies", expanding=True)),
    )
    last = newest.group_by(_rate.c.currency).subquery()
    on = sa.and_(_rate.c.currency == last.c.currency, _rate.c.day == last.c.day)
    return sa.select(_rate.c.currency, _rate.c.rate).join(last, on)


LATEST = _latest()


def rate_problems(
    work: UnitOfWork,
    given: Sequence[Mapping[str, Any]],
    complete: Sequence[Mapping[str, Any]],
    ids: Sequence[int | None],
) -> list[Problem]:
    """Return what is wrong with rates that are about to be written."""
    return [problem for row, each in enumerate(given) if (problem := _problem(work, each, row)) is not None]


def _problem(work: UnitOfWork, given: Mapping[str, Any], row: int) -> Problem | None:
    code, rate = given.get("currency"), given.get("rate")
    if code == work.settings.currency:
        template = "{field}: {value} is the base currency, whose rate is always 1."
        return Problem("currency", "base_currency", template, _words("Currency", code), row)
    if rate is not None and rate <= 0:
        template = "{field}: {value} is no rate. It must be above 0."
        return Problem("rate", "not_a_rate", template, _words("Rate", rate), row)
    return None


def _words(label: str, value: Any) -> dict[str, str]:
    return {"field": label, "value": str(value)}


def base_problem(work: UnitOfWork, currency: str) -> Problem | None:
    """Return why the base currency cannot become *currency*: every recorded rate is in the present one."""
    if currency.upper() == work.settings.currency:
        return None
    if work.connection.scalar(sa.select(_rate.c.id).limit(1)) is None:
        return None
    template = (
        "{field} cannot become {value} while there are currency rates: they are in {held}. Delete them first, "
        "and import those in {value}."
    )
    data = {"field": "Base currency", "value": currency, "held": work.settings.currency}
    return Problem(BASE, "currency_in_use", template, data)


CHECKED = (Checked("core.currency_rate", rate_problems),)
