"""Who is told that a record was shared with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.access import lending, models
from crmframe.core.contributions import Event, NotificationKind, Subscription
from crmframe.core.notifications import news
from crmframe.core.notifications.notify import notify
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

SHARED = "core.shared"
KINDS = (NotificationKind(SHARED, "Records shared with you", "{who} shared with you: {record}", "teal"),)
_share: Any = lending.Share.__table__
_member: Any = models.Membership.__table__


def tell_shares(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell people, and the members of teams, what is shared with them now."""
    for event in events:
        who = news.who(work, event)
        rows = work.rows(sa.select(_share).where(in_set(_share.c.id, "ids")), {"ids": list(event.ids)})
        for row in rows:
            users = {row.user_id} if row.user_id else _members(work, row.team_id)
            notify(work, SHARED, users - {event.actor_id}, row.about, who=who)


def _members(work: UnitOfWork, team_id: int) -> set[int]:
    return {row[0] for row in work.rows(sa.select(_member.c.user_id).where(_member.c.team_id == team_id))}


SUBSCRIPTIONS = (Subscription("core.tell_shares", ("core.share.created",), tell_shares),)
