"""Robots of group chats, and the messages that wait for them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.access.models import LOCALES
from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field
from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant, JsonText

INFO = {"plugin": "core"}
WAITING = sa.text("state IN ('queued', 'sending')")
KINDS = (
    Choice("wecom", "WeCom", "green"),
    Choice("dingtalk", "DingTalk", "blue"),
    Choice("feishu", "Feishu", "teal"),
    Choice("slack", "Slack", "violet"),
    Choice("teams", "Microsoft Teams", "violet"),
)


class Robot(Base):
    """A robot in a group chat that tells the group what happened.

    Its address is a secret: it lies in a table of its own, which no page, export or journal ever reads.

    Attributes:
        topics: Keys of notification kinds, one a line.
        team_id: Only what somebody of this team is told; empty is everybody.
    """

    __group__ = "administration"
    __icon__ = "bot"
    __order__ = ("name",)
    __list__ = ("name", "kind", "team_id", "is_active")
    # What a robot tells, a whole group reads.
    __admin_fields__ = ("name", "kind", "topics", "team_id", "locale", "is_active")

    name: Mapped[str] = field(kinds.Text(120), required=True, index=True)
    kind: Mapped[str] = field(kinds.Choices(*KINDS), "Chat program", required=True)
    topics: Mapped[str] = field(
        kinds.LongText(),
        "What it tells",
        required=True,
        help="Keys of notifications such as core.task_assigned, one a line.",
    )
    team_id: Mapped[int | None] = field(kinds.Reference("core.team", on_delete="clear"), "Team")
    locale: Mapped[str | None] = field(kinds.Choices(*LOCALES), "Language")
    is_active: Mapped[bool] = field(kinds.Boolean(), "Active", required=True, default=True)


address = sa.Table(
    "core_robot_address",
    METADATA,
    sa.Column("robot_id", Id(), primary_key=True, autoincrement=False),
    sa.Column("url", sa.String(1000), nullable=False),
    sa.Column("secret", sa.String(200), nullable=False),
    info=INFO,
)

message = sa.Table(
    "core_robot_message",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("robot_id", Id(), nullable=False, index=True),
    # As of a notification; an empty kind is a test.
    sa.Column("kind", sa.String(120), nullable=False),
    sa.Column("about", sa.String(100), nullable=False),
    sa.Column("data", JsonText, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("run_at", Instant, nullable=False),
    sa.Column("lease_until", Instant),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Index("ix_core_robot_message_waiting", "run_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
    info=INFO,
    sqlite_autoincrement=True,
)
