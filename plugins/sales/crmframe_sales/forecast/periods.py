"""Months, quarters and fiscal years, and the moments between which they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from crmframe.api import UnitOfWork

MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A month, quarter or fiscal year; ``end`` is the day after its last."""

    kind: str
    start: date
    end: date

    def shifted(self, steps: int) -> Period:
        """Return the period of the same kind so many periods later."""
        months = MONTHS[self.kind]
        return Period(self.kind, _later(self.start, steps * months), _later(self.start, (steps + 1) * months))

    def parts(self, kind: str) -> list[Period]:
        """Return the shorter periods that it consists of, itself when it is of that kind already."""
        months = MONTHS[kind]
        count = max(1, MONTHS[self.kind] // months)
        first = Period(kind, self.start, _later(self.start, months))
        return [first.shifted(step) for step in range(count)]


def period_at(work: UnitOfWork, kind: str, day: date) -> Period:
    """Return the period of *kind* that *day* lies in; quarters and years go by the fiscal year."""
    months = MONTHS[kind]
    offset = (day.month - fiscal_start(work)) % months
    start = _later(day.replace(day=1), -offset)
    return Period(kind, start, _later(start, months))


def fiscal_start(work: UnitOfWork) -> int:
    """Return the month in which the workspace's fiscal year begins, 1 to 12."""
    return int(work.setting("core.fiscal_year_start"))


def moments(work: UnitOfWork, days: Sequence[date]) -> list[datetime]:
    """Return when these days begin in the workspace's zone."""
    return [datetime.combine(day, time(), work.settings.zone) for day in days]


def _later(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
