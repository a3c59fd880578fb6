"""Contacts with a role in a deal, and competitors."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.api import Archivable, Choice, field, kinds
from crmframe_sales.models import Base

ROLES = (
    Choice("decision_maker", "Decision maker", "violet"),
    Choice("influencer", "Influencer", "blue"),
    Choice("user", "User", "teal"),
    Choice("gatekeeper", "Gatekeeper", "amber"),
    Choice("buyer", "Buyer", "orange"),
    Choice("champion", "Champion", "green"),
    Choice("other", "Other", "grey"),
)
ATTITUDES = (
    Choice("supporter", "Supporter", "green"),
    Choice("neutral", "Neutral", "grey"),
    Choice("opponent", "Opponent", "red"),
    Choice("unknown", "Unknown", "grey"),
)
THREATS = (Choice("low", "Low", "green"), Choice("medium", "Medium", "amber"), Choice("high", "High", "red"))
POSITIONS = (
    Choice("ahead", "Ahead of us", "red"),
    Choice("level", "Level with us", "amber"),
    Choice("behind", "Behind us", "green"),
    Choice("unknown", "Unknown", "grey"),
)


class DealContact(Base):
    """A person's part in a deal.

    Attributes:
        is_primary: The first one to talk to; at most one of a deal.
    """

    __title__ = "note"
    __icon__ = "contact-round"
    __access_through__ = ("deal_id", "contact_id")
    __in_menu__ = False
    __list__ = ("deal_id", "contact_id", "role", "attitude", "is_primary")

    deal_id: Mapped[int] = field(
        kinds.Reference("sales.deal", on_delete="cascade"), "Deal", required=True, aliases=("商机",)
    )
    contact_id: Mapped[int] = field(
        kinds.Reference("core.contact", on_delete="cascade"), "Contact", required=True, aliases=("联系人",)
    )
    role: Mapped[str] = field(kinds.Choices(*ROLES), required=True, default="user", aliases=("角色",))
    attitude: Mapped[str] = field(
        kinds.Choices(*ATTITUDES), required=True, default="unknown", aliases=("态度",)
    )
    is_primary: Mapped[bool] = field(
        kinds.Boolean(), "Primary", required=True, default=False, aliases=("主要联系人",)
    )
    note: Mapped[str | None] = field(kinds.Text(300), data="personal", aliases=("备注",))


sa.UniqueConstraint(DealContact.__table__.c.deal_id, DealContact.__table__.c.contact_id)


class Competitor(Base, Archivable):
    """Somebody who sells what we sell."""

    __icon__ = "flag"
    __group__ = "sales"
    __list__ = ("name", "website", "strengths", "weaknesses")

    name: Mapped[str] = field(
        kinds.Text(200),
        required=True,
        unique=True,
        index=True,
        aliases=("竞争对手", "对手", "competitor"),
        searchable=True,
    )
    website: Mapped[str | None] = field(kinds.Url(), aliases=("网站",))
    strengths: Mapped[str | None] = field(kinds.LongText(), aliases=("优势",))
    weaknesses: Mapped[str | None] = field(kinds.LongText(), aliases=("劣势",))
    notes: Mapped[str | None] = field(kinds.LongText(), aliases=("备注",))


class DealCompetitor(Base):
    """A competitor in a deal.

    Attributes:
        price: What they offer for, in major units of the deal's currency.
    """

    __title__ = "note"
    __icon__ = "flag"
    __access_through__ = ("deal_id", "competitor_id")
    __in_menu__ = False
    __list__ = ("deal_id", "competitor_id", "price", "standing", "threat")

    deal_id: Mapped[int] = field(
        kinds.Reference("sales.deal", on_delete="cascade"), "Deal", required=True, aliases=("商机",)
    )
    competitor_id: Mapped[int] = field(
        kinds.Reference("sales.competitor", on_delete="restrict"),
        "Competitor",
        required=True,
        aliases=("竞争对手",),
    )
    price: Mapped[Decimal | None] = field(kinds.Money(), "Their price", aliases=("对手报价",))
    standing: Mapped[str] = field(
        kinds.Choices(*POSITIONS), required=True, default="unknown", aliases=("竞争态势",)
    )
    threat: Mapped[str] = field(
        kinds.Choices(*THREATS), required=True, default="medium", aliases=("威胁程度",)
    )
    note: Mapped[str | None] = field(kinds.Text(300), aliases=("备注",))


sa.UniqueConstraint(DealCompetitor.__table__.c.deal_id, DealCompetitor.__table__.c.competitor_id)

ENTITIES = (DealContact, DealCompetitor)
