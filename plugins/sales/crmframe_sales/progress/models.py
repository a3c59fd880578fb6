"""Which task was made because which deal stood still."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.api import field, kinds
from crmframe_sales.models import Base


class StaleTask(Base):
    """The task that was made because a deal stood still: one for each stay in a stage.

    Attributes:
        since: When the deal had entered the stage; with the next stage a new stay begins.
    """

    __title__ = "since"
    __icon__ = "alarm-clock"
    __access_through__ = ("deal_id",)
    __in_menu__ = False
    __list__ = ("deal_id", "since", "task_id")
    __order__ = ("-since",)

    deal_id: Mapped[int] = field(
        kinds.Reference("sales.deal", on_delete="cascade"), "Deal", required=True, aliases=("商机",)
    )
    since: Mapped[datetime] = field(
        kinds.Instant(),
        "In this stage since",
        required=True,
        default=lambda work: work.now,
        aliases=("进入阶段时间",),
    )
    task_id: Mapped[int] = field(
        kinds.Reference("core.task", on_delete="cascade"), "Task", required=True, aliases=("任务",)
    )


sa.UniqueConstraint(StaleTask.__table__.c.deal_id, StaleTask.__table__.c.since)

ENTITIES = (StaleTask,)
