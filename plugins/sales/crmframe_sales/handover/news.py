"""Who is told that a deal was won, lost or moved on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.api import (
    Event,
    NotificationKind,
    Subscription,
    UnitOfWork,
    notify,
    tell_followers,
    tell_new_owners,
)
from crmframe_sales.models import Deal, Stage, StageChange

WON, LOST, MOVED = "sales.deal_won", "sales.deal_lost", "sales.deal_moved"
# Stages that an import brings from the past are no news.
OLD = timedelta(days=1)
KINDS = (
    NotificationKind(WON, "Won deals of the team", "Won: {record}, {amount} {currency}", "green", "trophy"),
    NotificationKind(LOST, "Lost deals that you follow", "Lost: {record}", "red"),
    NotificationKind(MOVED, "New stages of deals that you follow", "{record} is now in {stage}", "blue"),
)


def tell_of_won_deals(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell the owner, the deal's team and those who follow the deal or its customer; not whoever won it."""
    for event in events:
        won = event.payload
        about, customer = f"sales.deal:{won['deal_id']}", f"core.customer:{won['customer_id']}"
        data = {"amount": won["amount"] or "", "currency": won["currency"] or ""}
        users = _interested(work, won)
        told = notify(work, WON, [user for user in users - {event.actor_id} if user], about, **data)
        if users:
            tell_followers(work, event, WON, about, also=[customer], but=told, **data)


def _interested(work: UnitOfWork, won: Mapping[str, Any]) -> set[int | None]:
    deal, member = Deal.__table__, work.registry.entity("core.membership").table
    of_deal = sa.select(deal.c.owner_id, deal.c.team_id).where(
        deal.c.id == won["deal_id"], deal.c.won_at.is_not(None)
    )
    rows = work.rows(of_deal)
    if not rows:
        return set()  # reopened or gone meanwhile: no news any more
    team = work.rows(sa.select(member.c.user_id).where(member.c.team_id == rows[0].team_id))
    return {rows[0].owner_id, *(row.user_id for row in team)}


def tell_of_stages(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell those who follow a deal or its customer that it was lost or is in another stage; a win is told apart."""
    change, deal, stage = StageChange.__table__, Deal.__table__, Stage.__table__
    wanted = (
        sa.select(change.c.deal_id, change.c.at, deal.c.customer_id, stage.c.name, stage.c.kind)
        .join_from(
            change, deal, sa.and_(deal.c.id == change.c.deal_id, deal.c.stage_id == change.c.to_stage_id)
        )
        .join(stage, stage.c.id == deal.c.stage_id)
    )
    for event in events:
        for row in work.rows(wanted.where(change.c.id.in_(event.ids)).order_by(change.c.id)):
            if row.kind == "won" or row.at < event.at - OLD:
                continue
            kind, customer = LOST if row.kind == "lost" else MOVED, f"core.customer:{row.customer_id}"
            tell_followers(work, event, kind, f"sales.deal:{row.deal_id}", also=[customer], stage=row.name)


SUBSCRIPTIONS = (
    Subscription("sales.tell_of_won_deals", ["sales.deal_won"], tell_of_won_deals),
    Subscription("sales.tell_of_stages", ["sales.stage_change.created"], tell_of_stages),
    Subscription(
        "sales.tell_new_owners",
        [f"sales.{name}.updated" for name in ("deal", "lead", "quote", "sales_order")],
        tell_new_owners,
    ),
)
