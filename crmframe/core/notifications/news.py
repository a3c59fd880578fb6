"""News of records: to those who follow them, and to whom others gave them; one notification for a deed."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.models import User
from crmframe.core.access.policy import policy
from crmframe.core.contributions import Event, NotificationKind, Subscription
from crmframe.core.notifications.notify import DEED, notify
from crmframe.core.notifications.tables import notification
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

FOLLOWED, OWNED, OWNED_MANY = "core.followed", "core.owner_changed", "core.owners_changed"
KINDS = (
    NotificationKind(FOLLOWED, "Follow-ups on what you follow", "{who} added to {record}", "blue"),
    NotificationKind(OWNED, "Records given to you", "{who} made you the owner of {record}", "teal"),
    NotificationKind(
        OWNED_MANY, "Many records given to you", "{who} made you the owner of {count} records", "teal"
    ),
)
# A deed is told within moments: the newest rows are read by their number, however many there are.
RECENT = 2000
_user: Any = User.__table__


def tell_followers(
    work: UnitOfWork,
    event: Event,
    kind: str,
    about: str,
    *,
    also: Sequence[str] = (),
    but: Iterable[int] = (),
    **data: Any,
) -> list[int]:
    """Tell those who follow a record of an event: who may see the record, and was told nothing else of the deed.

    Args:
        about: The record that it happened to.
        but: Who knows already.
        also: Records whose followers are told too: the deal's customer.
    """
    follower = work.registry.entity("core.follower").table
    rows = work.rows(sa.select(follower.c.user_id).where(follower.c.about.in_([about, *also])))
    users = {row.user_id for row in rows} - {event.actor_id, *but}
    users -= set(_told(work, users, event.operation_id))
    return notify(work, kind, seeing(work, users, about), about, who=who(work, event), **data)


def seeing(work: UnitOfWork, users: Iterable[int], about: str) -> list[int]:
    """Return those of some users who may see a record now, in order."""
    name, _, number = about.rpartition(":")
    if name not in work.registry.entities:
        return []
    entity = work.schema.entity(name)
    found = []
    for user in sorted(users):
        actor = actor_of_user(work.connection, user)
        if actor is None or not actor.may(f"{name}.read"):
            continue
        seen = copy.copy(work)
        seen.actor, seen.terms = actor, {}
        term = policy(seen, entity, "read")
        own = sa.select(entity.table.c.id).where(entity.table.c.id == sa.bindparam("record_id"))
        values = {"record_id": int(number), **term.values}
        if work.connection.execute(own.where(term.build(entity.table)), values).first() is not None:
            found.append(user)
    return found


def who(work: UnitOfWork, event: Event) -> str:
    """Return the name of whoever did it."""
    return str(work.scalar(sa.select(_user.c.name).where(_user.c.id == event.actor_id)) or "crmframe")


def tell_new_owners(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell people that others made them the owner of records: each one once, however many records."""
    by_deed: dict[tuple[int, int], list[tuple[Event, str]]] = {}
    for event in events:
        # What a rule does on its own is told by whoever declared the rule.
        if "owner_id" in event.fields and event.actor_id is not None:
            for user, record_id in _given(work, event):
                deed = by_deed.setdefault((event.operation_id, user), [])
                deed.append((event, f"{event.entity}:{record_id}"))
    for (operation_id, user), deed in by_deed.items():
        event, about = deed[0]
        told = _told(work, {user}, operation_id, (OWNED, OWNED_MANY)).get(user)
        count = len(deed) + (0 if told is None else told.data.get("count", 1))
        if told is not None:
            data = {**told.data, "count": count}
            change = sa.update(notification).where(notification.c.id == told.id)
            work.connection.execute(change.values(kind=OWNED_MANY, about="", data=data))
        elif count > 1:
            notify(work, OWNED_MANY, [user], who=who(work, event), count=count)
        else:
            notify(work, OWNED, seeing(work, [user], about), about, who=who(work, event))


def _given(work: UnitOfWork, event: Event) -> list[tuple[int, int]]:
    """Return whose which records are now, who were somebody else's and are not those of whoever did it."""
    table = work.registry.entity(event.entity).table
    wanted = sa.select(table.c.owner_id, table.c.id).where(in_set(table.c.id, "ids"))
    rows = work.rows(wanted.order_by(table.c.id), {"ids": list(event.ids)})
    before = {n: values["owner_id"] for n, values in event.before.items() if "owner_id" in values}
    return [
        (row.owner_id, row.id)
        for row in rows
        if row.owner_id not in (None, event.actor_id) and row.id in before and before[row.id] != row.owner_id
    ]


def _told(work: UnitOfWork, users: Collection[int], deed: int, kinds: Sequence[str] = ()) -> dict[int, Any]:
    """Return the notification by which each of some users was told of a deed."""
    newest = sa.select(sa.func.max(notification.c.id)).scalar_subquery()
    recent = sa.select(notification).where(
        notification.c.id > newest - RECENT, in_set(notification.c.user_id, "users")
    )
    rows = work.connection.execute(recent, {"users": sorted(users)}).all() if users else ()
    return {
        row.user_id: row for row in rows if row.data.get(DEED) == deed and (not kinds or row.kind in kinds)
    }


SUBSCRIPTIONS = (
    Subscription("core.tell_new_owners", ("core.customer.updated", "core.contact.updated"), tell_new_owners),
)
