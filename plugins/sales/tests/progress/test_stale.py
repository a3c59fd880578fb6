from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import records
from crmframe.core.journal.events import Cursor, read_events
from crmframe_sales.progress.stale import close_stale_tasks, make_stale_tasks


@pytest.fixture
def owner(sales: Any) -> int:
    with sales.work() as work:
        return int(records.create(work, "core.user", {"login": "ann", "name": "Ann"})["id"])


def night(sales: Any) -> int:
    with sales.work(door="job") as work:
        return make_stale_tasks(work, {})


def deliver(sales: Any) -> None:
    with sales.application.database.read() as connection:
        events = read_events(connection, Cursor(), 1000, ["sales.stage_change.created"])[0]
    with sales.work(door="event") as work:
        close_stale_tasks(work, events)


def tasks(sales: Any) -> list[tuple[str, int, bool]]:
    with sales.work(write=False) as work:
        rows = records.select(work, "core.task", records.Query(order=("created_at",))).records()
    return [(row["about"], row["assignee_id"], row["done_at"] is not None) for row in rows]


def test_stale_deal_gets_one_task_for_its_owner_however_many_nights_pass(sales: Any, owner: int) -> None:
    deal = sales.deal(owner_id=owner)
    sales.deal(owner_id=None)
    assert night(sales) == 0
    sales.clock.advance(days=31)
    sales.deal(owner_id=owner, title="New")

    assert (night(sales), night(sales)) == (1, 0)
    sales.clock.advance(days=1)

    assert night(sales) == 0
    assert tasks(sales) == [(f"sales.deal:{deal}", owner, False)]
    with sales.work(write=False) as work:
        [task] = records.select(work, "core.task", records.Query()).records()
    assert task["title"] == "Not moved for 31 days: Line upgrade"


def test_task_closes_by_itself_when_the_deal_moves_and_a_new_stay_gets_a_new_one(
    sales: Any, owner: int
) -> None:
    deal = sales.deal(owner_id=owner)
    sales.clock.advance(days=31)
    night(sales)

    sales.run(deal, "move", stage_id=sales.stages["Proposal"])
    deliver(sales)
    deliver(sales)

    assert tasks(sales) == [(f"sales.deal:{deal}", owner, True)]
    assert night(sales) == 0
    sales.clock.advance(days=31)
    assert night(sales) == 1
    sales.run(deal, "win")
    deliver(sales)
    assert [done for *_, done in tasks(sales)] == [True, True]


def test_task_stays_while_another_deal_moves(sales: Any, owner: int) -> None:
    sales.deal(owner_id=owner)
    other = sales.deal(owner_id=owner)
    sales.clock.advance(days=31)
    night(sales)

    sales.run(other, "win")
    deliver(sales)

    assert sorted(done for *_, done in tasks(sales)) == [False, True]


def test_deal_whose_task_was_done_but_did_not_move_gets_no_second_one(sales: Any, owner: int) -> None:
    sales.deal(owner_id=owner)
    sales.clock.advance(days=31)
    night(sales)
    with sales.work() as work:
        [task] = records.select(work, "core.task", records.Query()).records()
        records.run(work, "core.task", task["id"], "complete")

    assert night(sales) == 0
