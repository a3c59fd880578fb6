"""What happens outside the request: the note on a customer whose deal was won, and the nightly count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmframe.api import Event, UnitOfWork, records
from crmframe_sales import say
from crmframe_sales.progress import queries as late


def note_won_deals(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Write a note on the customer of each won deal, once: a second delivery of the event finds it there."""
    for event in events:
        won = event.payload
        if won.get("customer_id") is None or not _still_won(work, won["deal_id"]):
            continue
        about, at = f"core.customer:{won['customer_id']}", datetime.fromisoformat(won["at"])
        text = _sentence(work, won)
        if not _is_noted(work, about, at, text):
            values = {"kind": "note", "about": about, "at": at, "by_id": event.actor_id, "text": text}
            records.create(work, "core.activity", values)


def count_overdue(work: UnitOfWork, payload: Mapping[str, Any]) -> dict[str, int]:
    """Announce how many open deals of each owner are past their close date; returns the counts by owner id."""
    counts = {str(row.owner_id): int(row.deals) for row in late.overdue_by_owner(work)}
    if counts:
        work.publish("sales.overdue_counted", {"day": work.today.isoformat(), "deals_by_owner": counts})
    return counts


def _still_won(work: UnitOfWork, deal_id: int) -> bool:
    deal = records.visible(work, "sales.deal")
    return work.scalar(sa.select(deal.c.won_at).where(deal.c.id == deal_id)) is not None


def _is_noted(work: UnitOfWork, about: str, at: datetime, text: str) -> bool:
    activity = records.visible(work, "core.activity")
    same = sa.and_(activity.c.about == about, activity.c.at == at, activity.c.text == text)
    return work.scalar(sa.select(activity.c.id).where(same).limit(1)) is not None


def _sentence(work: UnitOfWork, won: Mapping[str, Any]) -> str:
    locale = work.settings.locale
    if won["amount"] is None:
        return say(locale, "Deal won: {title}.", title=won["title"])
    amount = f"{won['amount']} {won['currency'] or ''}".rstrip()
    return say(locale, "Deal won: {title}, {amount}.", title=won["title"], amount=amount)
