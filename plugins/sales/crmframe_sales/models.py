"""Pipelines, their stages, the deals that move through them, and the trace they leave."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.api import (
    Archivable,
    Choice,
    Customizable,
    InvalidInput,
    Owned,
    Problem,
    Timeline,
    UnitOfWork,
    computed,
    field,
    kinds,
    plugin_base,
)

Base: Any = plugin_base("sales")

STAGE_KINDS = (Choice("open", "Open", "blue"), Choice("won", "Won", "green"), Choice("lost", "Lost", "red"))
STAGE_ACTIONS = ("move", "win", "lose", "reopen", "place")
FORECAST_CATEGORIES = (
    Choice("pipeline", "In the pipeline", "blue"),
    Choice("best_case", "Best case", "teal"),
    Choice("commit", "Commit", "green"),
    Choice("omitted", "Omitted", "grey"),
)


class Pipeline(Base, Archivable):
    """A way of selling: an ordered list of stages."""

    __icon__ = "git-branch"
    __group__ = "administration"
    __order__ = ("position", "name")

    name: Mapped[str] = field(
        kinds.Text(120),
        required=True,
        unique=True,
        index=True,
        aliases=("销售流程", "流程名称", "pipeline name"),
    )
    position: Mapped[int] = field(
        kinds.Integer(min=0), required=True, default=1, index=True, aliases=("顺序",)
    )


class Stage(Base):
    """A step of a pipeline. ``name`` belongs to users; the program looks at ``kind`` only.

    Attributes:
        probability: Percent, 0 to 100, that a deal in this stage is won.
        position: Place in the pipeline, ascending.
        required_fields: Names of deal fields that must be filled before a deal may enter.
        stale_after_days: A deal that stays longer than this without a move is stale; None lets it stay for ever.
    """

    __icon__ = "milestone"
    __group__ = "administration"
    __list__ = ("name", "pipeline_id", "kind", "probability", "position")
    __order__ = ("position",)

    name: Mapped[str] = field(
        kinds.Text(120), required=True, index=True, aliases=("阶段", "阶段名称", "stage name")
    )
    pipeline_id: Mapped[int] = field(
        kinds.Reference("sales.pipeline", on_delete="restrict"),
        "Pipeline",
        required=True,
        aliases=("销售流程",),
    )
    kind: Mapped[str] = field(
        kinds.Choices(*STAGE_KINDS), required=True, default="open", aliases=("类型", "type")
    )
    probability: Mapped[int] = field(
        kinds.Integer(min=0, max=100), "Probability (%)", required=True, default=0, aliases=("概率", "赢率")
    )
    position: Mapped[int] = field(
        kinds.Integer(min=0), required=True, default=1, index=True, aliases=("顺序",)
    )
    required_fields: Mapped[list[str] | None] = field(
        kinds.Json(), "Fields to fill before", aliases=("必填字段",)
    )
    stale_after_days: Mapped[int | None] = field(
        kinds.Integer(min=1, max=3650), "Stale after (days)", default=30, aliases=("停滞天数",)
    )


class LostReason(Base, Archivable):
    """Why deals are lost, as a row, because reports count them."""

    __icon__ = "circle-x"
    __group__ = "administration"
    __order__ = ("position", "name")

    name: Mapped[str] = field(
        kinds.Text(120),
        required=True,
        unique=True,
        index=True,
        aliases=("输单原因", "丢单原因", "closed lost reason"),
    )
    position: Mapped[int] = field(
        kinds.Integer(min=0), required=True, default=1, index=True, aliases=("顺序",)
    )


class Deal(Base, Owned, Archivable, Customizable, Timeline):
    """A sale that may happen. Only the actions of ``actions.py`` write its stage and what follows from it.

    Attributes:
        amount: In major units of ``currency``.
        probability: Percent, 0 to 100; taken from the stage on every move, and editable after it.
        close_on: The day it is expected to close.
        closed_at: When it was won or lost; the deal's own history, which for imported deals lies in the past.
        forecast_category: How sure its owner is, whatever the stage says; what is omitted counts in no forecast.
        estimate: What its owner expects it to bring, in major units of ``currency``; the amount when it is empty.
    """

    __icon__ = "handshake"
    __group__ = "sales"
    __duplicates_with__ = ("sales.deal_line.deal_id",)
    __board__ = "stage_id"
    __list__ = ("title", "customer_id", "stage_id", "amount", "currency", "close_on", "owner_id")

    title: Mapped[str] = field(
        kinds.Text(200),
        required=True,
        index=True,
        aliases=("商机", "商机名称", "deal name", "opportunity name", "name"),
        searchable=True,
    )
    code: Mapped[str | None] = field(
        kinds.Text(60),
        unique=True,
        aliases=("商机编号", "编号", "opportunity_id", "opportunity id", "deal id"),
        searchable=True,
    )
    customer_id: Mapped[int | None] = field(
        kinds.Reference("core.customer", on_delete="clear"),
        "Customer",
        index=True,
        aliases=("客户", "客户名称", "account", "account name", "company"),
    )
    contact_id: Mapped[int | None] = field(
        kinds.Reference("core.contact", on_delete="clear"), "Contact", aliases=("联系人",)
    )
    pipeline_id: Mapped[int] = field(
        kinds.Reference("sales.pipeline", on_delete="restrict"),
        "Pipeline",
        required=True,
        default=lambda work: _first_open_stage(work).pipeline_id,
        written_by=STAGE_ACTIONS,
        aliases=("销售流程",),
    )
    stage_id: Mapped[int] = field(
        kinds.Reference("sales.stage", on_delete="restrict"),
        "Stage",
        required=True,
        index=True,
        default=lambda work: _first_open_stage(work).id,
        written_by=STAGE_ACTIONS,
        aliases=("阶段", "销售阶段", "deal_stage", "deal stage", "stage name"),
    )
    amount: Mapped[Decimal | None] = field(
        kinds.Money(currency="currency"),
        index=True,
        aliases=("金额", "预计金额", "close_value", "value", "deal value"),
    )
    currency: Mapped[str | None] = field(
        kinds.Text(3), default=lambda work: work.settings.currency, aliases=("币种", "货币")
    )
    probability: Mapped[int | None] = field(
        kinds.Integer(min=0, max=100),
        "Probability (%)",
        default=lambda work: _first_open_stage(work).probability,
        aliases=("概率", "赢率"),
    )
    product_id: Mapped[int | None] = field(
        kinds.Reference("core.product", on_delete="clear"), "Product", aliases=("产品", "产品名称", "item")
    )
    close_on: Mapped[date | None] = field(
        kinds.Date(),
        "Expected close",
        index=True,
        aliases=("预计成交日期", "expected close date", "close date"),
    )
    source: Mapped[str | None] = field(kinds.Text(60, suggests=True), aliases=("来源", "lead source"))
    forecast_category: Mapped[str | None] = field(
        kinds.Choices(*FORECAST_CATEGORIES),
        default="pipeline",
        aliases=("预测类别", "forecast category"),
    )
    estimate: Mapped[Decimal | None] = field(
        kinds.Money(currency="currency"), "Own estimate", aliases=("自估金额", "forecast amount")
    )
    next_step: Mapped[str | None] = field(kinds.Text(300), aliases=("下一步",))
    next_step_on: Mapped[date | None] = field(
        kinds.Date(), "Next step on", index=True, aliases=("下一步日期", "next step date")
    )
    lost_reason_id: Mapped[int | None] = field(
        kinds.Reference("sales.lost_reason", on_delete="restrict"),
        "Lost because",
        written_by=STAGE_ACTIONS,
        aliases=("输单原因",),
    )
    lost_to_id: Mapped[int | None] = field(
        kinds.Reference("sales.competitor", on_delete="clear"),
        "Lost to",
        written_by=STAGE_ACTIONS,
        aliases=("输给", "丢单对手"),
    )
    won_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Won", written_by=STAGE_ACTIONS, aliases=("赢单时间",)
    )
    lost_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Lost", written_by=STAGE_ACTIONS, aliases=("输单时间",)
    )
    closed_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Closed", written_by=STAGE_ACTIONS, index=True, aliases=("成交时间", "关闭时间")
    )
    stage_entered_at: Mapped[datetime | None] = field(
        kinds.Instant(),
        "In this stage since",
        written_by=STAGE_ACTIONS,
        default=lambda work: work.now,
        aliases=("进入阶段时间",),
    )
    notes: Mapped[str | None] = field(kinds.LongText(), data="personal", aliases=("备注", "description"))


# What the forecast and the page of the team sum, without a look at the rows themselves.
_deals = Deal.__table__
_sums = (_deals.c.team_id, _deals.c.currency, _deals.c.amount)
_open = sa.and_(_deals.c.closed_at.is_(None), _deals.c.archived_at.is_(None))
sa.Index(
    "ix_sales_deals_open",
    # Always empty here, but equal to nothing: SQLite would take the plain index on them instead.
    _deals.c.closed_at,
    _deals.c.archived_at,
    _deals.c.owner_id,
    _deals.c.close_on,
    *_sums,
    _deals.c.stage_id,
    _deals.c.probability,
    _deals.c.forecast_category,
    _deals.c.estimate,
    _deals.c.next_step_on,
    _deals.c.stage_entered_at,
    sqlite_where=_open,
    postgresql_where=_open,
)
_won = _deals.c.won_at.is_not(None)
sa.Index(
    "ix_sales_deals_won",
    _deals.c.won_at,
    _deals.c.owner_id,
    *_sums,
    sqlite_where=_won,
    postgresql_where=_won,
)


def line_amount(table: Any) -> sa.ColumnElement[Decimal]:
    """Return quantity times price, rounded half away from zero to 1/10,000.

    The columns hold integers of 1/1,000 and 1/10,000, whose product may be longer than 64 bits. Both are therefore
    split at the thousands; integer division rounds towards zero on both databases, so the parts keep their signs.
    """
    quantity = sa.type_coerce(table.c.quantity, sa.BigInteger)
    price = sa.type_coerce(table.c.price, sa.BigInteger)
    fine = (quantity % 1000) * (price % 1000)
    half = sa.case((fine < 0, sa.literal(-500)), else_=sa.literal(500))
    amount = (quantity // 1000) * price + (quantity % 1000) * (price // 1000) + (fine + half) // 1000
    return sa.type_coerce(amount, kinds.Money().column_type())


class DealLine(Base):
    """A product of a deal; ``amount`` is quantity times price, in the deal's currency."""

    __title__ = "description"
    __access_through__ = ("deal_id",)
    __in_menu__ = False
    __list__ = ("deal_id", "product_id", "quantity", "price", "amount")

    deal_id: Mapped[int] = field(
        kinds.Reference("sales.deal", on_delete="cascade"), "Deal", required=True, aliases=("商机",)
    )
    product_id: Mapped[int | None] = field(
        kinds.Reference("core.product", on_delete="restrict"), "Product", aliases=("产品",)
    )
    description: Mapped[str | None] = field(kinds.Text(200), aliases=("说明",))
    quantity: Mapped[Decimal] = field(
        kinds.DecimalNumber(3), required=True, default=Decimal(1), aliases=("数量", "qty")
    )
    price: Mapped[Decimal] = field(
        kinds.Money(), required=True, default=Decimal(0), aliases=("单价", "unit price")
    )
    amount = computed(kinds.Money(), line_amount, "Amount")
    position: Mapped[int] = field(kinds.Integer(min=0), required=True, default=1, aliases=("顺序",))


