from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crmframe.core import records
from crmframe.core.activities.agenda import agenda

BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


def make(work: Any, title: str, start: datetime, **values: Any) -> int:
    given = {"title": title, "start_at": start, "zone": "Europe/Berlin", **values}
    return int(records.create(work, "core.appointment", given)["id"])


def shown(work: Any, user: int | None, first: datetime, last: datetime) -> list[str]:
    return [
        f"{each.appointment['title']} {each.start.astimezone(BERLIN):%m-%d %H:%M} {each.state}"
        for each in agenda(work, user, first, last)
    ]


def test_week_of_a_user_holds_what_is_organized_joined_and_not_declined(application: Any) -> None:
    with application.work() as work:
        me, other = (
            records.create(work, "core.user", {"login": name, "name": name})["id"] for name in ("me", "other")
        )
        make(work, "mine", at(30, 9), organizer_id=me)
        for title, answer in (("joined", "accepted"), ("declined", "declined")):
            invited = make(work, title, at(31, 9), organizer_id=other)
            values = {"appointment_id": invited, "user_id": me, "answer": answer}
            records.create(work, "core.attendee", values)
        make(work, "other", at(31, 10), organizer_id=other)
        make(work, "early", at(29, 9), organizer_id=me)

        assert shown(work, me, at(30, 0), at(6, 0, 4)) == [
            "mine 03-30 09:00 planned",
            "joined 03-31 09:00 planned",
        ]
        assert len(shown(work, None, at(30, 0), at(6, 0, 4))) == 4


def test_single_times_are_moved_and_cancelled_across_the_change_of_clocks(application: Any) -> None:
    with application.work() as work:
        weekly = make(work, "weekly", at(16, 9), recurrence="FREQ=WEEKLY;UNTIL=20260406")
        move = {"day": "2026-03-30", "start_at": at(31, 14).isoformat()}
        records.run(work, "core.appointment", weekly, "move", move)
        records.run(work, "core.appointment", weekly, "cancel", {"day": "2026-04-06"})

        assert shown(work, None, at(16, 0), at(13, 0, 4)) == [
            "weekly 03-16 09:00 planned",
            "weekly 03-23 09:00 planned",
            "weekly 03-31 14:00 planned",
            "weekly 04-06 09:00 cancelled",
        ]


def test_time_moved_behind_the_end_of_its_series_is_found(application: Any) -> None:
    with application.work() as work:
        weekly = make(work, "weekly", at(16, 9), recurrence="FREQ=WEEKLY;COUNT=2")
        move = {"day": "2026-03-23", "start_at": at(20, 9, 4).isoformat()}
        records.run(work, "core.appointment", weekly, "move", move)

        assert shown(work, None, at(20, 0, 4), at(21, 0, 4)) == ["weekly 04-20 09:00 planned"]


def test_meeting_over_midnight_is_in_both_days_and_a_long_past_one_in_none(application: Any) -> None:
    with application.work() as work:
        make(work, "night", at(16, 23), end_at=at(17, 1))
        make(work, "past", at(16, 23) - timedelta(days=90))

        assert len(shown(work, None, at(16, 0), at(17, 0))) == 1
        assert len(shown(work, None, at(17, 0), at(18, 0))) == 1
