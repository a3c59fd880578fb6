"""An application with the sales plugin, and a pipeline in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe_sales.standard import make_standard

STAGES = (
    ("Contacted", "open", 10, None),
    ("Proposal", "open", 50, ["amount"]),
    ("Negotiation", "open", 75, ["customer", "close_on"]),
    ("Won", "won", 100, None),
    ("Lost", "lost", 0, None),
)


@dataclass
class Sales:
    """The application with the ids of what every test needs."""

    application: Application
    clock: Any
    pipeline: int
    stages: dict[str, int]
    reason: int
    customer: int

    def work(self, **options: Any) -> Any:
        return self.application.work(**options)

    def deal(self, **values: Any) -> int:
        with self.work() as work:
            given = {
                "title": "Line upgrade",
                "amount": "1000",
                "currency": "EUR",
                "customer_id": self.customer,
            }
            return int(records.create(work, "sales.deal", given | values)["id"])

    def run(self, deal: int, verb: str, **data: Any) -> dict[str, Any]:
        with self.work() as work:
            records.run(work, "sales.deal", deal, verb, data)
        return self.get(deal)

    def get(self, deal: int) -> dict[str, Any]:
        with self.work(write=False) as work:
            return records.get(work, "sales.deal", deal)

    def changes(self, deal: int) -> list[tuple[int | None, int]]:
        with self.work(write=False) as work:
            rows = records.select(work, "sales.stage_change", records.Query(order=("at",))).records()
        return [(r["from_stage_id"], r["to_stage_id"]) for r in rows if r["deal_id"] == deal]


@pytest.fixture
def sales(make_application: Any, clock: Any) -> Sales:
    application = make_application("sales")
    with application.work() as work:
        pipeline = records.create(work, "sales.pipeline", {"name": "Standard"})["id"]
        reason = records.create(work, "sales.lost_reason", {"name": "Price"})["id"]
        make_standard(work, STAGES)
        stages = records.select(work, "sales.stage", records.Query()).records()
        customer = records.create(work, "core.customer", {"name": "Nordvik Marine"})["id"]
    clock.advance(days=1)
    ids = {stage["name"]: stage["id"] for stage in stages}
    return Sales(application, clock, pipeline, ids, reason, customer)
