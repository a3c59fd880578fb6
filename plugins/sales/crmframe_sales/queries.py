"""Reads that are more than a list: the funnel, the weighted pipeline, and a customer's deals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from statistics import median
from typing import Any

import sqlalchemy as sa

from crmframe.api import NotFound, UnitOfWork, records
from crmframe_sales.models import Deal, Stage, StageChange

SECONDS_PER_DAY = 86_400
CENT = Decimal("0.01")
# Named, so that the selects of a customer's page are made once and not for each customer.
CUSTOMER = sa.bindparam("sales_customer", type_=sa.BigInteger)


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One stage of a funnel.

    Attributes:
        reached: Deals that have been in this stage or went past it.
        conversion: ``reached`` of this stage divided by that of the stage before, 0..1; None for the first.
        current: Deals that are in it now.
        lost: Deals that were lost out of it.
        median_days: Of the stays that ended; None when none did.
    """

    stage_id: int
    name: str
    kind: str
    reached: int
    conversion: float | None
    current: int
    lost: int
    median_days: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The open deals of one stage in one currency; ``weighted`` is the sum of amount times probability."""

    stage_id: int
    name: str
    currency: str
    deals: int
    amount: Decimal
    weighted: Decimal


@dataclass(frozen=True, slots=True)
class Stay:
    """A deal's time in a stage; ``until`` is None while it lasts."""

    deal_id: int
    stage_id: int
    since: datetime
    until: datetime | None


def default_pipeline(work: UnitOfWork) -> int | None:
    """Return the first pipeline that the actor may see, None when there is none."""
    visible = records.visible(work, "sales.pipeline")
    statement = sa.select(visible.c.id).where(visible.c.archived_at.is_(None))
    found = work.scalar(statement.order_by(visible.c.position, visible.c.id).limit(1))
    return None if found is None else int(found)


def pipelines(work: UnitOfWork) -> list[Any]:
    """Return id and name of the pipelines in use, in order."""
    visible = records.visible(work, "sales.pipeline")
    statement = sa.select(visible.c.id, visible.c.name).where(visible.c.archived_at.is_(None))
    return work.rows(statement.order_by(visible.c.position, visible.c.id))


def stages(work: UnitOfWork, pipeline_id: int) -> list[Any]:
    """Return the stages of a pipeline in order.

    Raises:
        NotFound: The actor may not see this pipeline.
    """
    visible = records.visible(work, "sales.pipeline")
    if work.scalar(sa.select(visible.c.id).where(visible.c.id == pipeline_id)) is None:
        raise NotFound(entity="pipeline", id=pipeline_id)
    stage, named = Stage.__table__, records.visible(work, "sales.stage")
    name = _name(named.c.name, stage.c.id).label("name")
    return work.rows(
        sa.select(stage.c.id, name, stage.c.kind, stage.c.position, stage.c.probability)
        .outerjoin_from(stage, named, named.c.id == stage.c.id)
        .where(stage.c.pipeline_id == pipeline_id)
        .order_by(stage.c.position, stage.c.id)
    )


def _name(name: Any, number: Any) -> Any:
    """Return a record's name as the actor may see it, its number otherwise."""
    return sa.func.coalesce(name, sa.cast(number, sa.String))


def funnel(work: UnitOfWork, pipeline_id: int, since: date | None = None) -> list[FunnelRow]:
    """Count the deals that reached each stage, where they have been, not where they are.

    A deal that was moved past a stage has reached it; a lost deal counts up to the stage it was lost out of.

    Args:
        since: Count only deals that entered the pipeline on this day or later, in the workspace's zone.

    Returns:
        One row per open and won stage, in pipeline order; four SQL statements, whatever the number of deals.
    """
    steps = stages(work, pipeline_id)
    shown = [step for step in steps if step.kind != "lost"]
    paths = _paths(_stays(work, pipeline_id), _start_of(work, since))
    rank = {step.id: place for place, step in enumerate(shown)}
    deepest, lost_from, current = _ranks(paths, rank)
    days = _days(paths)
    rows: list[FunnelRow] = []
    for place, step in enumerate(shown):
        reached = sum(1 for depth in deepest if depth >= place)
        before = rows[-1].reached if rows else 0
        rows.append(
            FunnelRow(
                stage_id=step.id,
                name=step.name,
                kind=step.kind,
                reached=reached,
                conversion=reached / before if before else None,
                current=current[step.id],
                lost=lost_from[step.id],
                median_days=round(median(days[step.id]), 1) if days[step.id] else None,
            )
        )
    return rows


