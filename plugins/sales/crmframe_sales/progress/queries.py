"""Deals that are late or do not move."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales.models import Stage


def slow_deals(work: UnitOfWork, deal_ids: Sequence[int]) -> list[Any]:
    """Return what tells whether the open ones among the visible deals *deal_ids* are late or stale."""
    deal, stage = records.visible(work, "sales.deal"), Stage.__table__

    def build() -> sa.Select[Any]:
        return (
            sa.select(deal.c.id, deal.c.close_on, deal.c.stage_entered_at, stage.c.stale_after_days)
            .join_from(deal, stage, stage.c.id == deal.c.stage_id)
            .where(deal.c.id.in_(sa.bindparam("sales_deals", expanding=True)), deal.c.closed_at.is_(None))
            .order_by(deal.c.id)
        )

    return work.rows(work.kept("sales.slow_deals", build, deal), {"sales_deals": list(deal_ids)})


def is_stale(work: UnitOfWork, deal: Any) -> bool:
    """Return whether a deal has been in its stage for longer than the stage allows."""
    if deal.stage_entered_at is None or deal.stale_after_days is None:
        return False
    return bool(work.now - deal.stage_entered_at > timedelta(days=deal.stale_after_days))


def overdue_by_owner(work: UnitOfWork) -> list[Any]:
    """Return owner_id and number of open deals past their close date, for every owner."""
    deal = records.visible(work, "sales.deal")
    return work.rows(
        sa.select(deal.c.owner_id, sa.func.count().label("deals"))
        .where(deal.c.closed_at.is_(None), deal.c.archived_at.is_(None), deal.c.close_on < work.today)
        .group_by(deal.c.owner_id)
        .order_by(deal.c.owner_id)
    )


def overdue_count(work: UnitOfWork) -> int:
    """Return how many of the actor's own open deals have passed their expected close date."""
    deal = records.visible(work, "sales.deal")
    return int(
        work.scalar(
            sa.select(sa.func.count())
            .select_from(deal)
            .where(
                deal.c.owner_id == work.actor.id,
                deal.c.closed_at.is_(None),
                deal.c.archived_at.is_(None),
                deal.c.close_on < work.today,
            )
        )
        or 0
    )


def is_stale_now(work: UnitOfWork, deal: Any) -> sa.ColumnElement[bool]:
    """Return the condition that an open deal has been in its stage for longer than the stage allows."""
    parts = [
        sa.and_(deal.c.stage_id.in_(stages), deal.c.stage_entered_at < work.now - timedelta(days=days))
        for days, stages in _patience(work).items()
    ]
    return sa.or_(sa.false(), *parts)


def stale_url(work: UnitOfWork) -> str:
    """Return the list of the deals that are stale now."""
    return f"/deals?{urlencode({'where': json.dumps(_stale_filter(work))})}"


def _stale_filter(work: UnitOfWork) -> dict[str, Any]:
    parts = [
        {"stage_id__in": stages, "stage_entered_at__lt": (work.now - timedelta(days=days)).isoformat()}
        for days, stages in _patience(work).items()
    ]
    # A stage that no deal is in: without patience nothing is ever stale.
    return {"and": [{"closed_at__empty": True}, {"or": parts}]} if parts else {"stage_id": 0}


def _patience(work: UnitOfWork) -> dict[int, list[int]]:
    """Return days to the open stages in which a deal may stay that long."""
    stage = Stage.__table__
    wanted = sa.select(stage.c.id, stage.c.stale_after_days).where(
        stage.c.kind == "open", stage.c.stale_after_days.is_not(None)
    )
    found: dict[int, list[int]] = {}
    for row in work.rows(wanted.order_by(stage.c.id)):
        found.setdefault(row.stale_after_days, []).append(row.id)
    return found
