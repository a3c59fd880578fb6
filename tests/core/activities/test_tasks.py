from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.activities.tasks import TaskDone, TaskOpen
from crmframe.core.records import Query


def test_task_belongs_to_whoever_makes_it_and_is_open(application: Any) -> None:
    with application.work() as work:
        task = records.create(work, "core.task", {"title": "Call back"})

        assert (task["assignee_id"], task["done_at"], task["priority"]) == (None, None, "normal")


def test_task_is_done_and_reopened_each_once_and_each_undone(application: Any) -> None:
    with application.work() as work:
        task = records.create(work, "core.task", {"title": "Call back"})["id"]
    with application.work() as work:
        records.run(work, "core.task", task, "complete")
    done = work.operation_id
    with pytest.raises(TaskDone), application.work() as work:
        records.run(work, "core.task", task, "complete")
    with application.work() as work:
        assert records.get(work, "core.task", task)["done_at"] is not None
        records.undo(work, done)
    with application.work() as work:
        assert records.get(work, "core.task", task)["done_at"] is None
    with pytest.raises(TaskOpen), application.work() as work:
        records.run(work, "core.task", task, "reopen")


def test_open_tasks_come_in_the_order_they_are_due(application: Any) -> None:
    with application.work() as work:
        for title, days in (("later", 2), ("late", -1), ("soon", 1)):
            due = work.now + timedelta(days=days)
            records.create(work, "core.task", {"title": title, "due_at": due})
        records.create(work, "core.task", {"title": "some day"})

        found = records.select(work, "core.task", Query(order=("due_at",))).records()

        assert [row["title"] for row in found] == ["late", "soon", "later", "some day"]


def test_task_goes_with_the_record_it_is_about(application: Any) -> None:
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "Nordvik"})["id"]
        records.create(work, "core.task", {"title": "Call back", "about": f"core.customer:{customer}"})
        records.delete(work, "core.customer", customer)

        assert records.count(work, "core.task", Query()).value == 0
