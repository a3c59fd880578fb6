"""Number series as records, and the counters behind them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.entity import computed
from crmframe.core.entities.field import field
from crmframe.core.storage.metadata import METADATA

RESETS = (
    Choice("never", "Never"),
    Choice("yearly", "Every year"),
    Choice("fiscal_yearly", "Every fiscal year"),
    Choice("monthly", "Every month"),
)

# No entity: numbers that were drawn stay drawn, whatever is undone.
counter = sa.Table(
    "core_number_counters",
    METADATA,
    sa.Column("series", sa.String(120), primary_key=True),
    sa.Column("period", sa.String(10), primary_key=True),
    sa.Column("next_number", sa.BigInteger(), nullable=False),
    info={"plugin": "core"},
)


def next_number(table: Any) -> sa.ColumnElement[int]:
    """Return the number that comes next in the period that was drawn from last."""
    drawn = (
        sa.select(counter.c.next_number)
        .where(counter.c.series == table.c.key)
        .order_by(counter.c.period.desc())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )
    return sa.case((drawn > table.c.first_number, drawn), else_=table.c.first_number)


class NumberSeries(Base):
    """How documents of one sort are numbered; a declared series that has no record is as its plugin says.

    Attributes:
        pattern: Text with ``{number}`` and, if wanted, ``{year}``, ``{short_year}``, ``{fiscal_year}``, ``{month}``
            and ``{day}``; a width fills up with zeros: ``{number:05}``.
        gapless: True lets no number be missing, and lets writers that draw from it wait for each other.
        first_number: Of each period; raised, the next number is at least this.
    """

    __title__ = "key"
    __icon__ = "hash"
    __group__ = "administration"
    __order__ = ("key",)
    __list__ = ("key", "pattern", "resets", "gapless", "next_number")

    key: Mapped[str] = field(kinds.Text(120), "Series", required=True, unique=True, index=True)
    pattern: Mapped[str] = field(kinds.Text(80), required=True)
    resets: Mapped[str] = field(kinds.Choices(*RESETS), "Begins anew", required=True, default="never")
    gapless: Mapped[bool] = field(kinds.Boolean(), "Without gaps", required=True, default=True)
    first_number: Mapped[int] = field(
        kinds.Integer(min=1, max=10**15), "First number", required=True, default=1
    )
    next_number = computed(kinds.Integer(), next_number, "Next number")
