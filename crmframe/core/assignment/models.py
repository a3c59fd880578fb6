"""Rules that say whose a record becomes, and the people among whom they choose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field
from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id

ASSIGN = ("assign",)


class Assignable:
    """An entity whose records rules may give to people; it is ``Owned`` too, and has an action ``assign``.

    The class may say ``__open__``, pairs of a filter for the records that count as work of their owner.

    Attributes:
        assigned_by_rule_id: The rule that chose the owner.
        assignment_reason: Why this person, as a sentence in the workspace's language.
    """

    assigned_by_rule_id: Mapped[int | None] = field(
        kinds.Reference("core.assignment_rule", on_delete="clear"), "Assigned by", written_by=ASSIGN
    )
    assignment_reason: Mapped[str | None] = field(
        kinds.Text(300), "Reason of the assignment", written_by=ASSIGN
    )
    assigned_at: Mapped[datetime | None] = field(kinds.Instant(), "Assigned", written_by=ASSIGN)


class AssignmentRule(Base):
    """Which records go to whom; of several that fit a record the first one in order decides.

    Attributes:
        entity: Such as ``sales.lead``.
        conditions: In the filter language; empty fits every record.
        strategy: Key of an assignment strategy.
        region_field: What the strategy by region compares with the members' regions.
    """

    __slug__ = "assignment-rules"
    __icon__ = "users"
    __group__ = "administration"
    __order__ = ("position", "name")
    __list__ = ("name", "entity", "strategy", "position", "active")

    name: Mapped[str] = field(kinds.Text(120), required=True, index=True, aliases=("规则名称",))
    entity: Mapped[str] = field(kinds.Text(80), "Records", required=True, index=True, aliases=("对象",))
    conditions: Mapped[Any | None] = field(
        kinds.Json(), help='Such as {"city": "Berlin"}; empty fits every record.', aliases=("条件",)
    )
    strategy: Mapped[str] = field(
        kinds.Text(60),
        required=True,
        default="core.round_robin",
        aliases=("分配方式",),
    )
    region_field: Mapped[str | None] = field(kinds.Text(80), "Field of the region", default="region")
    position: Mapped[int] = field(
        kinds.Integer(min=0), "Order", required=True, default=1, index=True, aliases=("顺序",)
    )
    active: Mapped[bool] = field(kinds.Boolean(), required=True, default=True, aliases=("启用",))


class AssignmentMember(Base):
    """Somebody among whom a rule chooses.

    Attributes:
        weight: Who has 2 gets twice as much as who has 1.
        regions: With commas between; empty is for those of no other member's.
        capacity: Open records of their own at which they get no more; empty is no limit.
    """

    __slug__ = "assignment-members"
    __title__ = "user_id"
    __access_through__ = ("rule_id",)
    __in_menu__ = False
    __list__ = ("rule_id", "user_id", "weight", "regions", "capacity", "active")
    __order__ = ("id",)

    rule_id: Mapped[int] = field(
        kinds.Reference("core.assignment_rule", on_delete="cascade"), "Rule", required=True, aliases=("规则",)
    )
    user_id: Mapped[int] = field(
        kinds.Reference("core.user", on_delete="cascade"), "User", required=True, aliases=("用户",)
    )
    weight: Mapped[int] = field(kinds.Integer(min=1, max=100), required=True, default=1, aliases=("权重",))
    regions: Mapped[str | None] = field(kinds.Text(500), aliases=("区域",))
    capacity: Mapped[int | None] = field(kinds.Integer(min=1), aliases=("上限",))
    active: Mapped[bool] = field(kinds.Boolean(), required=True, default=True, aliases=("启用",))


sa.UniqueConstraint(AssignmentMember.__table__.c.rule_id, AssignmentMember.__table__.c.user_id)

# How often each member has had a turn: no record, for an undo must not make two people get the same turn.
turn = sa.Table(
    "core_assignment_turn",
    METADATA,
    sa.Column("rule_id", Id(), primary_key=True),
    sa.Column("user_id", Id(), primary_key=True),
    sa.Column("given", sa.BigInteger, nullable=False),
    info={"plugin": "core"},
)
