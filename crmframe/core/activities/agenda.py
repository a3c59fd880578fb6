"""What takes place in a stretch of time: every time of appointments, those that repeat expanded, single ones moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.activities.appointments import LONGEST, ends
from crmframe.core.activities.recurrence import turns
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.types import Id, Instant
from crmframe.core.work import UnitOfWork

MARGIN = timedelta(days=2)
COLUMNS = (
    *("id", "title", "about", "place", "start_at", "end_at", "all_day", "zone", "recurrence"),
    *("organizer_id", "remind_minutes", "state"),
)
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of an appointment.

    Attributes:
        day: Its name among the times of one that repeats.
        state: Of this time: planned, held or cancelled.
    """

    appointment: Mapping[str, Any]
    day: date
    start: datetime
    end: datetime
    state: str


def agenda(work: UnitOfWork, user_id: int | None, first: datetime, last: datetime) -> list[Occurrence]:
    """Return what overlaps the time from *first* to *last*, in order, as far as the actor may see it.

    It takes two statements, and a third when a single time was moved out of a series that is over.

    Args:
        user_id: Who organizes it or takes part and did not decline; None asks for everybody's.
    """
    appointments = _appointments(work, user_id, {"first": first, "last": last})
    return occurrences(work, appointments, first, last, user_id=user_id, moved=True)


def occurrences(
    work: UnitOfWork,
    appointments: Rows,
    first: datetime,
    last: datetime,
    *,
    user_id: int | None = None,
    moved: bool = False,
) -> list[Occurrence]:
    """Return the times of these appointments between *first* and *last*.

    Args:
        moved: Look for single times that were moved here from series which are over, too.
    """
    known = {row["id"]: row for row in appointments}
    repeating = [row["id"] for row in appointments if row["recurrence"]]
    singles = _singles(work, repeating, first, last) if repeating or moved else {}
    lost = {appointment for appointment, _ in singles} - known.keys()
    if lost:
        known |= {row["id"]: row for row in _appointments(work, user_id, {"ids": sorted(lost)})}
    found = [each for row in appointments for each in _of_rule(row, singles, first, last)]
    found += [_moved(known[a], time) for (a, _), time in singles.items() if a in known and time.start_at]
    inside = [each for each in found if each.start < last and (each.end > first or each.start >= first)]
    return sorted(inside, key=lambda each: (each.start, each.end, each.appointment["id"]))


def _of_rule(
    row: Mapping[str, Any], singles: Mapping[tuple[int, date], Any], first: datetime, last: datetime
) -> Iterator[Occurrence]:
    for turn in turns(row["start_at"], ends(row), row["zone"], row["recurrence"], first, last):
        single = singles.get((row["id"], turn.day)) if row["recurrence"] else None
        if single is None or not single.start_at:
            state = single.state if single else row["state"]
            yield Occurrence(row, turn.day, turn.start, turn.end, state)


def _moved(row: Mapping[str, Any], time: Any) -> Occurrence:
    end = time.end_at or time.start_at + (ends(row) - row["start_at"])
    return Occurrence(row, time.day, time.start_at, end, time.state)


def _appointments(work: UnitOfWork, user_id: int | None, values: Mapping[str, Any]) -> Rows:
    visible = records.visible(work, "core.appointment")
    by_id = "ids" in values
    statement = work.kept(
        "core.agenda",
        lambda: _select(work, visible, user_id is not None, by_id),
        visible,
        user_id is None,
        by_id,
    )
    given = dict(values) if by_id else {**values, "early": values["first"] - LONGEST}
    if user_id is not None:
        given["user"] = user_id
    return [row._asdict() for row in work.rows(statement, given)]


def _select(work: UnitOfWork, visible: sa.Subquery, personal: bool, by_id: bool) -> Any:
    a = visible.c
    chosen = sa.select(*(a[name] for name in COLUMNS)).where(a.title.is_not(None), a.zone.is_not(None))
    if personal:
        chosen = chosen.where(_of_user(work, a))
    if by_id:
        return chosen.where(in_set(a.id, "ids"))
    first, last, early = (sa.bindparam(name, type_=Instant()) for name in ("first", "last", "early"))
    goes_on = sa.or_(a.last_at.is_(None), a.last_at >= first)
    return sa.union_all(
        chosen.where(a.recurrence.is_(None), a.start_at >= early, a.start_at < last),
        chosen.where(a.recurrence.is_not(None), a.start_at < last, goes_on),
    )


def _of_user(work: UnitOfWork, a: Any) -> sa.ColumnElement[bool]:
    user = sa.bindparam("user", type_=Id())
    attendee: Any = work.registry.entity("core.attendee").table
    comes = sa.and_(attendee.c.user_id == user, attendee.c.answer != "declined")
    invited = sa.select(attendee.c.appointment_id).where(comes)
    return sa.or_(a.organizer_id == user, a.id.in_(invited))


def _singles(
    work: UnitOfWork, ids: Sequence[int], first: datetime, last: datetime
) -> dict[tuple[int, date], Any]:
    """Return what became of single times whose days lie in the stretch, or which were moved into it."""
    t = records.visible(work, "core.appointment_time").c
    named = sa.and_(
        in_set(t.appointment_id, "ids"), t.day >= sa.bindparam("from"), t.day <= sa.bindparam("to")
    )
    early, late = (sa.bindparam(name, type_=Instant()) for name in ("early", "late"))
    came = sa.and_(t.start_at >= early, t.start_at < late)
    columns = (t.appointment_id, t.day, t.state, t.start_at, t.end_at)
    values = {
        "ids": list(ids),
        "from": (first - LONGEST).date(),
        "to": (last + MARGIN).date(),
        "early": first - LONGEST,
        "late": last,
    }
    rows = work.rows(sa.select(*columns).where(sa.or_(named, came)), values)
    return {(row.appointment_id, row.day): row for row in rows}
