"""Days that come round: known dates of the lunar calendar, months that were put in, days that a year lacks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from lunar_python import Solar

from crmframe.core.occasions.calendars import coming, key_of, keys_of, lunar_day, lunar_text, years_until

# Mid-Autumn, Spring Festival and Dragon Boat days as public calendars give them.
FESTIVALS = [
    (date(2024, 2, 10), 1, 1),
    (date(2025, 1, 29), 1, 1),
    (date(2026, 2, 17), 1, 1),
    (date(2024, 9, 17), 8, 15),
    (date(2025, 10, 6), 8, 15),
    (date(2026, 9, 25), 8, 15),
    (date(2025, 5, 31), 5, 5),
    (date(2026, 6, 19), 5, 5),
]


@pytest.mark.parametrize(("day", "month", "number"), FESTIVALS)
def test_festivals_fall_on_their_lunar_days(day: date, month: int, number: int) -> None:
    found = lunar_day(day)

    assert found is not None
    assert (found.month, found.day, found.is_leap) == (month, number, False)
    assert key_of(day, is_lunar=True) == 10_000 + month * 100 + number
    assert 10_000 + month * 100 + number in keys_of(day)


def test_a_birthday_in_a_month_that_was_put_in_is_kept_in_the_ordinary_one() -> None:
    """2025 has a second sixth month, from July 25 to August 22."""
    assert key_of(date(2025, 8, 1), is_lunar=True) == 10608
    assert [key for key in keys_of(date(2025, 8, 1)) if key > 10_000] == []
    assert 10608 in keys_of(date(2025, 7, 2))
    year = coming(date(2025, 1, 1), 365)
    assert year[10608] == date(2025, 7, 2)


def test_days_that_a_year_lacks_come_the_day_before() -> None:
    assert 229 in keys_of(date(2026, 2, 28))
    assert 229 not in keys_of(date(2028, 2, 28))
    assert 229 in keys_of(date(2028, 2, 29))


def test_a_thirtieth_comes_every_year_though_months_end_with_the_29th() -> None:
    found = []
    for year in range(2020, 2031):
        days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
        found += [day.year for day in days if day.year == year and 10830 in keys_of(day)]

    assert found == list(range(2020, 2031))


def test_each_day_of_a_year_comes_once_within_it() -> None:
    keys = coming(date(2027, 3, 1), 366)

    assert {month * 100 + day for month, day in ((1, 1), (2, 28), (2, 29), (12, 31))} <= keys.keys()
    assert sum(key < 10_000 for key in keys) == 366
    assert all(key in keys_of(day) for key, day in keys.items())


def test_years_are_counted_in_the_calendar_of_the_day() -> None:
    assert years_until(date(1986, 11, 23), date(2026, 11, 23), is_lunar=False) == 40
    # January 20, 1986 still lies in the lunar year 1985.
    assert years_until(date(1986, 1, 20), date(2026, 1, 29), is_lunar=True) == 40
    assert years_until(date(2026, 1, 20), date(2026, 11, 23), is_lunar=False) == 0


def test_days_outside_the_tables_have_no_lunar_day() -> None:
    assert (lunar_day(date(1850, 1, 1)), lunar_day(date(2150, 1, 1))) == (None, None)
    assert key_of(date(1850, 1, 1), is_lunar=True) is None
    assert keys_of(date(2150, 1, 1)) == [101]


@pytest.mark.parametrize(
    ("key", "text"),
    [(10101, "正月初一"), (10110, "正月初十"), (10511, "五月十一"), (10720, "七月二十"), (10815, "八月十五"), (11221, "腊月廿一"), (11130, "冬月三十")],
)  # fmt: skip
def test_lunar_days_are_written_as_in_china(key: int, text: str) -> None:
    assert lunar_text(key) == text


def test_days_are_those_of_the_library_in_every_year() -> None:
    for year in range(1901, 2099):
        for month, number in ((1, 20), (2, 5), (7, 25), (12, 31)):
            day = date(year, month, number)
            theirs = Solar.fromYmd(year, month, number).getLunar()
            found = lunar_day(day)
            assert found is not None
            signed = -found.month if found.is_leap else found.month
            assert (found.year, signed, found.day) == (theirs.getYear(), theirs.getMonth(), theirs.getDay())
