"""One task for the owner of each deal that stands still, closed by itself when the deal moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.api import Event, UnitOfWork, records
from crmframe_sales import say
from crmframe_sales.models import Deal, StageChange
from crmframe_sales.progress.models import StaleTask
from crmframe_sales.progress.queries import is_stale_now

LINK, TASK = "sales.stale_task", "core.task"
BATCH = 500


def make_stale_tasks(work: UnitOfWork, payload: Mapping[str, Any]) -> int:
    """Make a task for the owner of each deal that has become stale; returns how many were made.

    A deal that stays where it is gets no second one, done or not.
    """
    deals = _without_task(work)
    for start in range(0, len(deals), BATCH):
        batch = deals[start : start + BATCH]
        tasks = records.create_many(work, TASK, [_task(work, deal) for deal in batch])
        links = [
            {"deal_id": deal.id, "since": deal.stage_entered_at, "task_id": task}
            for deal, task in zip(batch, tasks, strict=True)
        ]
        records.create_many(work, LINK, links)
    return len(deals)


def close_stale_tasks(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Close the tasks of deals that have moved on; a task that is done already stays as it is."""
    changes = [record_id for event in events for record_id in event.ids]
    moved = sa.select(StageChange.__table__.c.deal_id).where(StageChange.__table__.c.id.in_(changes))
    deals = sorted({row.deal_id for row in work.rows(moved)})
    link, deal, task = StaleTask.__table__, Deal.__table__, work.registry.entity(TASK).table
    over = (
        sa.select(task.c.id)
        .join_from(link, deal, deal.c.id == link.c.deal_id)
        .join(task, task.c.id == link.c.task_id)
        .where(
            link.c.deal_id.in_(deals),
            task.c.done_at.is_(None),
            sa.or_(deal.c.closed_at.is_not(None), deal.c.stage_entered_at != link.c.since),
        )
    )
    done = {row.id: {"done_at": work.now} for row in work.rows(over.order_by(task.c.id))}
    if done:
        records.update_many(work, TASK, done)


def _without_task(work: UnitOfWork) -> list[Any]:
    deal, link = Deal.__table__, StaleTask.__table__
    made = sa.exists().where(link.c.deal_id == deal.c.id, link.c.since == deal.c.stage_entered_at)
    wanted = sa.select(deal.c.id, deal.c.title, deal.c.owner_id, deal.c.stage_entered_at).where(
        deal.c.closed_at.is_(None),
        deal.c.archived_at.is_(None),
        deal.c.owner_id.is_not(None),
        is_stale_now(work, deal),
        ~made,
    )
    return work.rows(wanted.order_by(deal.c.id))


def _task(work: UnitOfWork, deal: Any) -> dict[str, Any]:
    days = (work.now - deal.stage_entered_at).days
    text = say(work.settings.locale, "Not moved for {days} days: {title}", days=days, title=deal.title)
    return {
        "title": text[:200],
        "about": f"sales.deal:{deal.id}",
        "assignee_id": deal.owner_id,
        "due_at": work.now,
    }
