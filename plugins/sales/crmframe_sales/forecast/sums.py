"""What open and won deals come to, by owner, team and month: one statement each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales.forecast.periods import Period, moments
from crmframe_sales.forecast.rates import Rates
from crmframe_sales.models import Stage

CATEGORIES = ("commit", "best_case", "pipeline")
# Places of open deals that do not lie in the period.
UNDATED, BEFORE, AFTER = -1, -2, -3


@dataclass(slots=True)
class Sums:
    """What deals come to, in the workspace's currency.

    Attributes:
        weighted: Open amounts times the probability of winning.
        commit: What the owners commit to, by their own estimates; ``best_case`` and ``pipeline`` likewise.
    """

    won: Decimal = Decimal(0)
    won_deals: int = 0
    weighted: Decimal = Decimal(0)
    commit: Decimal = Decimal(0)
    best_case: Decimal = Decimal(0)
    pipeline: Decimal = Decimal(0)
    open_deals: int = 0

    @property
    def expected(self) -> Decimal:
        """Return what was won and what probably will be."""
        return self.won + self.weighted

    @property
    def own(self) -> Decimal:
        """Return what was won and what the owners commit to."""
        return self.won + self.commit

    def add(self, other: Sums) -> None:
        """Add what other deals come to."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Cell:
    """The sums of one owner's deals of one team in one month; ``month`` is the place in the period's months."""

    owner_id: int | None
    team_id: int | None
    month: int
    sums: Sums = field(default_factory=Sums)


def open_cells(work: UnitOfWork, period: Period, rates: Rates) -> list[Cell]:
    """Return the sums of the open deals that the actor may see; what is omitted from forecasts is left out."""
    deal, stage = records.visible(work, "sales.deal"), Stage.__table__
    months = [part.start for part in period.parts("month")]
    units = sa.type_coerce(deal.c.amount, sa.BigInteger)
    estimate = sa.func.coalesce(sa.type_coerce(deal.c.estimate, sa.BigInteger), units)
    chance = sa.func.coalesce(deal.c.probability, stage.c.probability)
    category = sa.func.coalesce(deal.c.forecast_category, "pipeline").label("category")
    keys = (
        deal.c.owner_id,
        deal.c.team_id,
        _month_of(deal.c.close_on, months, period.end).label("month"),
        deal.c.currency,
        category,
    )
    statement = (
        sa.select(
            *keys,
            sa.func.count().label("deals"),
            sa.func.coalesce(sa.func.sum(estimate), 0).label("estimate"),
            sa.func.coalesce(sa.func.sum(units * chance), 0).label("weighted"),
        )
        # Only a deal without a probability of its own needs its stage's.
        .outerjoin_from(deal, stage, sa.and_(deal.c.probability.is_(None), stage.c.id == deal.c.stage_id))
        .where(deal.c.closed_at.is_(None), deal.c.archived_at.is_(None), category != "omitted")
        .group_by(*(sa.literal_column(str(n)) for n in range(1, len(keys) + 1)))
    )
    return [_open_cell(row, rates, work.today) for row in work.rows(statement)]


def _open_cell(row: Any, rates: Rates, today: date) -> Cell:
    estimate = rates.in_base(int(row.estimate), row.currency, today, row.deals)
    weighted = rates.in_base(int(row.weighted), row.currency, today, 0) / 100
    sums = Sums(weighted=weighted, open_deals=row.deals)
    setattr(sums, row.category if row.category in CATEGORIES else "pipeline", estimate)
    return Cell(row.owner_id, row.team_id, row.month, sums)


def won_cells(work: UnitOfWork, period: Period, rates: Rates) -> list[Cell]:
    """Return the sums of the deals won in a period, each amount by the rate of the day it was won."""
    deal = records.visible(work, "sales.deal")
    months = [part.start for part in period.parts("month")]
    # Amounts of other currencies are summed for each stretch in which no rate changes, the own one by month.
    days = sorted({*months, *rates.changes(period.start, period.end)})
    home = sa.or_(deal.c.currency.is_(None), deal.c.currency == rates.base)
    by_month = _place_of(deal.c.won_at, moments(work, months), [days.index(day) for day in months])
    by_rate = _place_of(deal.c.won_at, moments(work, days), range(len(days)))
    start, end = moments(work, [period.start, period.end])
    statement = (
        sa.select(
            deal.c.owner_id,
            deal.c.team_id,
            sa.case((home, by_month), else_=by_rate).label("place"),
            deal.c.currency,
            sa.func.count().label("deals"),
            sa.func.coalesce(sa.func.sum(sa.type_coerce(deal.c.amount, sa.BigInteger)), 0).label("amount"),
        )
        .where(deal.c.won_at >= start, deal.c.won_at < end)
        .group_by(*(sa.literal_column(str(n)) for n in range(1, 5)))
    )
    return [_won_cell(row, rates, days, months) for row in work.rows(statement)]


def _won_cell(row: Any, rates: Rates, days: Sequence[date], months: Sequence[date]) -> Cell:
    day = days[row.place]
    amount = rates.in_base(int(row.amount), row.currency, day, row.deals)
    return Cell(
        row.owner_id, row.team_id, bisect_right(months, day) - 1, Sums(won=amount, won_deals=row.deals)
    )


def _month_of(column: Any, starts: Sequence[date], end: date) -> Any:
    """Return the place of a day's month among those that begin on *starts*."""
    inside = _place_of(column, starts, range(len(starts)))
    return sa.case(
        (column.is_(None), UNDATED), (column < starts[0], BEFORE), (column >= end, AFTER), else_=inside
    )


def _place_of(column: Any, starts: Sequence[Any], places: Sequence[int]) -> Any:
    """Return the place of the last of *starts* that is not after the column; halved each time, so few are compared."""
    if len(starts) == 1:
        return sa.literal_column(str(places[0]), sa.Integer)
    middle = len(starts) // 2
    before = _place_of(column, starts[:middle], places[:middle])
    return sa.case(
        (column < starts[middle], before), else_=_place_of(column, starts[middle:], places[middle:])
    )
