"""What happened, what comes next and the stage: one operation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.errors import InvalidInput
from crmframe.core.records import Query


def customer(application: Any) -> int:
    with application.work() as work:
        return int(records.create(work, "core.customer", {"name": "Nordvik"})["id"])


def counts(application: Any) -> tuple[int, int]:
    with application.work(write=False) as work:
        found = [records.count(work, name, Query()).value for name in ("core.activity", "core.task")]
        return found[0], found[1]


def test_follow_up_next_step_and_fields_are_one_operation_that_one_undo_takes_back(application: Any) -> None:
    record = customer(application)
    with application.work() as work:
        due = work.now + timedelta(days=3)
        data = {"kind": "call", "text": "Wants samples", "next_at": due.isoformat(), "values": {"grade": "a"}}
        made = records.run(work, "core.customer", record, "log", data)
    with application.work(write=False) as reading:
        task = records.get(reading, "core.task", made["task_id"])
        held = records.get(reading, "core.customer", record)
    assert (task["title"], task["due_at"], task["about"]) == ("Wants samples", due, f"core.customer:{record}")
    assert (held["grade"], held["next_step_at"]) == ("a", due)

    with application.work() as undoing:
        records.undo(undoing, work.operation_id)
    with application.work(write=False) as reading:
        held = records.get(reading, "core.customer", record)
    assert counts(application) == (0, 0)
    assert (held["grade"], held["next_step_at"], held["last_activity_at"]) == (None, None, None)


def test_nothing_is_saved_when_a_part_is_refused(application: Any) -> None:
    record = customer(application)
    data = {"text": "Called", "next_what": "Send samples", "values": {"grade": "z"}}
    with pytest.raises(InvalidInput) as error, application.work() as work:
        records.run(work, "core.customer", record, "log", data)

    assert [problem.field for problem in error.value.problems] == ["grade"]
    assert counts(application) == (0, 0)


def test_text_is_asked_for(application: Any) -> None:
    record = customer(application)
    with pytest.raises(InvalidInput) as error, application.work() as work:
        records.run(work, "core.customer", record, "log", {"kind": "call"})

    assert [problem.field for problem in error.value.problems] == ["text"]
