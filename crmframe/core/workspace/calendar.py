"""Working time: the hours of each weekday in a zone, holidays, and working days that make up for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crmframe.core.errors import Conflict
from crmframe.core.work import UnitOfWork
from crmframe.core.workspace.hours import Span, spans_of
from crmframe.core.workspace.models import DAYS, Calendar, Holiday

Week = tuple[tuple[Span, ...], ...]
USUAL: Week = (((540, 1080),),) * 5 + ((), ())
# Nobody plans further; a calendar without a working day must not be searched for ever.
FARTHEST = 3660
_calendar: Any = Calendar.__table__
_holiday: Any = Holiday.__table__


class NoWorkingTime(Conflict):
    """The calendar has not enough working time within ten years."""

    code = "no_working_time"
    template = "The calendar has no working time to count with. Give at least one weekday hours."


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """When work is done; pure, so that whoever asks often reads the calendar once.

    Attributes:
        week: Spans of minutes since midnight for each weekday, Monday first.
        special: Days that are free (False), or are worked though their weekday is free (True).
    """

    zone: ZoneInfo
    week: Week = USUAL
    special: Mapping[date, bool] = field(default_factory=dict)

    def is_working_day(self, day: date) -> bool:
        """Return whether anybody works on *day*."""
        return bool(self.spans(day))

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the hours of *day*; a day that makes up for a holiday has those of the first weekday with hours."""
        own = self.week[day.weekday()]
        worked = self.special.get(day)
        if worked is None:
            return own
        return (own or next((spans for spans in self.week if spans), ())) if worked else ()

    def moments(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield from when to when *day* is worked, in UTC: on days when the clock changes the hours are longer or shorter."""
        for start, end in self.spans(day):
            yield self._moment(day, start), self._moment(day, end)

    def _moment(self, day: date, minute: int) -> datetime:
        # Of a wall time that comes twice, the first counts.
        wall = datetime.combine(day, time()) + timedelta(minutes=minute)
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def is_working(self, moment: datetime) -> bool:
        """Return whether *moment* lies in working time."""
        day = moment.astimezone(self.zone).date()
        return any(start <= moment < end for start, end in self.moments(day))

    def add(self, start: datetime, minutes: int) -> datetime:
        """Return when *minutes* of working time have passed since *start*; with 0 minutes, *start* itself.

        Raises:
            NoWorkingTime: They do not pass within ten years.
        """
        left = timedelta(minutes=minutes)
        if left <= timedelta(0):
            return start
        first = start.astimezone(self.zone).date()
        for number in range(FARTHEST):
            for begins, ends in self.moments(first + timedelta(days=number)):
                since = max(begins, start)
                if since + left <= ends:
                    return since + left
                left -= max(ends - since, timedelta(0))
        raise NoWorkingTime

    def days_between(self, start: date, end: date) -> int:
        """Return how many working days there are from *start* until before *end*; negative when *end* is earlier."""
        if end < start:
            return -self.days_between(end, start)
        days = (start + timedelta(days=number) for number in range((end - start).days))
        return sum(map(self.is_working_day, days))


def working_time(work: UnitOfWork, calendar_id: int | None = None) -> WorkingTime:
    """Return the working time of a calendar, of the first one by default; without any, weekdays from 9 to 18."""
    chosen = sa.select(_calendar).order_by(_calendar.c.id).limit(1)
    if calendar_id is not None:
        chosen = chosen.where(_calendar.c.id == calendar_id)
    row = work.connection.execute(chosen).one_or_none()
    known = row.id if row is not None else None
    days = sa.select(_holiday.c.day, _holiday.c.kind, _holiday.c.calendar_id).where(
        sa.or_(_holiday.c.calendar_id.is_(None), _holiday.c.calendar_id == known)
    )
    # What is said of one calendar counts before what is said of all.
    rows = sorted(work.connection.execute(days), key=lambda each: each.calendar_id is not None)
    special = {each.day: each.kind == "workday" for each in rows}
    if row is None:
        return WorkingTime(work.settings.zone, USUAL, special)
    zone = ZoneInfo(row.zone) if row.zone else work.settings.zone
    return WorkingTime(zone, tuple(spans_of(getattr(row, name)) or () for name in DAYS), special)


def is_working(work: UnitOfWork, moment: datetime, calendar_id: int | None = None) -> bool:
    """Return whether *moment* lies in working time."""
    return working_time(work, calendar_id).is_working(moment)


def add_working_time(
    work: UnitOfWork, start: datetime, minutes: int, calendar_id: int | None = None
) -> datetime:
    """Return when *minutes* of working time have passed since *start*.

    Raises:
        NoWorkingTime: They do not pass within ten years.
    """
    return working_time(work, calendar_id).add(start, minutes)


def working_days_between(work: UnitOfWork, start: date, end: date, calendar_id: int | None = None) -> int:
    """Return how many working days there are from *start* until before *end*."""
    return working_time(work, calendar_id).days_between(start, end)
