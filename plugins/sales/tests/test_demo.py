from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.passwords import Hasher
from crmframe.core.demo.company import fill
from crmframe_sales import demo, queries
from crmframe_sales.progress import queries as late

CUSTOMERS = 200
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_demo_deals_moved_through_the_pipeline_on_past_dates(make_application: Any, clock: Any) -> None:
    application = make_application("sales")

    @contextmanager
    def open_work(user: int | None, at: datetime) -> Iterator[Any]:
        clock.set(at)
        with application.database.read() as connection:
            actor = None if user is None else actor_of_user(connection, user)
        with application.work(actor, door="cli") as work:
            yield work

    fill(open_work, NOW, hasher=Hasher(), customers=CUSTOMERS, more=demo.steps(NOW, CUSTOMERS))
    clock.set(NOW)

    deal, change = (application.registry.entity(name).table for name in ("sales.deal", "sales.stage_change"))
    with application.work(write=False) as work:
        funnel = queries.funnel(work, 1)
        assert queries.inconsistent_deals(work) == []
        assert sum(row.deals for row in late.overdue_by_owner(work)) > 0
        deals = work.scalar(sa.select(sa.func.count()).select_from(deal))
        latest = work.scalar(sa.select(sa.func.max(change.c.at)))
        strangers = work.scalar(
            sa.select(sa.func.count()).select_from(deal).where(deal.c.created_by != deal.c.owner_id)
        )
    assert deals == CUSTOMERS * demo.ALL // 100
    assert latest < NOW
    assert strangers == 0
    reached = [row.reached for row in funnel]
    assert reached == sorted(reached, reverse=True)
    assert reached[0] == deals
    assert 0.25 < reached[-1] / deals < 0.5
    assert sum(row.lost for row in funnel) > 5
    assert all(row.median_days for row in funnel[:-1])
