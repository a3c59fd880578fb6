from __future__ import annotations

from typing import Any

from crmframe.api import records
from crmframe.core.journal.events import Cursor, read_events
from crmframe_sales.jobs import count_overdue, note_won_deals


def won_events(sales: Any) -> Any:
    with sales.application.database.read() as connection:
        return read_events(connection, Cursor(), 100, ["sales.deal_won"])[0]


def notes(sales: Any) -> list[dict[str, Any]]:
    with sales.work(write=False) as work:
        return records.select(work, "core.activity", records.Query()).records()


def test_won_deal_leaves_one_note_however_often_the_event_comes(sales: Any) -> None:
    won = sales.run(sales.deal(), "win")
    events = won_events(sales)

    for _ in range(2):
        with sales.work(door="event") as work:
            note_won_deals(work, events)

    [note] = notes(sales)
    assert note["text"] == "Deal won: Line upgrade, 1000.00 EUR."
    assert note["about"] == f"core.customer:{sales.customer}"
    assert note["at"] == won["won_at"]
    with sales.work(write=False) as work:
        assert records.get(work, "core.customer", sales.customer)["last_activity_at"] == won["won_at"]


def test_won_deal_without_customer_or_reopened_meanwhile_leaves_none(sales: Any) -> None:
    sales.run(sales.deal(customer_id=None), "win")
    reopened = sales.deal()
    sales.run(reopened, "win")
    sales.run(reopened, "reopen")

    with sales.work(door="event") as work:
        note_won_deals(work, won_events(sales))

    assert notes(sales) == []


def test_overdue_deals_are_counted_by_owner_and_announced(sales: Any) -> None:
    day = sales.clock().date().isoformat()
    sales.deal(close_on=day)
    sales.deal(close_on=day)
    sales.run(sales.deal(close_on=day), "win")
    sales.clock.advance(days=1)

    with sales.work(door="job") as work:
        counts = count_overdue(work, {})

    assert counts == {"None": 2}
    with sales.application.database.read() as connection:
        [event] = read_events(connection, Cursor(), 100, ["sales.overdue_counted"])[0]
    assert event.payload["deals_by_owner"] == {"None": 2}