def weighted_pipeline(
    work: UnitOfWork, pipeline_id: int | None = None, *, owner_id: int | None = None
) -> list[Forecast]:
    """Sum the open deals by stage and currency; a deal's own probability decides, percent of its amount.

    Args:
        pipeline_id: None takes every pipeline; ``owner_id`` likewise every owner.
    """
    deal, stage = records.visible(work, "sales.deal"), Stage.__table__
    named = records.visible(work, "sales.stage")
    # Scaled integers: sums stay exact on both databases, and the division happens once, in Decimal.
    units = sa.type_coerce(deal.c.amount, sa.BigInteger)
    weighted = units * sa.func.coalesce(deal.c.probability, stage.c.probability)
    statement = (
        sa.select(
            stage.c.id,
            _name(named.c.name, stage.c.id).label("name"),
            sa.func.coalesce(deal.c.currency, "").label("currency"),
            sa.func.count().label("deals"),
            sa.func.coalesce(sa.func.sum(units), 0).label("amount"),
            sa.func.coalesce(sa.func.sum(weighted), 0).label("weighted"),
        )
        .join_from(deal, stage, stage.c.id == deal.c.stage_id)
        .outerjoin(named, named.c.id == stage.c.id)
        .where(stage.c.kind == "open", deal.c.archived_at.is_(None))
        .group_by(stage.c.id, named.c.name, stage.c.pipeline_id, stage.c.position, deal.c.currency)
        .order_by(stage.c.pipeline_id, stage.c.position, stage.c.id, sa.literal_column("currency"))
    )
    if pipeline_id is not None:
        statement = statement.where(stage.c.pipeline_id == pipeline_id)
    if owner_id is not None:
        statement = statement.where(deal.c.owner_id == owner_id)
    return [_forecast(row) for row in work.rows(statement)]


def customer_deals(work: UnitOfWork, customer_id: int, limit: int = 5) -> list[Any]:
    """Return a customer's open deals that the actor may see, the nearest close date first."""
    deal, stage = records.visible(work, "sales.deal"), Stage.__table__
    named = records.visible(work, "sales.stage")

    def build() -> sa.Select[Any]:
        return (
            sa.select(*_shown(deal), deal.c.close_on, _name(named.c.name, stage.c.id).label("stage"))
            .join_from(deal, stage, stage.c.id == deal.c.stage_id)
            .outerjoin(named, named.c.id == stage.c.id)
            .where(deal.c.customer_id == CUSTOMER, stage.c.kind == "open", deal.c.archived_at.is_(None))
            .order_by(deal.c.close_on.is_(None), deal.c.close_on, deal.c.id)
            .limit(limit)
        )

    kept = work.kept("sales.customer_deals", build, deal, named, limit)
    return work.rows(kept, {"sales_customer": customer_id})


def _shown(deal: Any) -> list[Any]:
    return [deal.c.id, _name(deal.c.title, deal.c.id).label("title"), deal.c.amount, deal.c.currency]


def won_sums(work: UnitOfWork, customer_id: int) -> list[tuple[str, Decimal]]:
    """Return what a customer's won deals amount to, by currency."""
    deal = records.visible(work, "sales.deal")

    def build() -> sa.Select[Any]:
        total = sa.func.sum(sa.type_coerce(deal.c.amount, sa.BigInteger))
        currency: Any = sa.func.coalesce(deal.c.currency, "").label("currency")
        return (
            sa.select(currency, sa.func.coalesce(total, 0).label("total"))
            .where(deal.c.customer_id == CUSTOMER, deal.c.won_at.is_not(None))
            .group_by(deal.c.currency)
            .order_by(sa.literal_column("currency"))
        )

    rows = work.rows(work.kept("sales.won_sums", build, deal), {"sales_customer": customer_id})
    return [(row.currency, _money(row.total)) for row in rows]


def closed_deals(work: UnitOfWork, customer_id: int, limit: int = 50) -> list[Any]:
    """Return a customer's won and lost deals that the actor may see, newest first, with the reason of the lost."""
    deal, reason = records.visible(work, "sales.deal"), records.visible(work, "sales.lost_reason")

    def build() -> sa.Select[Any]:
        return (
            sa.select(*_shown(deal), deal.c.won_at, deal.c.closed_at, reason.c.name.label("reason"))
            .outerjoin_from(deal, reason, reason.c.id == deal.c.lost_reason_id)
            .where(deal.c.customer_id == CUSTOMER, deal.c.closed_at.is_not(None))
            .order_by(deal.c.closed_at.desc(), deal.c.id.desc())
            .limit(limit)
        )

    kept = work.kept("sales.closed_deals", build, deal, reason, limit)
    return work.rows(kept, {"sales_customer": customer_id})


def customers_with_open_deals(work: UnitOfWork, customer_ids: Sequence[int]) -> list[Any]:
    """Return customer_id and number of open deals of those that have any, whoever may see the deals.

    A deal that the actor may not see keeps its customer as well, so visibility plays no part.
    """
    deal = Deal.__table__
    return work.rows(
        sa.select(deal.c.customer_id, sa.func.count().label("deals"))
        .where(deal.c.customer_id.in_(customer_ids), deal.c.closed_at.is_(None))
        .group_by(deal.c.customer_id)
        .order_by(deal.c.customer_id)
    )


