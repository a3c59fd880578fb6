"""Moments as people write them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from crmframe.core.entities.kinds import Instant, ValueProblem
from crmframe.core.errors import BadRequest

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


def moment_of(work: UnitOfWork, text: str) -> datetime:
    """Return a moment in the workspace's zone; a day alone means its end, and the present day this moment.

    Raises:
        BadRequest: It is no moment.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _instant(work, text)
    if day >= work.today:
        return work.now
    end = datetime.combine(day + timedelta(days=1), time(), work.settings.zone)
    return end - timedelta(microseconds=1)


def _instant(work: UnitOfWork, text: str) -> datetime:
    try:
        found = Instant().parse(text, work.parse_context())
    except ValueProblem:
        found = None
    if found is None:
        raise BadRequest(reason=f"{text} is no moment; write 2026-03-01, or 2026-03-01T12:00")
    return found
