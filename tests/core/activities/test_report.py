from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.activities.report import follow_ups, my_customers, my_day


def user(work: Any, name: str) -> int:
    values = {"login": name, "name": name, "is_admin": True}
    return int(records.create(work, "core.user", values)["id"])


def as_user(application: Any, number: int) -> Any:
    with application.database.read() as connection:
        return application.work(actor_of_user(connection, number))


def test_report_holds_what_each_did_on_the_day_of_the_workspace(application: Any) -> None:
    with application.work() as work:
        zhang, emma = user(work, "张伟"), user(work, "Emma")
    with as_user(application, zhang) as work:
        about = f"core.customer:{records.create(work, 'core.customer', {'name': 'Nordvik'})['id']}"
        noon = datetime(2026, 3, 4, 12, tzinfo=work.settings.zone)
        for kind, at in (
            ("call", noon),
            ("call", noon),
            ("visit", noon),
            ("visit", noon - timedelta(days=1)),
        ):
            values = {"about": about, "kind": kind, "text": "x", "at": at}
            records.create(work, "core.activity", values)
        records.create(work, "core.task", {"title": "Sent", "done_at": noon})
        records.create(work, "core.activity", {"about": about, "text": "x", "at": noon, "by_id": emma})
        records.create(work, "core.task", {"title": "Next"})

        day = follow_ups(work, noon.date(), 1, None)
        mine = follow_ups(work, work.week_start(noon.date()), 7, [zhang])
        today = follow_ups(work, work.today, 1, [zhang])

    assert {share.user_id: dict(share.kinds) for share in day.shares} == {
        zhang: {"call": 2, "visit": 1},
        emma: {"note": 1},
    }
    [share] = mine.shares
    assert (share.kinds["visit"], share.touched, [row.text for row in share.done]) == (2, {about}, ["Sent"])
    assert [row.text for row in today.shares[0].planned] == ["Next"]


def test_first_page_counts_what_is_late_today_quiet_and_new(application: Any) -> None:
    with application.work() as work:
        zhang = user(work, "张伟")
    with as_user(application, zhang) as work:
        records.create(work, "core.task", {"title": "late", "due_at": work.now - timedelta(days=2)})
        records.create(work, "core.task", {"title": "now", "due_at": work.now})
        records.create(work, "core.task", {"title": "later", "due_at": work.now + timedelta(days=3)})
        records.create(work, "core.task", {"title": "other", "due_at": work.now, "assignee_id": None})
        about = f"core.customer:{records.create(work, 'core.customer', {'name': 'Nordvik'})['id']}"
        values = {"about": about, "text": "x", "at": work.now - timedelta(days=40), "next_step_at": work.now}
        records.create(work, "core.activity", values)

        day, customers = my_day(work, 1), my_customers(work, 30)

    assert ([row.title for row in day["rows"]], day["late"], day["today"]) == (["late"], 1, 1)
    assert customers == {"follow": 1, "quiet": 1, "new": 1}
