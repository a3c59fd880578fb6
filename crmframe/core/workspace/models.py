"""Settings, working time and holidays as records: journaled, undone and synchronized like everything else."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.access.zone import ZoneName
from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field
from crmframe.core.workspace.hours import Hours

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL_HOURS = "9:00-18:00"
HOLIDAY_KINDS = (Choice("holiday", "Holiday", "green"), Choice("workday", "Make-up working day", "amber"))


class Setting(Base):
    """The value of a declared setting; one that has no record has its default.

    Attributes:
        value: JSON of the declared kind; null stands for the default too.
    """

    __title__ = "key"
    __group__ = "administration"
    __in_menu__ = False
    __order__ = ("key",)
    __bumps_epoch__ = True
    # Whoever could write settings could lower what protects everybody.
    __admin_fields__ = ("value",)

    key: Mapped[str] = field(kinds.Text(120), required=True, unique=True, index=True)
    value: Mapped[Any | None] = field(kinds.Json())


class Calendar(Base):
    """When work is done. The first calendar is the company's; others are for teams that work at other hours.

    Attributes:
        zone: Of the hours; empty means the workspace's.
        monday: Hours such as ``9:00-12:00, 13:00-18:00``, likewise the other days; empty on a free day.
    """

    __title__ = "name"
    __group__ = "administration"
    __icon__ = "calendar"
    __list__ = ("name", "zone", "monday", "saturday", "sunday")

    name: Mapped[str] = field(kinds.Text(120), required=True, index=True)
    zone: Mapped[str | None] = field(ZoneName(), "Time zone")
    monday: Mapped[str | None] = field(Hours(), default=USUAL_HOURS)
    tuesday: Mapped[str | None] = field(Hours(), default=USUAL_HOURS)
    wednesday: Mapped[str | None] = field(Hours(), default=USUAL_HOURS)
    thursday: Mapped[str | None] = field(Hours(), default=USUAL_HOURS)
    friday: Mapped[str | None] = field(Hours(), default=USUAL_HOURS)
    saturday: Mapped[str | None] = field(Hours())
    sunday: Mapped[str | None] = field(Hours())


class Holiday(Base):
    """A day on which the calendar differs: free, or worked to make up for a holiday (调休).

    Attributes:
        calendar_id: Empty means every calendar.
    """

    __title__ = "name"
    __group__ = "administration"
    __icon__ = "calendar"
    __order__ = ("-day",)
    __list__ = ("day", "name", "kind", "calendar_id")

    day: Mapped[date] = field(kinds.Date(), required=True, index=True, aliases=("日期", "date"))
    name: Mapped[str] = field(kinds.Text(120), required=True, index=True, aliases=("名称", "节日"))
    kind: Mapped[str] = field(
        kinds.Choices(*HOLIDAY_KINDS), required=True, default="holiday", aliases=("类型",)
    )
    calendar_id: Mapped[int | None] = field(kinds.Reference("core.calendar", on_delete="cascade"), "Calendar")


sa.UniqueConstraint(Holiday.__table__.c.calendar_id, Holiday.__table__.c.day)
