"""Consents: what somebody agreed to, when, to which words, and on which ground it is lawful."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.customers import choices
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field

PURPOSES = (
    Choice("contact", "Answer and advise", "blue"),
    Choice("marketing", "Advertising", "violet"),
    Choice("newsletter", "Newsletter", "teal"),
    Choice("sharing", "Passing on data", "orange"),
)
BASES = (
    Choice("consent", "Consent", "green"),
    Choice("contract", "Contract", "blue"),
    Choice("legitimate_interest", "Legitimate interest", "amber"),
    Choice("legal_obligation", "Legal obligation", "grey"),
)


class Consent(Base):  # type: ignore[misc]
    """What somebody agreed to; it is withdrawn, never changed.

    Attributes:
        about: The customer, contact or lead who gave it.
        channel: Empty means every channel.
        text: The words that were agreed to; ``text_version`` names their edition.
        source: Where it was given, such as the form or the call.
    """

    __title__ = "purpose"
    __icon__ = "shield"
    __access_through__ = ("about",)
    __in_menu__ = False
    __list__ = ("about", "purpose", "channel", "lawful_basis", "given_at", "withdrawn_at", "source")
    __order__ = ("-given_at",)

    about: Mapped[str] = field(
        kinds.AnyReference(on_delete="cascade"), "Of", required=True, index=True, aliases=("所属",)
    )
    purpose: Mapped[str] = field(
        kinds.Choices(*PURPOSES), required=True, default="contact", aliases=("目的", "用途")
    )
    channel: Mapped[str | None] = field(kinds.Choices(*choices.CHANNELS), aliases=("渠道",))
    text: Mapped[str | None] = field(kinds.LongText(), "Words", aliases=("同意文本",))
    text_version: Mapped[str | None] = field(kinds.Text(40), "Edition of the words", aliases=("文本版本",))
    lawful_basis: Mapped[str] = field(
        kinds.Choices(*BASES), required=True, default="consent", aliases=("法律依据",)
    )
    given_at: Mapped[datetime] = field(
        kinds.Instant(),
        "Given",
        required=True,
        index=True,
        default=lambda work: work.now,
        aliases=("同意时间",),
    )
    withdrawn_at: Mapped[datetime | None] = field(kinds.Instant(), "Withdrawn", aliases=("撤回时间",))
    source: Mapped[str | None] = field(kinds.Text(200), aliases=("来源",))
