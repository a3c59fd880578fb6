"""Working time: against a clock that walks minute by minute, across changes of the clock, and as records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmframe.core import records
from crmframe.core.errors import InvalidInput
from crmframe.core.workspace.calendar import (
    NoWorkingTime,
    WorkingTime,
    add_working_time,
    is_working,
    working_days_between,
    working_time,
)
from crmframe.core.workspace.hours import spans_of

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
# Hours on the clock that no change of the clock takes away or doubles at their edge.
EDGES = st.sampled_from([0, 60, 4 * 60, 9 * 60, 12 * 60 + 30, 13 * 60, 18 * 60, 22 * 60, 24 * 60])


@st.composite
def hours(draw: Any) -> tuple[tuple[int, int], ...]:
    marks = sorted(draw(st.sets(EDGES, max_size=6)))
    return tuple(zip(marks[::2], marks[1::2], strict=False))


WEEKS = st.tuples(*[hours()] * 7)
# Around both changes of the clock in Berlin, and around nothing.
STARTS = st.sampled_from(
    [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 6, 5, tzinfo=UTC)]
).flatmap(lambda day: st.integers(0, 3 * 24 * 60).map(lambda minutes: day + minutes * MINUTE))
SPECIAL = st.dictionaries(
    st.integers(0, 9).map(lambda n: date(2026, 3, 26) + timedelta(days=n)), st.booleans(), max_size=3
)


def walked(held: WorkingTime, start: datetime) -> Iterator[tuple[datetime, bool]]:
    """Yield each minute with whether it is worked, by looking at the wall clock alone."""
    moment = start
    while True:
        wall = moment.astimezone(held.zone)
        minute = wall.hour * 60 + wall.minute
        yield moment, any(begin <= minute < end for begin, end in held.spans(wall.date()))
        moment += MINUTE


@settings(max_examples=60, deadline=None)
@given(WEEKS, STARTS, SPECIAL, st.sampled_from([BERLIN, SHANGHAI]), st.integers(1, 3000))
@example((((0, 1440),),) * 7, datetime(2026, 3, 28, 22, 30, tzinfo=UTC), {}, BERLIN, 600)
def test_working_time_passes_as_a_walk_by_the_clock_says(
    week: Any, start: datetime, special: Any, zone: ZoneInfo, minutes: int
) -> None:
    held = WorkingTime(zone, week, special)
    left, limit = minutes, start + timedelta(days=6)
    for moment, works in walked(held, start):
        assert held.is_working(moment) == works, moment
        if moment >= limit:
            return  # the walk is long enough
        left -= works
        if left == 0:
            assert held.add(start, minutes) == moment + MINUTE
            return


@settings(max_examples=60, deadline=None)
@given(WEEKS, SPECIAL, st.integers(0, 40), st.integers(-40, 40))
def test_working_days_add_up(week: Any, special: Any, first: int, number: int) -> None:
    held = WorkingTime(SHANGHAI, week, special)
    start = date(2026, 3, 20) + timedelta(days=first)
    middle, end = start + timedelta(days=number), start + timedelta(days=number * 2)

    assert held.days_between(start, middle) + held.days_between(middle, end) == held.days_between(start, end)
    assert held.days_between(start, start + timedelta(days=1)) == held.is_working_day(start)


def test_the_night_in_which_the_clock_changes_is_as_long_as_it_is() -> None:
    nights = WorkingTime(BERLIN, (((0, 6 * 60),),) * 7)
    evening = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)  # midnight in Berlin

    assert nights.add(evening, 300) == datetime(2026, 3, 29, 4, 0, tzinfo=UTC)
    assert nights.add(datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 420) == datetime(2026, 10, 25, 5, tzinfo=UTC)


def test_eight_hours_from_friday_noon_end_on_monday() -> None:
    usual = WorkingTime(SHANGHAI)

    assert usual.add(datetime(2026, 6, 5, 12, 0, tzinfo=SHANGHAI), 480) == datetime(
        2026, 6, 8, 11, 0, tzinfo=SHANGHAI
    )


def test_without_any_hours_there_is_no_end() -> None:
    with pytest.raises(NoWorkingTime):
        WorkingTime(SHANGHAI, ((),) * 7).add(datetime(2026, 6, 5, tzinfo=UTC), 1)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("9:00-12:00, 13:00-18:00", ((540, 720), (780, 1080))),
        ("09:00–12:00，13：00-24:00", ((540, 720), (780, 1440))),
        ("", ()),
        (None, ()),
        ("9-18", None),
        ("18:00-9:00", None),
        ("13:00-18:00, 9:00-12:00", None),
        ("9:00-24:01", None),
    ],
)
def test_hours_are_read_as_people_write_them(text: str | None, spans: Any) -> None:
    assert spans_of(text) == spans


@pytest.fixture
def application(make_application: Any) -> Any:
    return make_application(zone="Asia/Shanghai")


def test_without_a_calendar_weekdays_from_nine_to_six_count(application: Any) -> None:
    with application.work(door="cli", write=False) as work:
        assert is_working(work, datetime(2026, 6, 5, 1, 0, tzinfo=UTC))
        assert not is_working(work, datetime(2026, 6, 6, 1, 0, tzinfo=UTC))
        assert working_days_between(work, date(2026, 6, 1), date(2026, 6, 8)) == 5


def test_the_holidays_of_china_with_their_working_saturdays(application: Any) -> None:
    with application.work(door="cli") as work:
        calendar = records.create(work, "core.calendar", {"name": "Shanghai", "monday": "9:00-17:00"})
        records.run(work, "core.calendar", calendar["id"], "add_chinese_holidays", {"year": 2026})
        records.run(work, "core.calendar", calendar["id"], "add_chinese_holidays", {"year": 2026})
    with application.work(door="cli", write=False) as work:
        held = working_time(work)
        assert held.is_working_day(date(2026, 2, 14))
        assert held.spans(date(2026, 2, 14)) == ((540, 1020),)
        assert working_days_between(work, date(2026, 2, 15), date(2026, 2, 24)) == 0
        # Friday 13 February at 17:30: half an hour, then Saturday, which makes up for the holidays.
        end = add_working_time(work, datetime(2026, 2, 13, 9, 30, tzinfo=UTC), 60)
        assert end == datetime(2026, 2, 14, 9, 30, tzinfo=SHANGHAI)


def test_a_day_of_one_calendar_counts_before_that_of_all(application: Any) -> None:
    day = date(2026, 6, 5)
    with application.work(door="cli") as work:
        first = records.create(work, "core.calendar", {"name": "A"})["id"]
        second = records.create(work, "core.calendar", {"name": "B"})["id"]
        records.create(work, "core.holiday", {"day": day, "name": "Fair"})
        row = {"day": day, "name": "Open", "kind": "workday", "calendar_id": second}
        records.create(work, "core.holiday", row)
    with application.work(door="cli", write=False) as work:
        assert not working_time(work, first).is_working_day(day)
        assert working_time(work, second).is_working_day(day)


def test_what_a_calendar_cannot_be(application: Any) -> None:
    with pytest.raises(InvalidInput) as wrong, application.work(door="cli") as work:
        records.create(work, "core.calendar", {"name": "A", "monday": "nine to five"})
    assert wrong.value.problems[0].code == "not_hours"
    with application.work(door="cli") as work:
        calendar = records.create(work, "core.calendar", {"name": "A"})["id"]
    with pytest.raises(InvalidInput) as unknown, application.work(door="cli") as work:
        records.run(work, "core.calendar", calendar, "add_chinese_holidays", {"year": 2099})
    assert unknown.value.problems[0].code == "unknown_year"
