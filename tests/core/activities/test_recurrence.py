from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from crmframe.core.activities.recurrence import RecurrenceRule, last_end, turns
from crmframe.core.entities.kinds import ParseContext
from crmframe.core.entities.kinds_base import ValueProblem

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
CONTEXT = ParseContext(zone=ZoneInfo("UTC"), today=date(2026, 1, 5), region="DE", currency="EUR")


def wall(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def starts(begins: str, ends: str, zone: str, rule: str, first: str, last: str) -> list[str]:
    where = ZoneInfo(zone)
    found = turns(wall(begins, zone), wall(ends, zone), zone, rule, wall(first, zone), wall(last, zone))
    return [f"{t.start.astimezone(where):%m-%d %H:%M}-{t.end.astimezone(where):%H:%M}" for t in found]


@pytest.mark.parametrize("zone", [BERLIN, SHANGHAI])
@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-03-22T00:00", "2026-04-07T00:00", ["03-23", "03-30", "04-06"]),
        ("2026-10-18T00:00", "2026-11-03T00:00", ["10-19", "10-26", "11-02"]),
    ],
)
def test_meeting_at_nine_stays_at_nine_when_the_clocks_change(
    zone: str, first: str, last: str, days: list[str]
) -> None:
    found = starts("2026-01-05T09:00", "2026-01-05T10:00", zone, "FREQ=WEEKLY;BYDAY=MO", first, last)

    assert found == [f"{day} 09:00-10:00" for day in days]


def test_time_that_a_day_lacks_counts_by_the_clock_before_the_change() -> None:
    found = starts(
        "2026-03-28T02:30", "2026-03-28T02:45", BERLIN, "FREQ=DAILY", "2026-03-28T00:00", "2026-03-31T00:00"
    )

    assert found == ["03-28 02:30-02:45", "03-29 03:30-03:45", "03-30 02:30-02:45"]


def test_time_that_a_day_has_twice_is_the_first_of_the_two() -> None:
    [turn] = turns(
        wall("2026-10-24T02:30", BERLIN),
        wall("2026-10-24T02:45", BERLIN),
        BERLIN,
        "FREQ=DAILY",
        wall("2026-10-25T00:00", BERLIN),
        wall("2026-10-26T00:00", BERLIN),
    )

    assert turn.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_night_shift_ends_at_six_by_the_clock_in_every_night() -> None:
    found = starts(
        "2026-03-27T22:00", "2026-03-28T06:00", BERLIN, "FREQ=DAILY", "2026-03-28T12:00", "2026-03-30T00:00"
    )

    assert found == ["03-28 22:00-06:00", "03-29 22:00-06:00"]


def test_whole_days_are_whole_days_when_the_clocks_change() -> None:
    [turn] = turns(
        wall("2026-03-01T00:00", BERLIN),
        wall("2026-03-02T00:00", BERLIN),
        BERLIN,
        "FREQ=WEEKLY",
        wall("2026-03-29T00:00", BERLIN),
        wall("2026-03-30T00:00", BERLIN),
    )

    assert (turn.day, (turn.end - turn.start).total_seconds() / 3600) == (date(2026, 3, 29), 23)


def test_month_without_the_day_is_left_out_and_the_last_day_is_always_there() -> None:
    days = "2026-01-01T00:00", "2026-06-01T00:00"
    own = starts("2026-01-31T09:00", "2026-01-31T10:00", SHANGHAI, "FREQ=MONTHLY", *days)
    last = starts("2026-01-31T09:00", "2026-01-31T10:00", SHANGHAI, "FREQ=MONTHLY;BYMONTHDAY=-1", *days)

    assert [each[:5] for each in own] == ["01-31", "03-31", "05-31"]
    assert [each[:5] for each in last] == ["01-31", "02-28", "03-31", "04-30", "05-31"]


@pytest.mark.parametrize(
    ("until", "days"),
    [
        ("20260119", ["01-05", "01-12", "01-19"]),
        ("20260119T090000", ["01-05", "01-12", "01-19"]),
        ("20260119T085959", ["01-05", "01-12"]),
        ("20260119T010000Z", ["01-05", "01-12", "01-19"]),
        ("20260119T005959Z", ["01-05", "01-12"]),
    ],
)
def test_until_includes_its_own_moment(until: str, days: list[str]) -> None:
    rule = f"FREQ=WEEKLY;UNTIL={until}"
    found = starts(
        "2026-01-05T09:00", "2026-01-05T10:00", SHANGHAI, rule, "2026-01-01T00:00", "2026-03-01T00:00"
    )

    assert [each[:5] for each in found] == days


def test_what_is_counted_has_a_last_time_and_what_goes_on_has_none() -> None:
    start, end = wall("2026-03-23T09:00", BERLIN), wall("2026-03-23T10:00", BERLIN)

    assert last_end(start, end, BERLIN, None) == end
    assert last_end(start, end, BERLIN, "FREQ=WEEKLY") is None
    assert last_end(start, end, BERLIN, "FREQ=WEEKLY;COUNT=2") == wall("2026-03-30T10:00", BERLIN)


@pytest.mark.parametrize(
    "rule", ["RRULE:freq=weekly;byday=mo,th", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=DAILY;INTERVAL=3"]
)
def test_rule_is_read_as_calendars_write_it(rule: str) -> None:
    assert RecurrenceRule().parse(rule, CONTEXT) == rule.upper().removeprefix("RRULE:")


@pytest.mark.parametrize(
    "rule",
    [
        "every Monday",
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYDAY=2MO",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2",
        "FREQ=MONTHLY;BYMONTHDAY=40",
        "FREQ=WEEKLY;COUNT=3;UNTIL=20260101",
        "FREQ=WEEKLY;UNTIL=20261301",
        "FREQ=WEEKLY;COUNT=1001",
        "FREQ=WEEKLY;FREQ=DAILY",
    ],
)
def test_rule_that_means_nothing_or_never_comes_true_is_refused(rule: str) -> None:
    with pytest.raises(ValueProblem):
        RecurrenceRule().parse(rule, CONTEXT)
