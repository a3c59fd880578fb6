"""A customer, a product, and quotes of them."""

from __future__ import annotations

from typing import Any

import pytest

from crmframe.core import records


class Desk:
    """What a test of quotes does over and over."""

    def __init__(self, sales: Any) -> None:
        self.sales = sales
        self.application = sales.application

    def work(self, **options: Any) -> Any:
        return self.application.work(**options)

    def create(self, entity: str, **values: Any) -> int:
        with self.work() as work:
            return int(records.create(work, entity, values)["id"])

    def get(self, entity: str, record_id: int) -> dict[str, Any]:
        with self.work(write=False) as work:
            return records.get(work, entity, record_id)

    def run(self, entity: str, record_id: int, verb: str, **data: Any) -> Any:
        with self.work() as work:
            result = records.run(work, entity, record_id, verb, data)
        self.operation = work.operation_id
        return result

    def undo(self, operation: int) -> None:
        with self.work() as work:
            records.undo(work, operation)

    def quote(self, *lines: dict[str, Any], **values: Any) -> int:
        given = {"subject": "Palletizer", "customer_id": self.sales.customer, "currency": "EUR", **values}
        quote = self.create("sales.quote", **given)
        for position, line in enumerate(lines or ({"price": "100", "tax_rate": "19"},), 1):
            self.create(
                "sales.quote_line", quote_id=quote, position=position, **{"description": "Robot", **line}
            )
        return quote

    def sent(self, *lines: dict[str, Any], **values: Any) -> int:
        quote = self.quote(*lines, **values)
        self.run("sales.quote", quote, "send")
        return quote

    def rows(self, entity: str) -> list[dict[str, Any]]:
        with self.work(write=False) as work:
            return records.select(work, entity, records.Query(order=("id",), limit=200)).records()


@pytest.fixture
def desk(sales: Any) -> Desk:
    return Desk(sales)
