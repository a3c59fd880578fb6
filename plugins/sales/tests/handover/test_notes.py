from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import InvalidInput, ViewContext, records
from crmframe_sales.handover.notes import notes_of_customer

TOLD = {
    "promised": "Two days of training",
    "contacts": "Ann, IT",
    "dates": "Start in May",
    "risks": "Old network",
}


def notes(sales: Any) -> list[dict[str, Any]]:
    with sales.work(write=False) as work:
        return list(records.select(work, "sales.handover_note", records.Query()).records())


def require(sales: Any, key: str) -> None:
    with sales.work() as work:
        records.create(work, "core.setting", {"key": key, "value": True})


def test_winning_with_a_note_is_one_operation_and_undone_together(sales: Any) -> None:
    deal = sales.deal()
    with sales.work() as work:
        records.run(work, "sales.deal", deal, "win", TOLD)
    [note] = notes(sales)
    assert {name: note[name] for name in TOLD} == TOLD
    assert (note["deal_id"], note["customer_id"]) == (deal, sales.customer)

    with sales.work() as undoing:
        records.undo(undoing, work.operation_id)

    assert notes(sales) == []
    assert sales.get(deal)["won_at"] is None


def test_note_shows_on_the_customer(sales: Any) -> None:
    sales.run(sales.deal(title="Line"), "win", promised="Training")

    with sales.work(write=False) as work:
        record = records.get(work, "core.customer", sales.customer)
        declared = sales.application.registry.entity("core.customer")
        panel = notes_of_customer(ViewContext(work, "en", declared, record))

    assert panel is not None
    assert [(note["title"], note["parts"]) for note in panel["notes"]] == [
        ("Line", [("What was promised", "Training")])
    ]


@pytest.mark.parametrize("verb", ["win", "move"])
def test_workspace_may_insist_on_a_note(sales: Any, verb: str) -> None:
    require(sales, "sales.require_handover_note")
    deal = sales.deal()
    data = {} if verb == "win" else {"stage_id": sales.stages["Won"]}

    with pytest.raises(InvalidInput) as error:
        sales.run(deal, verb, **data)
    won = sales.run(deal, verb, **data, promised="Training")

    assert [(p.field, p.code) for p in error.value.problems] == [("promised", "handover_missing")]
    assert won["won_at"] is not None


def test_deal_won_again_keeps_one_note(sales: Any) -> None:
    deal = sales.deal()
    sales.run(deal, "win", promised="Training", risks="None")
    sales.run(deal, "reopen")

    sales.run(deal, "win", promised="Training and spare parts")

    [note] = notes(sales)
    assert (note["promised"], note["risks"]) == ("Training and spare parts", None)