def inconsistent_deals(work: UnitOfWork) -> list[Any]:
    """Return id and title of deals whose closing dates, pipeline or history contradict their stage."""
    deal, stage, change = Deal.__table__, Stage.__table__, StageChange.__table__
    closed = stage.c.kind != "open"
    # Ranked once for all: PostgreSQL may walk the whole index on "at" for each deal's own latest change.
    newest = (change.c.at.desc(), change.c.id.desc())
    rank = sa.func.row_number().over(partition_by=change.c.deal_id, order_by=newest).label("rank")
    ranked = sa.select(change.c.deal_id, change.c.to_stage_id, rank).subquery("ranked")
    last = sa.select(ranked.c.deal_id, ranked.c.to_stage_id).where(ranked.c.rank == 1).subquery("last")
    return work.rows(
        sa.select(deal.c.id, deal.c.title)
        .join_from(deal, stage, stage.c.id == deal.c.stage_id)
        .outerjoin(last, last.c.deal_id == deal.c.id)
        .where(
            sa.or_(
                closed != deal.c.closed_at.is_not(None),
                (stage.c.kind == "won") != deal.c.won_at.is_not(None),
                (stage.c.kind == "lost") != deal.c.lost_at.is_not(None),
                stage.c.pipeline_id != deal.c.pipeline_id,
                last.c.to_stage_id != deal.c.stage_id,
            )
        )
        .order_by(deal.c.id)
    )


def _stays(work: UnitOfWork, pipeline_id: int) -> list[Stay]:
    """Return every stay of the visible deals of a pipeline, in order per deal: two statements."""
    deal, change = records.visible(work, "sales.deal"), StageChange.__table__
    here = sa.select(deal.c.id).where(deal.c.pipeline_id == pipeline_id)
    moves: Mapping[int, list[Any]] = _grouped(
        work.rows(
            sa.select(change.c.deal_id, change.c.from_stage_id, change.c.to_stage_id, change.c.at)
            .where(change.c.deal_id.in_(here))
            .order_by(change.c.deal_id, change.c.at, change.c.id)
        )
    )
    begun = sa.select(deal.c.id, deal.c.stage_id, deal.c.created_at).where(deal.c.pipeline_id == pipeline_id)
    found: list[Stay] = []
    for row in work.rows(begun):
        found += _stays_of(row, moves.get(row.id, ()))
    return found


def _stays_of(deal: Any, moves: Sequence[Any]) -> list[Stay]:
    # A deal's first stage needs no row of its own: it is where the first change leads from, since the deal was made.
    entries = [(move.to_stage_id, move.at) for move in moves]
    if not moves:
        entries = [(deal.stage_id, deal.created_at)]
    elif moves[0].from_stage_id is not None:
        entries.insert(0, (moves[0].from_stage_id, min(deal.created_at, moves[0].at)))
    ends: list[datetime | None] = [at for _, at in entries[1:]]
    return [Stay(deal.id, stage, at, end) for (stage, at), end in zip(entries, [*ends, None], strict=True)]


def _paths(stays: Iterable[Stay], start: datetime | None) -> list[list[Stay]]:
    paths: dict[int, list[Stay]] = defaultdict(list)
    for stay in stays:
        paths[stay.deal_id].append(stay)
    return [path for path in paths.values() if start is None or path[0].since >= start]


def _ranks(
    paths: Iterable[Sequence[Stay]], rank: Mapping[int, int]
) -> tuple[list[int], dict[int, int], dict[int, int]]:
    """Return how deep each deal came, how many were lost out of each stage, and how many are in each now."""
    deepest: list[int] = []
    lost_from: dict[int, int] = defaultdict(int)
    current: dict[int, int] = defaultdict(int)
    for path in paths:
        steps = [stay.stage_id for stay in path if stay.stage_id in rank]
        # A deal whose whole history is "lost" was in the pipeline nevertheless: it reached the first stage.
        deepest.append(max((rank[stage] for stage in steps), default=0))
        current[path[-1].stage_id] += 1
        if path[-1].stage_id not in rank and steps:
            lost_from[steps[-1]] += 1
    return deepest, lost_from, current


def _days(paths: Iterable[Sequence[Stay]]) -> dict[int, list[float]]:
    days: dict[int, list[float]] = defaultdict(list)
    for path in paths:
        for stay in path:
            if stay.until is not None:
                days[stay.stage_id].append((stay.until - stay.since).total_seconds() / SECONDS_PER_DAY)
    return days


def _grouped(rows: Iterable[Any]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.deal_id].append(row)
    return groups


def _start_of(work: UnitOfWork, day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), work.settings.zone)


def _forecast(row: Any) -> Forecast:
    return Forecast(
        row.id, row.name, row.currency, row.deals, _money(row.amount), _money(row.weighted, percent=100)
    )


def _money(units: Any, *, percent: int = 1) -> Decimal:
    """Return an amount of 1/10,000 units in major units, with two decimals."""
    return (Decimal(int(units)) / (10_000 * percent)).quantize(CENT)
