"""Amounts of many currencies as amounts of the workspace's own one, by the rate of a day."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records

PLACES = Decimal("0.0001")


class Rates:
    """What each currency was worth; knows afterwards which rates were missing.

    Attributes:
        base: The workspace's currency.
        missing: Currency to the number of deals left out of the sums because no rate was known for them.
    """

    def __init__(self, work: UnitOfWork) -> None:
        self.base = work.settings.currency
        self.missing: Counter[str] = Counter()
        self._days: dict[str, list[date]] = defaultdict(list)
        self._rates: dict[str, list[Decimal]] = defaultdict(list)
        rate = records.visible(work, "core.currency_rate")
        known = sa.select(rate.c.currency, rate.c.day, rate.c.rate).order_by(rate.c.day)
        for row in work.rows(known):
            if row.rate is not None:
                self._days[row.currency].append(row.day)
                self._rates[row.currency].append(row.rate)

    def changes(self, since: date, until: date) -> list[date]:
        """Return the days between two days on which some rate changed."""
        return sorted({day for days in self._days.values() for day in days if since < day < until})

    def in_base(self, units: int, currency: str | None, day: date, deals: int = 1) -> Decimal:
        """Return an amount in the base currency, by the last rate known on *day*; 0, and noted, when there is none.

        Args:
            units: The amount in 1/10,000; as many as the product of rate and amount may have.
            deals: How many deals it is the sum of.
        """
        amount = Decimal(units) * PLACES
        if not currency or currency == self.base:
            return amount
        place = bisect_right(self._days.get(currency, ()), day)
        if place == 0:
            self.missing[currency] += deals
            return Decimal(0)
        return amount * self._rates[currency][place - 1]
