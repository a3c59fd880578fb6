"""Appointments: what takes place at a time, once or again and again, and who takes part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Mapped

from crmframe.core import records
from crmframe.core.access.zone import ZoneName
from crmframe.core.activities.recurrence import RecurrenceRule, last_end, turns
from crmframe.core.base import Base
from crmframe.core.contributions import Action, Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field
from crmframe.core.entities.maintained import Checked, Derived
from crmframe.core.errors import InvalidInput, Problem
from crmframe.core.work import UnitOfWork

LONGEST = timedelta(days=31)
USUAL = timedelta(hours=1)
STATES = (
    Choice("planned", "Planned", "blue"),
    Choice("held", "Took place", "green"),
    Choice("cancelled", "Cancelled", "grey"),
)
ANSWERS = (
    Choice("invited", "Invited", "grey"),
    Choice("accepted", "Accepted", "green"),
    Choice("maybe", "Maybe", "amber"),
    Choice("declined", "Declined", "red"),
)
REPEATS = sa.text("recurrence IS NOT NULL")


class Appointment(Base):
    """A meeting, a visit, a trade fair: something with a beginning and an end.

    Attributes:
        about: The record it belongs to; whoever sees that record sees the appointment.
        start_at: Of the first time, when it repeats.
        end_at: An hour after the start when it is left out.
        all_day: Only the days of start and end count, those of ``zone``.
        zone: Whose wall time holds when it repeats.
        recurrence: An RRULE such as ``FREQ=WEEKLY;BYDAY=MO``.
        last_at: When the last of its times ends; empty when it goes on for ever.
        remind_minutes: So long before each start its people are told.
        remind_at: When they are told of one that does not repeat.
    """

    __icon__ = "calendar"
    __group__ = "customers"
    __access_through__ = ("about",)
    __holder__ = "organizer_id"
    __place__ = ("place",)
    __list__ = ("title", "start_at", "end_at", "about", "place", "state", "organizer_id")
    __order__ = ("-start_at",)
    __indexes__ = (
        ("about", "start_at"),
        ("organizer_id", "start_at"),
        sa.Index(
            "ix_core_appointments_repeating", "start_at", "id", sqlite_where=REPEATS, postgresql_where=REPEATS
        ),
    )

    title: Mapped[str] = field(
        kinds.Text(200), required=True, index=True, data="personal", aliases=("日程", "主题", "subject")
    )
    about: Mapped[str | None] = field(
        kinds.AnyReference(on_delete="cascade"), aliases=("客户", "关联记录", "related to")
    )
    start_at: Mapped[datetime] = field(
        kinds.Instant(), "Begins", required=True, index=True, aliases=("开始时间", "start date", "start")
    )
    end_at: Mapped[datetime | None] = field(kinds.Instant(), "Ends", aliases=("结束时间", "end date", "end"))
    all_day: Mapped[bool] = field(kinds.Boolean(), required=True, default=False, aliases=("全天",))
    place: Mapped[str | None] = field(kinds.Text(200), data="personal", aliases=("地点", "location"))
    zone: Mapped[str] = field(
        ZoneName(),
        "Time zone",
        required=True,
        default=lambda work: work.settings.zone.key,
        aliases=("时区",),
    )
    recurrence: Mapped[str | None] = field(
        RecurrenceRule(),
        "Repeats",
        help="As a calendar writes it: FREQ=WEEKLY;BYDAY=MO. In the wall time of the time zone.",
        aliases=("重复", "rrule"),
    )
    last_at: Mapped[datetime | None] = field(kinds.Instant(), "Last time", maintained=True, index=True)
    organizer_id: Mapped[int | None] = field(
        kinds.Reference("core.user", on_delete="restrict"),
        "Organized by",
        default=lambda work: work.actor.id,
        aliases=("组织者", "负责人", "organizer"),
    )
    remind_minutes: Mapped[int | None] = field(
        kinds.Integer(min=0, max=40320), "Reminder (minutes before)", aliases=("提前提醒",)
    )
    remind_at: Mapped[datetime | None] = field(kinds.Instant(), "Reminder", maintained=True, index=True)
    state: Mapped[str] = field(kinds.Choices(*STATES), required=True, default="planned", aliases=("状态",))
    outcome: Mapped[str | None] = field(kinds.LongText(), data="personal", aliases=("结果",))
    notes: Mapped[str | None] = field(kinds.LongText(), data="personal", aliases=("备注", "description"))


class Attendee(Base):
    """Somebody who takes part in an appointment: a user, a contact, or anybody with a name."""

    __title__ = "name"
    __access_through__ = ("appointment_id",)
    __in_menu__ = False

    appointment_id: Mapped[int] = field(
        kinds.Reference("core.appointment", on_delete="cascade"), "Appointment", required=True
    )
    user_id: Mapped[int | None] = field(kinds.Reference("core.user", on_delete="cascade"), "User")
    contact_id: Mapped[int | None] = field(kinds.Reference("core.contact", on_delete="cascade"), "Contact")
    name: Mapped[str | None] = field(
        kinds.Text(120), help="Of somebody who is neither a user nor a contact.", data="personal"
    )
    answer: Mapped[str] = field(kinds.Choices(*ANSWERS), required=True, default="invited")


class AppointmentTime(Base):
    """One time of an appointment that repeats, and what became of it: moved, cancelled, or its outcome.

    Attributes:
        day: On which the rule has it, in the zone of the appointment; the name of this time, wherever it is moved to.
        start_at: Where it was moved to; empty when it was not moved.
    """

    __label__ = "Single time"
    __plural__ = "Single times"
    __title__ = "day"
    __access_through__ = ("appointment_id",)
    __in_menu__ = False
    __list__ = ("day", "appointment_id", "state", "start_at", "end_at")
    __order__ = ("day",)

    appointment_id: Mapped[int] = field(
        kinds.Reference("core.appointment", on_delete="cascade"), "Appointment", required=True
    )
    day: Mapped[date] = field(kinds.Date(), required=True, index=True)
    state: Mapped[str] = field(kinds.Choices(*STATES), required=True, default="planned")
    start_at: Mapped[datetime | None] = field(kinds.Instant(), "Moved to", index=True)
    end_at: Mapped[datetime | None] = field(kinds.Instant(), "Ends")
    outcome: Mapped[str | None] = field(kinds.LongText(), data="personal")


sa.UniqueConstraint(AppointmentTime.__table__.c.appointment_id, AppointmentTime.__table__.c.day)
sa.UniqueConstraint(Attendee.__table__.c.appointment_id, Attendee.__table__.c.user_id)
sa.UniqueConstraint(Attendee.__table__.c.appointment_id, Attendee.__table__.c.contact_id)


# --- what must hold -----------------------------------------------------------------------------------


def ends(values: Mapping[str, Any]) -> datetime:
    """Return when an appointment ends the first time."""
    start: datetime = values["start_at"]
    given: datetime | None = values.get("end_at")
    if given is not None:
        return given
    return start + (timedelta(days=1) if values.get("all_day") else USUAL)


def last_of(values: Mapping[str, Any], region: str) -> datetime | None:
    """Return when the last of an appointment's times ends; None for one that goes on, or that is not complete yet."""
    if values.get("start_at") is None or not values.get("zone"):
        return None
    return last_end(values["start_at"], ends(values), values["zone"], values.get("recurrence"))


