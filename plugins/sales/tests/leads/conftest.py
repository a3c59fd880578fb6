"""Leads, and how tests make and convert them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from crmframe.api import records


@dataclass
class Leads:
    """The application with a pipeline, and short ways to its leads."""

    sales: Any

    @property
    def application(self) -> Any:
        return self.sales.application

    def work(self, **options: Any) -> Any:
        return self.sales.work(**options)

    def add(self, entity: str = "sales.lead", /, **values: Any) -> int:
        given = {"name": "Ann Chen", **values} if entity == "sales.lead" else values
        with self.work() as work:
            return int(records.create(work, entity, given)["id"])

    def get(self, record_id: int, entity: str = "sales.lead") -> dict[str, Any]:
        with self.work(write=False) as work:
            return records.get(work, entity, record_id)

    def all(self, entity: str) -> list[dict[str, Any]]:
        with self.work(write=False) as work:
            return records.select(work, entity, records.Query()).records()

    def run(self, lead: int, verb: str, **data: Any) -> Any:
        """Return what the action returned, and remember its operation."""
        with self.work() as work:
            result = records.run(work, "sales.lead", lead, verb, data)
        self.operation = work.operation_id
        return result

    def undo(self, operation: int) -> Any:
        with self.work() as work:
            return records.undo(work, operation)


@pytest.fixture
def leads(sales: Any) -> Leads:
    return Leads(sales)
