"""What those who deliver must know about a deal that was won."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from crmframe.api import field, kinds
from crmframe_sales.models import Base


class HandoverNote(Base):
    """What was promised when a deal was won: written with the win, read by whoever looks after the customer.

    The win keeps one for each deal, under the lock of the deal.
    """

    __title__ = "promised"
    __icon__ = "clipboard-list"
    __access_through__ = ("customer_id",)
    __in_menu__ = False
    __list__ = ("deal_id", "customer_id", "promised", "at", "by_id")
    __order__ = ("-at",)

    deal_id: Mapped[int] = field(
        kinds.Reference("sales.deal", on_delete="cascade"),
        "Deal",
        required=True,
        aliases=("商机",),
    )
    customer_id: Mapped[int | None] = field(
        kinds.Reference("core.customer", on_delete="clear"), "Customer", aliases=("客户",)
    )
    promised: Mapped[str] = field(
        kinds.LongText(), "What was promised", required=True, data="personal", aliases=("承诺事项",)
    )
    contacts: Mapped[str | None] = field(
        kinds.LongText(), "Who to talk to", data="personal", aliases=("对接人",)
    )
    dates: Mapped[str | None] = field(kinds.LongText(), "Dates to keep", aliases=("关键日期",))
    risks: Mapped[str | None] = field(kinds.LongText(), aliases=("风险",))
    at: Mapped[datetime] = field(
        kinds.Instant(), "When", required=True, index=True, default=lambda work: work.now, aliases=("时间",)
    )
    by_id: Mapped[int | None] = field(
        kinds.Reference("core.user", on_delete="clear"),
        "By",
        default=lambda work: work.actor.id,
        aliases=("操作人",),
    )


ENTITIES = (HandoverNote,)