class StageChange(Base):
    """A deal entering a stage.

    Attributes:
        from_stage_id: None when the deal began here.
        at: When it happened, which for imported history is not when it was written.
    """

    __title__ = "at"
    __access_through__ = ("deal_id",)
    __in_menu__ = False
    __list__ = ("deal_id", "from_stage_id", "to_stage_id", "at", "by_id")
    __order__ = ("-at",)

    deal_id: Mapped[int] = field(
        kinds.Reference("sales.deal", on_delete="cascade"),
        "Deal",
        required=True,
        index=True,
        aliases=("商机",),
    )
    from_stage_id: Mapped[int | None] = field(
        kinds.Reference("sales.stage", on_delete="restrict"), "From", aliases=("原阶段",)
    )
    to_stage_id: Mapped[int] = field(
        kinds.Reference("sales.stage", on_delete="restrict"),
        "To",
        required=True,
        index=True,
        aliases=("新阶段",),
    )
    at: Mapped[datetime] = field(
        kinds.Instant(), "When", required=True, index=True, default=lambda work: work.now, aliases=("时间",)
    )
    by_id: Mapped[int | None] = field(
        kinds.Reference("core.user", on_delete="clear"),
        "By",
        default=lambda work: work.actor.id,
        aliases=("操作人",),
    )


def _first_open_stage(work: UnitOfWork) -> Any:
    """Return the row of the stage where deals begin: the first open one of the first pipeline.

    Raises:
        InvalidInput: There is no pipeline with an open stage yet.
    """
    stage, pipeline = Stage.__table__, Pipeline.__table__
    rows = work.rows(
        sa.select(stage.c.id, stage.c.pipeline_id, stage.c.probability)
        .join_from(stage, pipeline, pipeline.c.id == stage.c.pipeline_id)
        .where(stage.c.kind == "open", pipeline.c.archived_at.is_(None))
        .order_by(pipeline.c.position, pipeline.c.id, stage.c.position, stage.c.id)
        .limit(1)
    )
    if not rows:
        template = "There is no pipeline with an open stage yet. Create one first."
        raise InvalidInput([Problem("stage_id", "no_pipeline", template, domain="sales")])
    return rows[0]


BEFORE_DEALS = (Pipeline, Stage, LostReason)
DEALS = (Deal, DealLine, StageChange)
