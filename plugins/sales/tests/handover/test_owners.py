from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import InvalidInput, records


def person(sales: Any, name: str, **values: Any) -> int:
    with sales.work() as work:
        return int(records.create(work, "core.user", {"login": name.lower(), "name": name, **values})["id"])


def task(sales: Any, deal: int, assignee: int, *, done: bool = False) -> int:
    with sales.work() as work:
        values = {"title": "Call", "about": f"sales.deal:{deal}", "assignee_id": assignee}
        made = int(records.create(work, "core.task", values)["id"])
        if done:
            records.run(work, "core.task", made, "complete")
        return made


def assignees(sales: Any, *tasks: int) -> list[int]:
    with sales.work(write=False) as work:
        return [records.get(work, "core.task", each)["assignee_id"] for each in tasks]


def test_deal_goes_with_its_open_tasks_and_a_word_and_comes_back_with_one_click(sales: Any) -> None:
    ann, bo = person(sales, "Ann"), person(sales, "Bo")
    deal = sales.deal(owner_id=ann)
    tasks = task(sales, deal, ann), task(sales, deal, ann, done=True), task(sales, deal, bo)
    with sales.work() as work:
        records.run(work, "sales.deal", deal, "hand_over", {"owner_id": bo, "note": "Ann is on leave"})
    assert sales.get(deal)["owner_id"] == bo
    assert assignees(sales, *tasks) == [bo, ann, bo]
    with sales.work(write=False) as reading:
        [said] = records.select(reading, "core.activity", records.Query()).records()
    assert said["text"] == "Handed over to Bo.\nAnn is on leave"

    with sales.work() as undoing:
        records.undo(undoing, work.operation_id)

    assert sales.get(deal)["owner_id"] == ann
    assert assignees(sales, *tasks) == [ann, ann, bo]


@pytest.mark.parametrize(("values", "code"), [({"is_active": False}, "not_active"), ({}, "same_owner")])
def test_strange_owner_is_refused(sales: Any, values: dict[str, Any], code: str) -> None:
    bo = person(sales, "Bo", **values)
    deal = sales.deal(owner_id=None if values else bo)

    with pytest.raises(InvalidInput) as error:
        sales.run(deal, "hand_over", owner_id=bo)

    assert [(p.field, p.code) for p in error.value.problems] == [("owner_id", code)]
