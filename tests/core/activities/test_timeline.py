from __future__ import annotations

from datetime import timedelta
from typing import Any

from crmframe.core import records
from crmframe.core.activities import timeline
from crmframe.core.activities.timeline import Place


def test_pages_of_a_timeline_join_to_the_whole_in_order_even_at_one_moment(application: Any) -> None:
    with application.work() as work:
        about = f"core.customer:{records.create(work, 'core.customer', {'name': 'Nordvik'})['id']}"
        hours = [*range(7), 3, 3, 3]
        rows = [{"about": about, "text": f"{n}", "at": work.now - timedelta(hours=n)} for n in hours]
        records.create_many(work, "core.activity", rows)
        done = [{"about": about, "title": "t", "done_at": work.now - timedelta(hours=n)} for n in (3, 3, 5)]
        records.create_many(work, "core.task", done)
        past = [{"about": about, "title": "a", "start_at": work.now - timedelta(hours=n)} for n in (3, 6, -2)]
        records.create_many(work, "core.appointment", past)

    with application.work(write=False) as work:
        whole = timeline.entries(work, about, 100)
        joined, before = [], None
        while page := timeline.entries(work, about, 2, before):
            joined += page
            before = Place.parse(str(page[-1].place))

    assert len(whole) == 15
    assert joined == whole
    assert [e.place for e in whole] == sorted((e.place for e in whole), reverse=True)


def test_what_is_planned_comes_earliest_first_and_without_a_date_last(application: Any) -> None:
    with application.work() as work:
        about = f"core.customer:{records.create(work, 'core.customer', {'name': 'Nordvik'})['id']}"
        for title, days in (("late", -1), ("some day", None), ("soon", 1)):
            due = None if days is None else work.now + timedelta(days=days)
            records.create(work, "core.task", {"title": title, "about": about, "due_at": due})
        values = {"title": "visit", "about": about, "start_at": work.now}
        records.create(work, "core.appointment", values)

        assert [row.title for row in timeline.planned(work, about)] == ["late", "visit", "soon", "some day"]


def test_place_that_is_none_is_no_place() -> None:
    assert Place.parse("") is None
    assert Place.parse("2026-01-01~1") is None
    assert Place.parse("2026-01-01~1~99999999999999999999999") is None
