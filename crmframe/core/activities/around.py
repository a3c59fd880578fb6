"""What surrounds activities: needs of customers, comments, who follows a record, who was mentioned."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.contributions import Button, Choice, ViewContext
from crmframe.core.entities import kinds
from crmframe.core.entities.declare import Owned
from crmframe.core.entities.field import field
from crmframe.core.work import UnitOfWork

URGENCIES = (
    Choice("low", "Low", "grey"),
    Choice("normal", "Normal", "blue"),
    Choice("high", "Urgent", "red"),
)
NEED_STATES = (
    Choice("open", "Open", "amber"),
    Choice("met", "Met", "green"),
    Choice("dropped", "Dropped", "grey"),
)


class Need(Base, Owned):
    """What a customer asked for: a product, or anything that can be said."""

    __title__ = "text"
    __icon__ = "target"
    __group__ = "customers"
    __access_through__ = ("customer_id",)
    __board__ = "state"
    __list__ = ("text", "customer_id", "product_id", "urgency", "state", "quantity", "budget", "currency")
    __order__ = ("-created_at",)

    customer_id: Mapped[int] = field(
        kinds.Reference("core.customer", on_delete="cascade"),
        "Customer",
        required=True,
        aliases=("客户", "客户名称"),
    )
    product_id: Mapped[int | None] = field(
        kinds.Reference("core.product", on_delete="clear"), "Product", aliases=("产品",)
    )
    text: Mapped[str] = field(
        kinds.Text(300), "What is wanted", required=True, index=True, aliases=("需求", "需求内容", "need")
    )
    urgency: Mapped[str] = field(
        kinds.Choices(*URGENCIES), required=True, default="normal", aliases=("紧急程度",)
    )
    state: Mapped[str] = field(
        kinds.Choices(*NEED_STATES), required=True, default="open", index=True, aliases=("状态", "status")
    )
    quantity: Mapped[Decimal | None] = field(kinds.DecimalNumber(places=3), aliases=("数量",))
    budget: Mapped[Decimal | None] = field(kinds.Money(currency="currency"), aliases=("预算",))
    currency: Mapped[str | None] = field(
        kinds.Text(3), default=lambda work: work.settings.currency, aliases=("币种", "货币")
    )


class Comment(Base):
    """What somebody says to an activity, such as a manager to a follow-up."""

    __title__ = "text"
    __icon__ = "message-circle"
    __access_through__ = ("activity_id",)
    __like_note__ = True
    __in_menu__ = False
    __order__ = ("created_at",)

    activity_id: Mapped[int] = field(
        kinds.Reference("core.activity", on_delete="cascade"), "Activity", required=True
    )
    text: Mapped[str] = field(kinds.LongText(), required=True, data="personal")


class Follower(Base):
    """A user who wants to hear of a record."""

    __title__ = "user_id"
    __access_through__ = ("about",)
    __holder__ = "user_id"
    __in_menu__ = False

    user_id: Mapped[int] = field(
        kinds.Reference("core.user", on_delete="cascade"),
        "User",
        required=True,
        default=lambda work: work.actor.id,
    )
    about: Mapped[str] = field(
        kinds.AnyReference(on_delete="cascade"), "Record", required=True, aliases=("记录",)
    )


class Mention(Base):
    """A user whose name stands in an activity, behind an @."""

    __title__ = "user_id"
    __access_through__ = ("activity_id",)
    __in_menu__ = False

    activity_id: Mapped[int] = field(
        kinds.Reference("core.activity", on_delete="cascade"), "Activity", required=True
    )
    user_id: Mapped[int] = field(kinds.Reference("core.user", on_delete="cascade"), "User", required=True)


sa.UniqueConstraint(Follower.__table__.c.user_id, Follower.__table__.c.about)
sa.UniqueConstraint(Mention.__table__.c.activity_id, Mention.__table__.c.user_id)


def following(work: UnitOfWork, about: str) -> int | None:
    """Return the record by which the actor follows *about*, None when the actor does not."""
    table: Any = Follower.__table__
    mine = sa.and_(table.c.user_id == sa.bindparam("me"), table.c.about == sa.bindparam("about"))
    statement = work.kept("core.following", lambda: sa.select(table.c.id).where(mine))
    found: int | None = work.scalar(statement, {"me": work.actor.id, "about": about})
    return found


def follow_buttons(context: ViewContext) -> Sequence[Button]:
    """Return the button by which the reader follows the record of the page, or no longer does."""
    entity, record = context.entity, context.record
    if entity is None or record is None or not entity.has_timeline or context.work.actor.id is None:
        return []
    held = following(context.work, f"{entity.name}:{record['id']}")
    url = f"/{entity.slug}/{record['id']}/follow"
    if held is None:
        return [Button("core.follow", "Follow", url, "post", "core.follower.create")]
    return [Button("core.follow", "Unfollow", url, "post", "core.follower.delete")]
