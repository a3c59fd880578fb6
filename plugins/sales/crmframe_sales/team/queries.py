"""What the page of the team shows of each person: one statement for each sort of figure, whatever their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales.forecast.people import people
from crmframe_sales.forecast.periods import moments, period_at
from crmframe_sales.forecast.queries import subtree
from crmframe_sales.forecast.rates import Rates
from crmframe_sales.forecast.sums import won_cells
from crmframe_sales.forecast.targets import targets, targets_below
from crmframe_sales.progress.queries import is_stale_now

LOOKED_BACK = timedelta(days=30)


@dataclass(slots=True)
class Member:
    """A person's figures, as far as the actor may see the deals and activities they come from.

    Attributes:
        pipeline: The open deals' amounts, in the workspace's currency as ``won`` is.
        overdue: Open deals whose next step should have been done by now.
        stale: Open deals that have been in their stage for longer than it allows.
        activities: Since the week began.
        won: Since the month began; ``target`` is for the whole month.
        last_activity_at: None when it is longer ago than 30 days.
    """

    id: int
    name: str
    pipeline: Decimal = Decimal(0)
    deals: int = 0
    overdue: int = 0
    stale: int = 0
    activities: int = 0
    won: Decimal = Decimal(0)
    target: Decimal | None = None
    last_activity_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """The people of a team, or of all that the actor sees; ``missing`` as in a forecast."""

    members: list[Member]
    currency: str
    missing: dict[str, int]


def team(work: UnitOfWork, team_id: int | None = None) -> Team:
    """Return how people are doing: of a team and those below it, else everybody whose deals the actor may see."""
    wanted = None if team_id is None else subtree(team_id, targets_below(work))
    found = {p.id: Member(p.id, p.name) for p in people(work, "sales.deal.read", wanted)}
    rates, month = Rates(work), period_at(work, "month", work.today)
    for row in _open_deals(work):
        if row.owner_id in found:
            _add_open(found[row.owner_id], row, rates, work)
    for cell in won_cells(work, month, rates):
        if cell.owner_id in found:
            found[cell.owner_id].won += cell.sums.won
    for row in _activities(work):
        if row.by_id in found:
            found[row.by_id].activities = int(row.this_week or 0)
            found[row.by_id].last_activity_at = row.last
    goals = targets(work, month, "won_amount", rates)
    for member in found.values():
        member.target = goals.of(("person", member.id), month)
    return Team(list(found.values()), rates.base, {c: n for c, n in sorted(rates.missing.items()) if n})


def _add_open(member: Member, row: Any, rates: Rates, work: UnitOfWork) -> None:
    member.pipeline += rates.in_base(int(row.amount), row.currency, work.today, row.deals)
    member.deals += row.deals
    member.overdue += int(row.overdue or 0)
    member.stale += int(row.stale or 0)


def _open_deals(work: UnitOfWork) -> Sequence[Any]:
    deal = records.visible(work, "sales.deal")
    late = deal.c.next_step_on < work.today
    return work.rows(
        sa.select(
            deal.c.owner_id,
            deal.c.currency,
            sa.func.count().label("deals"),
            sa.func.coalesce(sa.func.sum(sa.type_coerce(deal.c.amount, sa.BigInteger)), 0).label("amount"),
            sa.func.sum(sa.case((late, 1), else_=0)).label("overdue"),
            sa.func.sum(sa.case((is_stale_now(work, deal), 1), else_=0)).label("stale"),
        )
        .where(deal.c.closed_at.is_(None), deal.c.archived_at.is_(None))
        .group_by(deal.c.owner_id, deal.c.currency)
    )


def _activities(work: UnitOfWork) -> Sequence[Any]:
    activity = records.visible(work, "core.activity")
    (monday,) = moments(work, [work.week_start(work.today)])
    return work.rows(
        sa.select(
            activity.c.by_id,
            sa.func.sum(sa.case((activity.c.at >= monday, 1), else_=0)).label("this_week"),
            sa.func.max(activity.c.at).label("last"),
        )
        .where(activity.c.at >= work.now - LOOKED_BACK, activity.c.at <= work.now)
        .group_by(activity.c.by_id)
    )
