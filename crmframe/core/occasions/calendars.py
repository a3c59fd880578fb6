"""When a day comes round again: by the solar calendar, or by the Chinese lunar one.

A day is kept as a key: month × 100 + day, and for the lunar calendar 10,000 more. Which keys fall on a date is asked when
it is looked for, so nothing has to be brought up to date when a year turns.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

LUNAR = 10_000
# What the library's tables hold.
FIRST, LAST = date(1900, 1, 31), date(2099, 12, 31)
# The Julian day before date.min.
DAY_ZERO = 1721425


class LunarDay(NamedTuple):
    """A day of the lunar calendar.

    Attributes:
        is_leap: It lies in a month that was put in, after the one of the same number.
        is_last: The month ends with it, with 29 or 30 days.
    """

    year: int
    month: int
    day: int
    is_leap: bool
    is_last: bool


def lunar_day(day: date) -> LunarDay | None:
    """Return the lunar day of a date; None outside of 1900 to 2099."""
    if not FIRST <= day < LAST:
        return None
    number = day.toordinal()
    year = day.year if number >= _months(day.year)[0][0] else day.year - 1
    first, month, length = next(each for each in reversed(_months(year)) if each[0] <= number)
    return LunarDay(year, abs(month), number - first + 1, month < 0, number - first + 1 == length)


@lru_cache(maxsize=256)
def _months(year: int) -> list[tuple[int, int, int]]:
    """Return the months of a lunar year: the ordinal of the first day, the number, and how many days.

    The library takes milliseconds for a year that it has not just seen, an import has a hundred thousand birthdays.
    """
    # The tables take a moment to load: whoever keeps no lunar days never waits for them.
    months = importlib.import_module("lunar_python").LunarYear.fromYear(year).getMonthsInYear()
    return [(int(m.getFirstJulianDay()) - DAY_ZERO, m.getMonth(), m.getDayCount()) for m in months]


def key_of(day: date | None, is_lunar: bool) -> int | None:
    """Return the key under which *day* comes round again.

    Whoever was born in a month that was put in has the birthday in the ordinary month of the same number.
    """
    if day is None:
        return None
    if not is_lunar:
        return day.month * 100 + day.day
    found = lunar_day(day)
    return None if found is None else LUNAR + found.month * 100 + found.day


def keys_of(day: date) -> list[int]:
    """Return every key that falls on *day*.

    February 29 falls on the 28th in years without it, a 30th of a lunar month on its 29th when that is the last. Days of a
    lunar month that was put in have no key: they had their turn in the ordinary one.
    """
    keys = [day.month * 100 + day.day]
    if keys == [228] and (day + timedelta(days=1)).day == 1:
        keys.append(229)
    found = lunar_day(day)
    if found is not None and not found.is_leap:
        keys.append(LUNAR + found.month * 100 + found.day)
        if found.day == 29 and found.is_last:
            keys.append(LUNAR + found.month * 100 + 30)
    return keys


def coming(first: date, days: int) -> Mapping[int, date]:
    """Return the keys of *days* days from *first* on, each with the next date on which it falls."""
    found: dict[int, date] = {}
    for day in (first + timedelta(days=n) for n in range(days)):
        for key in keys_of(day):
            found.setdefault(key, day)
    return found


def years_until(begun: date, on: date, is_lunar: bool) -> int:
    """Return which anniversary *on* is of the day *begun*: 40 for a fortieth birthday."""
    if is_lunar:
        first, present = lunar_day(begun), lunar_day(on)
        if first is not None and present is not None:
            return present.year - first.year
    return on.year - begun.year


MONTHS = "正二三四五六七八九十冬腊"
TENS, DIGITS = ("初", "十", "廿", "三"), "十一二三四五六七八九"


def lunar_text(key: int) -> str:
    """Return a lunar key as it is written in Chinese, such as 八月十五."""
    month, day = divmod(key - LUNAR, 100)
    if day in (20, 30):
        return f"{MONTHS[month - 1]}月{'二' if day == 20 else '三'}十"
    return f"{MONTHS[month - 1]}月{TENS[0] if day <= 10 else TENS[day // 10]}{DIGITS[day % 10]}"
