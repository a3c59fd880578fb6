"""Activities: what happened, and what is to happen next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field

ACTIVITY_KINDS = (
    Choice("call", "Call", "blue"),
    Choice("meeting", "Meeting", "violet"),
    Choice("message", "Message", "teal"),
    Choice("note", "Note", "grey"),
    Choice("visit", "Visit", "green"),
)


class Activity(Base):
    """Something that happened with a record: a call, a meeting, a message, a note, a visit.

    Attributes:
        about: The record, such as ``core.customer:7``.
        next_step_at: When something should follow.
    """

    __title__ = "text"
    __icon__ = "message-square"
    __group__ = "customers"
    __access_through__ = ("about",)
    __list__ = ("at", "kind", "about", "text", "by_id", "next_step_at")
    __order__ = ("-at",)
    # Timelines are read by record, reports by person, both in the order of what happened.
    __indexes__ = (("about", "at"), ("by_id", "at"))

    kind: Mapped[str] = field(
        kinds.Choices(*ACTIVITY_KINDS), required=True, default="note", aliases=("类型", "跟进方式", "type")
    )
    about: Mapped[str] = field(
        kinds.AnyReference(on_delete="cascade"),
        required=True,
        index=True,
        aliases=("客户", "跟进对象", "related to"),
    )
    at: Mapped[datetime] = field(
        kinds.Instant(),
        "When",
        required=True,
        index=True,
        default=lambda work: work.now,
        aliases=("时间", "跟进时间", "date", "activity date"),
    )
    by_id: Mapped[int | None] = field(
        kinds.Reference("core.user", on_delete="clear"),
        "By",
        index=True,
        default=lambda work: work.actor.id,
        aliases=("跟进人", "user"),
    )
    text: Mapped[str] = field(
        kinds.LongText(),
        required=True,
        data="personal",
        aliases=("内容", "沟通内容", "跟进内容", "subject", "description", "notes"),
        searchable=True,
    )
    next_step_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Next step", index=True, aliases=("下次跟进时间", "下次联系时间", "next step")
    )
