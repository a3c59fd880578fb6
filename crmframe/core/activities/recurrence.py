"""What repeats: rules as RFC 5545 writes them, expanded in the wall time of a zone.

A meeting at nine stays at nine when the clocks change. A wall time that a day does not have counts by the clock before the
change (02:30 becomes 03:30), one that a day has twice is the first of the two: as RFC 5545, 3.3.5, has it. The end is
a wall time, too: a night shift from 22:00 to 06:00 ends at 06:00 every day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from dateutil import rrule

from crmframe.core.entities.kinds import Text
from crmframe.core.entities.kinds_base import ParseContext, ValueProblem, shown

MOST_COUNTED = 1000
DAY_END = time(23, 59, 59)

# What each frequency may be narrowed by: no rule made of these looks for a day that never comes.
_PARTS: Mapping[str, frozenset[str]] = {
    "DAILY": frozenset({"BYDAY"}),
    "WEEKLY": frozenset({"BYDAY"}),
    "MONTHLY": frozenset({"BYDAY", "BYMONTHDAY", "BYSETPOS"}),
    "YEARLY": frozenset({"BYDAY", "BYMONTHDAY", "BYMONTH"}),
}
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_DAY = r"(?:MO|TU|WE|TH|FR|SA|SU)"
_VALUES: Mapping[str, re.Pattern[str]] = {
    "INTERVAL": _NUMBER,
    "COUNT": re.compile(r"[1-9][0-9]{0,2}|1000"),
    "UNTIL": re.compile(r"[0-9]{8}(?:T[0-9]{6}Z?)?"),
    "WKST": re.compile(_DAY),
    "BYDAY": re.compile(rf"(?:[+-]?[1-5])?{_DAY}(?:,(?:[+-]?[1-5])?{_DAY})*"),
    "BYMONTHDAY": re.compile(r"-?[1-9][0-9]?(?:,-?[1-9][0-9]?)*"),
    "BYMONTH": re.compile(r"(?:[1-9]|1[0-2])(?:,(?:[1-9]|1[0-2]))*"),
    "BYSETPOS": re.compile(r"[+-]?[1-5]"),
}
_COMMON = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})


@dataclass(frozen=True)
class RecurrenceRule(Text):
    """An RRULE of RFC 5545 whose shortest step is a day."""

    example: ClassVar[str] = "FREQ=WEEKLY;BYDAY=MO"

    max: int = 200

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        text = super().parse(raw, context)
        if text is None:
            return None
        rule = text.upper().removeprefix("RRULE:").replace(" ", "").rstrip(";")
        try:
            parts = _parts_of(rule)
            next(_starts(parts, datetime(2026, 1, 1), ZoneInfo("UTC")), None)  # noqa: DTZ001 - a wall time
        except ValueError:
            template = "{field}: {value} is not a rule for what repeats. Write one such as {example}."
            raise ValueProblem("not_a_recurrence", template, value=shown(raw), example=self.example) from None
        return rule


@dataclass(frozen=True, slots=True)
class Turn:
    """One time of something that repeats; ``day`` names it, whatever becomes of its times."""

    day: date
    start: datetime
    end: datetime


def turns(
    start: datetime, end: datetime, zone: str, rule: str | None, first: datetime, last: datetime
) -> Iterator[Turn]:
    """Yield when something takes place that overlaps the time from *first* to *last*, in order.

    Args:
        start: Of the first time; *end* is of the same.
        zone: In whose wall time it repeats.
    """
    where = ZoneInfo(zone)
    began = _wall(start, where)
    length = _wall(end, where) - began
    if rule is None:
        if (start < last and end > first) or first <= start == end < last:
            yield Turn(began.date(), start, end)
        return
    horizon = _wall(last, where) + timedelta(days=1)
    for wall in _starts(_parts_of(rule), began, where):
        if wall > horizon:
            return
        turn = Turn(wall.date(), _moment(wall, where), _moment(wall + length, where))
        if turn.start < last and (turn.end > first or first <= turn.start):
            yield turn


def last_end(start: datetime, end: datetime, zone: str, rule: str | None) -> datetime | None:
    """Return when the last time ends; None when there is no last one."""
    if rule is None:
        return end
    parts = _parts_of(rule)
    if not {"COUNT", "UNTIL"} & parts.keys():
        return None
    where = ZoneInfo(zone)
    began = _wall(start, where)
    latest = began
    # COUNT is at most a thousand; what goes on until a day is known to be over by the end of that day.
    if "UNTIL" in parts:
        latest = max(began, _until(parts["UNTIL"], where))
    else:
        for wall in islice(_starts(parts, began, where), MOST_COUNTED):
            latest = wall
    return _moment(latest + (_wall(end, where) - began), where)


def _parts_of(rule: str) -> dict[str, str]:
    """Return the parts of a rule by name.

    Raises:
        ValueError: One is unknown, occurs twice, or does not go with the others.
    """
    pairs = [part.partition("=") for part in rule.split(";")]
    parts = {name: value for name, _, value in pairs}
    frequency = parts.get("FREQ", "")
    if len(parts) < len(pairs) or frequency not in _PARTS or {"COUNT", "UNTIL"} <= parts.keys():
        raise ValueError(rule)
    if parts.keys() - _COMMON - _PARTS[frequency]:
        raise ValueError(rule)
    if any(not _VALUES[name].fullmatch(value) for name, value in parts.items() if name != "FREQ"):
        raise ValueError(rule)
    _refuse_never(frequency, parts)
    return parts


def _refuse_never(frequency: str, parts: Mapping[str, str]) -> None:
    """Refuse what may never come true, or means nothing: every third day that is a Monday, the fifth Monday of a week."""
    days = parts.get("BYDAY", "")
    counted = any(letter.isdigit() for letter in days)
    if counted and (frequency in ("DAILY", "WEEKLY") or "BYSETPOS" in parts):
        raise ValueError(days)
    if frequency == "DAILY" and days and parts.get("INTERVAL", "1") != "1":
        raise ValueError(days)
    if "BYSETPOS" in parts and ("BYMONTHDAY" in parts or not days):
        raise ValueError(days)
    if any(abs(int(day)) > 31 for day in parts.get("BYMONTHDAY", "1").split(",")):
        raise ValueError(parts["BYMONTHDAY"])


def _starts(parts: Mapping[str, str], began: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the wall times at which it begins; the first time is one of them only when the rule says so."""
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name != "UNTIL")
    end = _until(parts["UNTIL"], zone) if "UNTIL" in parts else None
    made = rrule.rrulestr(rule, dtstart=began)
    yield from made if end is None else made.replace(until=end)


def _until(text: str, zone: ZoneInfo) -> datetime:
    day = datetime.strptime(text[:8], "%Y%m%d")  # noqa: DTZ007 - a wall time
    if len(text) == 8:
        return datetime.combine(day, DAY_END)
    moment = datetime.strptime(text[:15], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a wall time
    return _wall(moment.replace(tzinfo=UTC), zone) if text.endswith("Z") else moment


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