def reminder_of(values: Mapping[str, Any], region: str) -> datetime | None:
    """Return when people are told of an appointment that takes place once."""
    start, minutes = values.get("start_at"), values.get("remind_minutes")
    if start is None or minutes is None or values.get("recurrence"):
        return None
    found: datetime = start - timedelta(minutes=minutes)
    return found


def times_make_sense(
    work: UnitOfWork,
    given: Sequence[Mapping[str, Any]],
    complete: Sequence[Mapping[str, Any]],
    ids: Sequence[int | None],
) -> list[Problem]:
    """Return a problem for each appointment that ends before it begins, or lasts longer than a month."""
    found = []
    for row, values in enumerate(complete):
        start, end = values.get("start_at"), values.get("end_at")
        if start is None or end is None or timedelta(0) <= end - start <= LONGEST:
            continue
        if end < start:
            found.append(Problem("end_at", "ends_early", "It ends before it begins.", {}, row))
        else:
            template = "An appointment lasts at most {days} days. Let it repeat, or make several."
            found.append(Problem("end_at", "too_long", template, {"days": LONGEST.days}, row))
    return found


DERIVED = (
    Derived("core.appointment", "remind_at", ("start_at", "remind_minutes", "recurrence"), reminder_of),
    Derived("core.appointment", "last_at", ("start_at", "end_at", "all_day", "zone", "recurrence"), last_of),
)
CHECKED = (Checked("core.appointment", times_make_sense),)


