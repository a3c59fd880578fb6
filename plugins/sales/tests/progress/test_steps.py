from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import InvalidInput, records

MISSING = [("next_step", "next_step_missing"), ("next_step_on", "next_step_missing")]


@pytest.fixture
def strict(sales: Any) -> Any:
    with sales.work() as work:
        records.create(work, "core.setting", {"key": "sales.require_next_step", "value": True})
    return sales


def asked(sales: Any) -> Any:
    """Return the work of somebody who could answer; the system is asked nothing."""
    return sales.work(door="web")


def problems(error: Any) -> list[tuple[str, str]]:
    return [(p.field, p.code) for p in error.value.problems]


def test_open_deal_is_not_saved_without_a_next_step(strict: Any) -> None:
    with pytest.raises(InvalidInput) as error, asked(strict) as work:
        records.create(work, "sales.deal", {"title": "New"})
    assert problems(error) == MISSING

    with asked(strict) as work:
        given = {"title": "New", "next_step": "Call", "next_step_on": "2026-05-05"}
        deal = records.create(work, "sales.deal", given)["id"]
    with pytest.raises(InvalidInput) as error, asked(strict) as work:
        records.update(work, "sales.deal", deal, {"next_step": None})

    assert problems(error) == MISSING[:1]


def test_move_names_every_field_that_is_missing_at_once(strict: Any) -> None:
    deal = strict.deal(customer_id=None)

    with pytest.raises(InvalidInput) as error, asked(strict) as work:
        records.run(work, "sales.deal", deal, "move", {"stage_id": strict.stages["Negotiation"]})

    gates = [("customer", "stage_gate"), ("close_on", "stage_gate")]
    assert problems(error) == [*gates, *MISSING]


def test_open_task_is_a_next_step_as_well(strict: Any) -> None:
    deal = strict.deal()
    with strict.work() as work:
        task = records.create(work, "core.task", {"title": "Call", "about": f"sales.deal:{deal}"})["id"]

    with asked(strict) as work:
        records.run(work, "sales.deal", deal, "move", {"stage_id": strict.stages["Proposal"]})
        records.run(work, "core.task", task, "complete")

    with pytest.raises(InvalidInput), asked(strict) as work:
        records.update(work, "sales.deal", deal, {"title": "Other"})


def test_closed_deals_imports_and_jobs_are_not_asked(strict: Any) -> None:
    deal = strict.deal()
    for door in ("import", "job"):
        with strict.work(door=door) as work:
            records.update(work, "sales.deal", deal, {"notes": door})

    with asked(strict) as work:
        records.run(work, "sales.deal", deal, "win")
        records.update(work, "sales.deal", deal, {"notes": "Closed"})


def test_nobody_is_asked_while_the_workspace_does_not_want_it(sales: Any) -> None:
    with asked(sales) as work:
        records.create(work, "sales.deal", {"title": "New"})
