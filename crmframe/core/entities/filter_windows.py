"""Stretches of time by name: ``30d``, ``next_2w``, ``this_month``. Days of the workspace, both ends included."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EXAMPLES = (
    "today, yesterday, tomorrow, 30d, 2w, 3m, 1y, next_7d, this_week, last_week, next_week, this_month, last_month, "
    "next_month, this_quarter, last_quarter, next_quarter, this_year, last_year, next_year"
)

_SPAN = re.compile(r"(next_)?([1-9][0-9]{0,3})([dwmy])")
_PERIOD = re.compile(r"(last|this|next)_(week|month|quarter|year)")
_OFFSETS: Mapping[str, int] = {"last": -1, "this": 0, "next": 1}
_DAYS: Mapping[str, int] = {"yesterday": -1, "today": 0, "tomorrow": 1}
_MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}
_SHIFTS: Mapping[str, Callable[[date, int], date]] = {
    "d": lambda day, count: day + timedelta(days=count),
    "w": lambda day, count: day + timedelta(weeks=count),
    "m": lambda day, count: shifted(day, count),  # noqa: PLW0108 - defined below
    "y": lambda day, count: shifted(day, 12 * count),
}


def named_day(text: str, today: date) -> date | None:
    """Return the day called yesterday, today or tomorrow."""
    offset = _DAYS.get(text)
    return None if offset is None else today + timedelta(days=offset)


def window(text: str, today: date) -> tuple[date, date] | None:
    """Return the first day of a stretch and the day after its last; None when *text* names none."""
    day = named_day(text, today)
    if day is not None:
        return day, day + timedelta(days=1)
    if found := _SPAN.fullmatch(text):
        ahead, count, unit = found.groups()
        other = _SHIFTS[unit](today, int(count) if ahead else -int(count))
        return min(today, other), max(today, other) + timedelta(days=1)
    if found := _PERIOD.fullmatch(text):
        return _period(found[2], _OFFSETS[found[1]], today)
    return None


def _period(unit: str, offset: int, today: date) -> tuple[date, date]:
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=offset)
        return monday, monday + timedelta(weeks=1)
    months = _MONTHS[unit]
    first = today.replace(day=1, month=(today.month - 1) // months * months + 1)
    return shifted(first, offset * months), shifted(first, (offset + 1) * months)


def shifted(day: date, months: int) -> date:
    """Return the same day so many months later, or the last one of a shorter month."""
    count = day.year * 12 + day.month - 1 + months
    first = date(count // 12, count % 12 + 1, 1)
    following = (
        first.replace(year=first.year + 1, month=1)
        if first.month == 12
        else first.replace(month=first.month + 1)
    )
    return first.replace(day=min(day.day, (following - timedelta(days=1)).day))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins in a zone."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
