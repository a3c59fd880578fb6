from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.activities import telling
from crmframe.core.jobs.worker import Worker
from crmframe.core.notifications.tables import notification


def told(application: Any) -> list[tuple[str, int, str]]:
    with application.database.read() as connection:
        rows = connection.execute(sa.select(notification).order_by(notification.c.id))
        return [(row.kind, row.user_id, row.about) for row in rows]


@pytest.fixture
def people(application: Any) -> tuple[int, int]:
    with application.work() as work:
        ids = [
            records.create(work, "core.user", {"login": n, "name": n, "is_admin": True})["id"]
            for n in ("张伟", "Emma")
        ]
    return ids[0], ids[1]


def acting(application: Any, user: int) -> Any:
    with application.database.read() as connection:
        return application.work(actor_of_user(connection, user), door="web")


def remind(application: Any) -> None:
    with application.work() as work:
        telling.remind(work, {})


def test_mentions_comments_and_given_tasks_are_told_to_others_only(
    application: Any, people: tuple[int, int]
) -> None:
    zhang, emma = people
    with acting(application, emma) as work:
        about = f"core.customer:{records.create(work, 'core.customer', {'name': 'Nordvik'})['id']}"
        values = {"about": about, "text": "请@张伟看，@Emma 知道"}
        activity = records.create(work, "core.activity", values)["id"]
        task = records.create(work, "core.task", {"title": "Call", "assignee_id": zhang})["id"]
        records.create(work, "core.task", {"title": "My own"})
    with acting(application, zhang) as work:
        records.create(work, "core.comment", {"activity_id": activity, "text": "好"})
    Worker(application).run_once()

    assert sorted(told(application)) == [
        ("core.commented", emma, f"core.activity:{activity}"),
        ("core.mentioned", zhang, f"core.activity:{activity}"),
        ("core.task_assigned", zhang, f"core.task:{task}"),
    ]


def test_task_is_told_when_it_is_due_once_and_again_when_it_was_put_off(
    application: Any, people: tuple[int, int], clock: Any
) -> None:
    zhang, _ = people
    with application.work() as work:
        due = work.now + timedelta(minutes=10)
        task = records.create(work, "core.task", {"title": "Call", "assignee_id": zhang, "due_at": due})["id"]
        done = {"title": "Done", "assignee_id": zhang, "due_at": due, "done_at": work.now}
        records.create(work, "core.task", done)
    remind(application)
    assert told(application) == []

    clock.advance(minutes=10)
    remind(application)
    remind(application)
    assert told(application) == [("core.task_due", zhang, f"core.task:{task}")]

    with application.work() as work:
        records.update(work, "core.task", task, {"due_at": work.now + timedelta(minutes=5)})
    clock.advance(minutes=6)
    remind(application)
    assert len(told(application)) == 2


def test_weekly_meeting_is_told_a_quarter_before_nine_on_both_sides_of_the_change(
    application: Any, people: tuple[int, int], clock: Any
) -> None:
    zhang, emma = people
    berlin = ZoneInfo("Europe/Berlin")
    with application.work() as work:
        year = work.now.year + 1
        start = datetime(year, 3, 1, 9, tzinfo=berlin)
        values = {"title": "Weekly", "start_at": start, "zone": "Europe/Berlin", "recurrence": "FREQ=DAILY"}
        values |= {"remind_minutes": 15, "organizer_id": zhang}
        meeting = records.create(work, "core.appointment", values)["id"]
        records.create(work, "core.attendee", {"appointment_id": meeting, "user_id": emma})
    change = next(
        day
        for n in range(31)
        if (day := start + timedelta(days=n)).utcoffset() != (day + timedelta(days=1)).utcoffset()
    )
    for days, number in ((0, 2), (1, 4)):
        wall = (change + timedelta(days=days)).replace(hour=8, minute=44)
        clock.advance(seconds=(wall.astimezone(UTC) - application.clock()).total_seconds())
        remind(application)
        assert len(told(application)) == number - 2
        clock.advance(minutes=1)
        remind(application)
        remind(application)
        assert len(told(application)) == number


def test_appointment_is_told_before_it_begins_and_no_more_when_it_is_cancelled(
    application: Any, people: tuple[int, int], clock: Any
) -> None:
    zhang, _ = people
    with application.work() as work:
        values = {"start_at": work.now + timedelta(hours=2), "remind_minutes": 60, "organizer_id": zhang}
        visit = records.create(work, "core.appointment", {**values, "title": "Visit"})["id"]
        off = records.create(work, "core.appointment", {**values, "title": "Off"})["id"]
        records.run(work, "core.appointment", off, "cancel", {})
    clock.advance(minutes=61)
    remind(application)

    assert told(application) == [("core.appointment_soon", zhang, f"core.appointment:{visit}")]