# --- actions ------------------------------------------------------------------------------------------


class Ended(BaseModel):
    """Ask what came of it; and of which day, when it repeats."""

    model_config = ConfigDict(extra="forbid")

    outcome: str | None = Field(default=None, title="Outcome", max_length=10_000)
    day: date | None = Field(
        default=None, title="Day", description="Of an appointment that repeats: which one."
    )


class Cancelled(BaseModel):
    """Ask which day is cancelled; all of them when it is left out."""

    model_config = ConfigDict(extra="forbid")

    day: date | None = Field(
        default=None, title="Day", description="Of an appointment that repeats: which one."
    )


class Moved(BaseModel):
    """Ask which day is moved, and where to."""

    model_config = ConfigDict(extra="forbid")

    start_at: datetime = Field(title="Begins")
    end_at: datetime | None = Field(default=None, title="Ends")
    day: date | None = Field(
        default=None, title="Day", description="Of an appointment that repeats: which one."
    )


def hold(work: UnitOfWork, appointment: Mapping[str, Any], given: Ended) -> None:
    """Note that an appointment took place, or one of its times."""
    values = {"state": "held"} | ({"outcome": given.outcome} if given.outcome else {})
    _settle(work, appointment, given.day, values)


def cancel(work: UnitOfWork, appointment: Mapping[str, Any], given: Cancelled) -> None:
    """Cancel an appointment, or one of its times."""
    _settle(work, appointment, given.day, {"state": "cancelled"})


def move(work: UnitOfWork, appointment: Mapping[str, Any], given: Moved) -> None:
    """Give an appointment another time, or one of its times; the length stays unless an end is given."""
    start = _aware(work, given.start_at)
    length = ends(appointment) - appointment["start_at"]
    end = start + length if given.end_at is None else _aware(work, given.end_at)
    _settle(work, appointment, given.day, {"start_at": start, "end_at": end, "state": "planned"})


def _aware(work: UnitOfWork, moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=work.settings.zone)


def _settle(
    work: UnitOfWork, appointment: Mapping[str, Any], day: date | None, values: Mapping[str, Any]
) -> None:
    """Write to the appointment, or to one of its times.

    Raises:
        InvalidInput: It does not take place on that day.
    """
    if day is None or not appointment["recurrence"]:
        records.write(work, "core.appointment", appointment["id"], values)
        return
    _require_day(appointment, day)
    table: Any = AppointmentTime.__table__
    known = work.scalar(
        sa.select(table.c.id).where(table.c.appointment_id == appointment["id"], table.c.day == day)
    )
    if known is None:
        records.create(
            work, "core.appointment_time", {"appointment_id": appointment["id"], "day": day, **values}
        )
    else:
        records.update(work, "core.appointment_time", known, values)


def _require_day(appointment: Mapping[str, Any], day: date) -> None:
    around = datetime(day.year, day.month, day.day, tzinfo=UTC)
    found = turns(
        appointment["start_at"],
        ends(appointment),
        appointment["zone"],
        appointment["recurrence"],
        around - timedelta(days=2),
        around + timedelta(days=3),
    )
    if all(turn.day != day for turn in found):
        template = "It does not take place on {day}. Choose one of its days."
        raise InvalidInput([Problem("day", "no_such_day", template, {"day": day})])


ACTIONS = (
    Action("core.appointment", "hold", hold, "Took place", input=Ended, tone="green"),
    Action("core.appointment", "move", move, "Move", input=Moved, tone="blue"),
    Action("core.appointment", "cancel", cancel, "Cancel it", input=Cancelled, tone="grey"),
)
