"""The next step of a customer: the earliest of what is planned and not yet done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.operation.check_values import maintained_fields_are_right
from crmframe.core.operation.checks import Limits


def next_step(application: Any, customer: int) -> datetime | None:
    with application.work(write=False) as work:
        assert not list(maintained_fields_are_right(work, Limits()))
        found: datetime | None = records.get(work, "core.customer", customer)["next_step_at"]
        return found


def in_days(application: Any, days: float) -> datetime:
    return application.clock().replace(microsecond=0) + timedelta(days=days)  # type: ignore[no-any-return]


@pytest.fixture
def customer(application: Any) -> int:
    with application.work() as work:
        return int(records.create(work, "core.customer", {"name": "Nordvik"})["id"])


def add(application: Any, entity: str, customer: int, **values: Any) -> int:
    with application.work() as work:
        about = f"core.customer:{customer}"
        return int(records.create(work, entity, {"about": about, **values})["id"])


def test_next_step_is_the_earliest_of_tasks_appointments_and_what_the_last_activity_says(
    application: Any, customer: int
) -> None:
    add(application, "core.task", customer, title="Send samples", due_at=in_days(application, 9))
    add(application, "core.appointment", customer, title="Visit", start_at=in_days(application, 5))
    assert next_step(application, customer) == in_days(application, 5)

    add(application, "core.activity", customer, text="Called", next_step_at=in_days(application, 2))
    assert next_step(application, customer) == in_days(application, 2)

    add(application, "core.activity", customer, text="Called again")
    assert next_step(application, customer) == in_days(application, 5)


def test_what_is_done_or_cancelled_is_no_next_step_and_undo_brings_it_back(
    application: Any, customer: int
) -> None:
    task = add(application, "core.task", customer, title="Send samples", due_at=in_days(application, -1))
    visit = add(application, "core.appointment", customer, title="Visit", start_at=in_days(application, 5))
    assert next_step(application, customer) == in_days(application, -1)

    with application.work() as work:
        records.run(work, "core.task", task, "complete")
    assert next_step(application, customer) == in_days(application, 5)
    with application.work() as cancelling:
        records.run(cancelling, "core.appointment", visit, "cancel")
    assert next_step(application, customer) is None
    for operation in (cancelling.operation_id, work.operation_id):
        with application.work() as undoing:
            records.undo(undoing, operation)
    assert next_step(application, customer) == in_days(application, -1)


def test_task_that_moves_to_another_customer_takes_the_next_step_along(
    application: Any, customer: int
) -> None:
    task = add(application, "core.task", customer, title="Send samples", due_at=in_days(application, 1))
    with application.work() as work:
        other = records.create(work, "core.customer", {"name": "Südwind"})["id"]
        records.update(work, "core.task", task, {"about": f"core.customer:{other}"})

    assert next_step(application, customer) is None
    assert next_step(application, other) == in_days(application, 1)


def test_appointment_that_repeats_is_no_next_step(application: Any, customer: int) -> None:
    start = in_days(application, 1)
    add(application, "core.appointment", customer, title="Weekly", start_at=start, recurrence="FREQ=WEEKLY")

    assert next_step(application, customer) is None


def test_customer_that_comes_back_has_the_next_step_it_had(application: Any, customer: int) -> None:
    add(application, "core.task", customer, title="Send samples", due_at=in_days(application, 1))
    with application.work() as deleting:
        records.delete(deleting, "core.customer", customer)
    with application.work() as work:
        records.undo(work, deleting.operation_id)

    assert next_step(application, customer) == in_days(application, 1)
