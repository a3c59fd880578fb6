"""What happened with a record and what is planned, newest first: activities, tasks that are done, appointments, comments.

A page costs one statement, however long the record's past is: each source gives its newest rows before the cursor, read
from an index by record and time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.entities.kinds_reference import LARGEST_ID
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.types import Id, Instant
from crmframe.core.work import UnitOfWork

ACTIVITY, APPOINTMENT, TASK = "core.activity", "core.appointment", "core.task"
END = datetime(9999, 12, 31, tzinfo=UTC)
# Of two entries of the same moment the one of the higher rank comes first; what plugins add has the rank 0.
RANKS: Mapping[str, int] = {ACTIVITY: 3, TASK: 2, APPOINTMENT: 1}
PLANNED = 5


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry stands in a timeline; the page after it is what is less."""

    at: datetime
    rank: int
    number: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat()}~{self.rank}~{self.number}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """Return the place that *text* names, None for what is no place."""
        try:
            at, rank, number = text.split("~")
            moment = datetime.fromisoformat(at)
            place = cls(moment if moment.tzinfo else moment.replace(tzinfo=UTC), int(rank), int(number))
        except (ValueError, OverflowError):
            return None
        return place if 0 <= place.number <= LARGEST_ID else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of one source.

    Attributes:
        kind: Of an activity; ``done`` for a task, the state for an appointment.
        next_at: The next step of an activity, the end of an appointment.
    """

    place: Place
    entity: str
    kind: str
    by_id: int | None
    text: str
    next_at: datetime | None


def entries(work: UnitOfWork, about: str, limit: int, before: Place | None = None) -> list[Entry]:
    """Return the newest *limit* entries about a record that the actor may see, older than *before*."""
    visible = {name: records.visible(work, name) for name in RANKS}
    statement = work.kept("core.timeline", lambda: _statement(visible), *visible.values())
    start = before or Place(END, 9, LARGEST_ID)
    values: dict[str, Any] = {"about": about, "before_at": start.at, "present": work.now, "most": limit}
    for name, rank in RANKS.items():
        same = start.number if rank == start.rank else (LARGEST_ID if rank < start.rank else 0)
        values[f"before_{rank}"] = same
        assert name
    found = [_entry(row) for row in work.rows(statement, values)]
    return sorted(found, key=lambda entry: entry.place, reverse=True)[:limit]


def _statement(visible: Mapping[str, sa.Subquery]) -> Any:
    activity, task, appointment = (visible[name].c for name in (ACTIVITY, TASK, APPOINTMENT))
    done = sa.literal_column("'done'", sa.String)
    none = sa.cast(sa.null(), Instant())
    happened = activity.kind.is_not(None)
    begun = appointment.start_at <= sa.bindparam("present", type_=Instant())
    parts = [
        _part(
            ACTIVITY,
            activity,
            activity.at,
            (activity.kind, activity.by_id, activity.text, activity.next_step_at),
        ).where(happened),
        _part(TASK, task, task.done_at, (done, task.assignee_id, task.title, none)),
        _part(
            APPOINTMENT,
            appointment,
            appointment.start_at,
            (appointment.state, appointment.organizer_id, appointment.title, appointment.end_at),
        ).where(begun, appointment.state.is_not(None), appointment.recurrence.is_(None)),
    ]
    return sa.union_all(*(sa.select(part.subquery()) for part in parts))


def _part(entity: str, c: Any, at: Any, columns: Sequence[Any]) -> Any:
    rank = RANKS[entity]
    before = sa.bindparam("before_at", type_=Instant())
    number = sa.bindparam(f"before_{rank}", type_=Id())
    kind, by, text, next_at = columns
    part = sa.select(
        sa.literal_column(str(rank), sa.Integer).label("rank"),
        c.id.label("number"),
        at.label("at"),
        kind.label("kind"),
        by.label("by_id"),
        sa.cast(text, sa.Text).label("text"),
        next_at.label("next_at"),
    )
    part = part.where(c.about == sa.bindparam("about", type_=sa.String), at <= before)
    part = part.where(sa.or_(at < before, c.id < number))
    return part.order_by(at.desc(), c.id.desc()).limit(sa.bindparam("most", type_=sa.Integer))


def _entry(row: Any) -> Entry:
    entity = next(name for name, rank in RANKS.items() if rank == row.rank)
    place = Place(row.at, row.rank, row.number)
    return Entry(place, entity, row.kind, row.by_id, row.text or "", row.next_at)


def comments(work: UnitOfWork, activity_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Return the comments on activities, oldest first: rows with id, text, created_by and created_at."""
    found: dict[int, list[Any]] = {}
    if not activity_ids or not work.actor.may("core.comment.read"):
        return found
    c = records.visible(work, "core.comment").c
    columns = (c.id, c.activity_id, c.text, c.created_by, c.created_at)
    statement = sa.select(*columns).where(in_set(c.activity_id, "activities")).order_by(c.created_at, c.id)
    for row in work.rows(statement, {"activities": list(activity_ids)}):
        found.setdefault(row.activity_id, []).append(row)
    return found


def planned(work: UnitOfWork, about: str) -> list[Any]:
    """Return what is to come of a record: open tasks and planned appointments, the earliest first, a few of each.

    Returns:
        Rows with entity, id, title, at and by_id; ``at`` is empty for a task that may wait.
    """
    visible = [records.visible(work, name) for name in (TASK, APPOINTMENT)]
    statement = work.kept("core.planned", lambda: _planned(*visible), *visible)
    found = work.rows(statement, {"about": about})
    return sorted(found, key=lambda row: (row.at is None, row.at or END, row.entity, row.id))


def _planned(tasks: sa.Subquery, appointments: sa.Subquery) -> Any:
    t, a = tasks.c, appointments.c
    own = sa.bindparam("about", type_=sa.String)
    columns = (t.id, t.title, t.due_at.label("at"), t.assignee_id.label("by_id"))
    task = sa.select(sa.literal_column(f"'{TASK}'", sa.String).label("entity"), *columns)
    task = task.where(t.about == own, t.done_at.is_(None), t.title.is_not(None))
    columns = (a.id, a.title, a.start_at.label("at"), a.organizer_id.label("by_id"))
    appointment = sa.select(sa.literal_column(f"'{APPOINTMENT}'", sa.String).label("entity"), *columns)
    appointment = appointment.where(a.about == own, a.state == "planned", a.title.is_not(None))
    parts = (
        task.order_by(t.due_at.is_(None), t.due_at, t.id).limit(PLANNED),
        appointment.order_by(a.start_at, a.id).limit(PLANNED),
    )
    return sa.union_all(*(sa.select(part.subquery()) for part in parts))
