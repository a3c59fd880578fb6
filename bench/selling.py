"""The pages of a sales leader: the forecast and the team, against the bare sums that they need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa

from bench.base import Base
from bench.figures import Figure, compared, duration, median_of, seconds_of
from crmframe.core.access.loading import actor_of_user
from crmframe_sales.forecast.periods import Period
from crmframe_sales.forecast.queries import forecast
from crmframe_sales.team.queries import team

# What any forecast must read: every open deal, by owner and month; and whatever was won.
OPEN = """SELECT owner_id, currency, close_on, count(*), sum(amount), sum(amount * probability) FROM sales_deals
WHERE closed_at IS NULL AND archived_at IS NULL GROUP BY owner_id, currency, close_on"""
WON = "SELECT owner_id, currency, sum(amount) FROM sales_deals WHERE won_at IS NOT NULL GROUP BY owner_id, currency"


def selling(base: Base) -> Iterator[Figure]:
    """Measure the reads behind the pages for somebody who sees every deal."""
    application = base.application
    with application.database.read() as connection:
        boss = actor_of_user(connection, base.seller_id + 20)

    def bare() -> None:
        with application.database.read() as connection:
            for statement in (OPEN, WON):
                connection.execute(sa.text(statement)).all()

    def forecasting() -> None:
        with application.work(boss, door="cli", write=False) as work:
            forecast(work, Period("year", date(2026, 1, 1), date(2027, 1, 1)))

    def leading() -> None:
        with application.work(boss, door="cli", write=False) as work:
            team(work)

    floor = median_of(lambda: seconds_of(bare))
    for name, run, bound in (("forecast of a year", forecasting, 1.0), ("team page", leading, 1.0)):
        ours = median_of(lambda run=run: seconds_of(run))
        yield compared(f"{name}, {base.deals:,} open deals, against bare sums", floor, ours, 3)
        yield duration(name, ours, bound)
