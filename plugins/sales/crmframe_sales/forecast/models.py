"""Targets: what a person or a team is to reach in a period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.api import Choice, field, kinds
from crmframe_sales.models import Base

PERIODS = (Choice("month", "Month"), Choice("quarter", "Quarter"), Choice("year", "Fiscal year"))
MEASURES = (
    Choice("won_amount", "Won amount", "green"),
    Choice("won_count", "Won deals", "teal"),
    Choice("new_deals", "New deals", "blue"),
    Choice("activities", "Activities", "violet"),
)


class Target(Base):
    """What is to be reached in a period: by a person; by a team when no person is named; else by the whole company.

    Attributes:
        starts_on: The first day of the period.
        value: A number of deals or activities, or an amount in major units of ``currency``.
        currency: Of an amount.
    """

    __title__ = "measure"
    __icon__ = "target"
    __group__ = "sales"
    __list__ = ("owner_id", "team_id", "period", "starts_on", "measure", "value", "currency")
    __order__ = ("-starts_on",)

    owner_id: Mapped[int | None] = field(
        kinds.Reference("core.user", on_delete="cascade"), "Salesperson", aliases=("人员", "负责人")
    )
    team_id: Mapped[int | None] = field(
        kinds.Reference("core.team", on_delete="cascade"), "Team", aliases=("团队",)
    )
    period: Mapped[str] = field(kinds.Choices(*PERIODS), required=True, default="month", aliases=("周期",))
    starts_on: Mapped[date] = field(
        kinds.Date(), "Begins on", required=True, index=True, aliases=("开始日期",)
    )
    measure: Mapped[str] = field(
        kinds.Choices(*MEASURES), required=True, default="won_amount", aliases=("指标",)
    )
    value: Mapped[Decimal] = field(
        kinds.Money(currency="currency"), "Target", required=True, aliases=("目标值",)
    )
    currency: Mapped[str | None] = field(
        kinds.Text(3), default=lambda work: work.settings.currency, aliases=("币种",)
    )


_target = Target.__table__
_what = (_target.c.period, _target.c.starts_on, _target.c.measure)
_named = _target.c.owner_id.is_not(None)
# Empty values never clash in a unique constraint: one index for persons, one for teams.
sa.Index(
    "uq_sales_targets_person",
    _target.c.owner_id,
    *_what,
    unique=True,
    sqlite_where=_named,
    postgresql_where=_named,
)
_whole = _target.c.owner_id.is_(None)
sa.Index(
    "uq_sales_targets_team",
    _target.c.team_id,
    *_what,
    unique=True,
    sqlite_where=_whole,
    postgresql_where=_whole,
)

ENTITIES = (Target,)
