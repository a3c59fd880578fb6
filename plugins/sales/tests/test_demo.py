from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.passwords import Hasher
from crmframe.core.demo.company import fill
from crmframe_sales import queries
from crmframe_sales.demo import company, founding, pipeline
from crmframe_sales.leads.models import STATUSES
from crmframe_sales.leads.queries import conversion
from crmframe_sales.progress import queries as late
from crmframe_sales.quotes.models import QUOTE_STATES

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

    fill(open_work, NOW, hasher=Hasher(), customers=CUSTOMERS, more=company.steps(NOW, CUSTOMERS))
    clock.set(NOW)

    deal, change = (application.registry.entity(name).table for name in ("sales.deal", "sales.stage_change"))
    with application.work(write=False) as work:
        funnel = queries.funnel(work, 1)
        assert queries.inconsistent_deals(work) == []
        assert sum(row.deals for row in late.overdue_by_owner(work)) > 0
        deals = work.scalar(sa.select(sa.func.count()).select_from(deal))
        latest = work.scalar(sa.select(sa.func.max(change.c.at)))
        counted = {
            name: _by_status(work, name) for name in ("sales.quote", "sales.sales_order", "sales.lead")
        }
        bought = records.count(work, "core.purchase", records.Query()).value
        sources = conversion(work)
        targets = records.count(work, "sales.target", records.Query()).value
        strangers = work.scalar(
            sa.select(sa.func.count()).select_from(deal).where(deal.c.created_by != deal.c.owner_id)
        )
    assert deals == CUSTOMERS * pipeline.ALL // 100
    assert latest < NOW
    assert strangers == 0
    reached = [row.reached for row in funnel]
    assert reached == sorted(reached, reverse=True)
    assert reached[0] == deals
    assert 0.25 < reached[-1] / deals < 0.5
    assert sum(row.lost for row in funnel) > 5
    assert all(row.median_days for row in funnel[:-1])
    assert set(counted["sales.quote"]) == {value.value for value in QUOTE_STATES}
    assert set(counted["sales.sales_order"]) >= {"delivered", "closed"}
    assert set(counted["sales.lead"]) >= {value.value for value in STATUSES} - {"new"}
    assert len(sources) > 5
    assert 0.2 < sum(each.converted for each in sources) / sum(each.leads for each in sources) < 0.8
    assert targets == 12 * (2 * len(founding.PERSONS) + 2 + 1)
    assert bought > sum(counted["sales.sales_order"].values())


def _by_status(work: Any, name: str) -> dict[str, int]:
    table = work.registry.entity(name).table
    return dict(work.rows(sa.select(table.c.status, sa.func.count()).group_by(table.c.status)))
