"""Planted faults of activities: what is done counts as planned, another plan is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.activities import test_next_step
from tests.core.activities.test_next_step import customer
from tests.faults.planting import plant

__all__ = ["customer"]

MAINTAINING = "crmframe.core.records.maintaining"
FAULTS = {
    "what is done still counts as planned": (
        (f"{MAINTAINING}:followed", "for name, value in rule.where:", "for name, value in ():"),
        test_next_step.test_what_is_done_or_cancelled_is_no_next_step_and_undo_brings_it_back,
    ),
    "the first source decides alone": (
        (f"{MAINTAINING}:joint", "else min(held)", "else held[0]"),
        test_next_step.test_next_step_is_the_earliest_of_tasks_appointments_and_what_the_last_activity_says,
    ),
    "an earlier activity speaks for a later one": (
        (f"{MAINTAINING}:followed", 'if rule.aggregate == "last":', "if False:"),
        test_next_step.test_next_step_is_the_earliest_of_tasks_appointments_and_what_the_last_activity_says,
    ),
    "an undone completion is forgotten": (
        (
            "crmframe.core.records.reversing:_change_back",
            "maintain(work, entity, [*old, *(row.columns for row in rows.values())])",
            "pass",
        ),
        test_next_step.test_what_is_done_or_cancelled_is_no_next_step_and_undo_brings_it_back,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_turns_its_test_red(
    application: Any, customer: int, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (place, old, new), guard = FAULTS[name]
    plant(monkeypatch, place, (old, new))

    with pytest.raises(AssertionError):
        guard(application, customer)
