"""The public holidays of China with their make-up working days (调休), as the State Council published them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field

from crmframe.core import records
from crmframe.core.contributions import Action
from crmframe.core.errors import InvalidInput, Problem
from crmframe.core.work import UnitOfWork
from crmframe.core.workspace.models import Holiday

WEEKEND = 5
_holiday: Any = Holiday.__table__


class ChineseYear(BaseModel):
    """Which year's holidays to add."""

    year: int = Field(title="Year", ge=2004, le=2100)


def add_chinese_holidays(work: UnitOfWork, record: Mapping[str, Any], given: ChineseYear) -> None:
    """Add a year's holidays to a calendar; days that it knows already stay as they are.

    Raises:
        InvalidInput: The year is not published, or not known to the installed list yet.
    """
    days = list(chinese_days(given.year))
    mine = sa.and_(_holiday.c.calendar_id == record["id"], _holiday.c.day.between(days[0][0], days[-1][0]))
    known = set(work.connection.scalars(sa.select(_holiday.c.day).where(mine)))
    rows = [
        {"day": day, "name": name, "kind": kind, "calendar_id": record["id"]}
        for day, name, kind in days
        if day not in known
    ]
    if rows:
        records.create_many(work, "core.holiday", rows)


def chinese_days(year: int) -> Iterator[tuple[date, str, str]]:
    """Yield the days on which China differs from a plain week: day, name, ``holiday`` or ``workday``.

    Raises:
        InvalidInput: The list does not reach so far; the State Council publishes a year in the autumn before.
    """
    # Loaded when somebody asks: nobody else waits for it.
    known = import_module("chinese_calendar")
    day = date(year, 1, 1)
    while day.year == year:
        try:
            is_free, name = known.get_holiday_detail(day)
        except NotImplementedError:
            template = (
                "{field}: the holidays of {value} are not in the installed list yet. "
                "Import them as holidays instead."
            )
            data = {"field": "Year", "value": str(year)}
            raise InvalidInput([Problem("year", "unknown_year", template, data)]) from None
        if name is not None and is_free:
            yield day, known.Holiday(name).chinese, "holiday"
        elif day.weekday() >= WEEKEND and not is_free:
            yield day, f"{known.Holiday(name).chinese}调休" if name else "调休", "workday"
        day += timedelta(days=1)


ACTIONS = (
    Action(
        "core.calendar",
        "add_chinese_holidays",
        run=add_chinese_holidays,
        label="Add holidays of China",
        input=ChineseYear,
    ),
)
