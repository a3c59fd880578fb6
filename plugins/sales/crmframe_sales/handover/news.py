"""Who is told that a deal was won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.api import Event, NotificationKind, UnitOfWork, notify
from crmframe_sales.models import Deal

WON = "sales.deal_won"
KINDS = (
    NotificationKind(WON, "Won deals of the team", "Won: {record}, {amount} {currency}", "green", "trophy"),
)


def tell_of_won_deals(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell the owner, the deal's team and those who follow the deal or its customer; not whoever won it."""
    for event in events:
        won = event.payload
        users = _interested(work, won) - {event.actor_id}
        data = {"amount": won["amount"] or "", "currency": won["currency"] or ""}
        notify(work, WON, [user for user in users if user], f"sales.deal:{won['deal_id']}", **data)


def _interested(work: UnitOfWork, won: Mapping[str, Any]) -> set[int | None]:
    deal, entity = Deal.__table__, work.registry.entity
    member, follower = entity("core.membership").table, entity("core.follower").table
    of_deal = sa.select(deal.c.owner_id, deal.c.team_id).where(
        deal.c.id == won["deal_id"], deal.c.won_at.is_not(None)
    )
    rows = work.rows(of_deal)
    if not rows:
        return set()  # reopened or gone meanwhile: no news any more
    abouts = [f"sales.deal:{won['deal_id']}", f"core.customer:{won['customer_id']}"]
    team = work.rows(sa.select(member.c.user_id).where(member.c.team_id == rows[0].team_id))
    followers = work.rows(sa.select(follower.c.user_id).where(follower.c.about.in_(abouts)))
    return {rows[0].owner_id, *(row.user_id for row in (*team, *followers))}
