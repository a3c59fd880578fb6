"""What loyalty keeps about a customer, in a table of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.api import Choice, field, kinds, plugin_base

Base: Any = plugin_base("loyalty")

TIERS = (
    Choice("silver", "Silver", "grey"),
    Choice("gold", "Gold", "amber"),
    Choice("platinum", "Platinum", "violet"),
)


class CustomerLoyalty(Base):
    """A customer's place in the loyalty program; its id is the customer's.

    Attributes:
        points: Never below zero.
    """

    tier: Mapped[str | None] = field(kinds.Choices(*TIERS), "Tier", aliases=("会员等级", "loyalty tier"))
    points: Mapped[int | None] = field(kinds.Integer(min=0), "Points", aliases=("积分", "loyalty points"))
    since_on: Mapped[date | None] = field(kinds.Date(), "Member since", aliases=("入会日期",))


# The pipeline deletes it with its customer; the key is a net for times when this plugin is off.
CustomerLoyalty.__table__.append_constraint(
    sa.ForeignKeyConstraint(["id"], ["core_customers.id"], ondelete="CASCADE")
)
