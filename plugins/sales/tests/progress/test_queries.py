from __future__ import annotations

from typing import Any

from crmframe.api import records
from crmframe_sales.progress import queries


def stale(sales: Any, *deals: int) -> list[bool]:
    with sales.work(write=False) as work:
        return [queries.is_stale(work, row) for row in queries.slow_deals(work, deals)]


def test_each_stage_says_when_a_deal_is_stale(sales: Any) -> None:
    with sales.work() as work:
        records.update(work, "sales.stage", sales.stages["Contacted"], {"stale_after_days": 7})
        records.update(work, "sales.stage", sales.stages["Proposal"], {"stale_after_days": None})
    fast, patient = sales.deal(), sales.deal()
    sales.run(patient, "move", stage_id=sales.stages["Proposal"])
    sales.clock.advance(days=6)
    assert stale(sales, fast, patient) == [False, False]

    sales.clock.advance(days=1, minutes=1)

    assert stale(sales, fast, patient) == [True, False]
