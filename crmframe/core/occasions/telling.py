"""Telling the owner in the morning whose birthday it is, and which anniversary: once, by the owner's clock."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crmframe.core.access.fields import readable_fields
from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.models import User
from crmframe.core.activities.telling import told
from crmframe.core.contributions import Job, NotificationKind
from crmframe.core.notifications.mailing import MORNING
from crmframe.core.notifications.notify import notify
from crmframe.core.occasions.calendars import keys_of
from crmframe.core.occasions.coming import ANNIVERSARY, BIRTHDAY, SOURCES, Source
from crmframe.core.occasions.greeting import EARLIER
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

KEYS = {BIRTHDAY: "core.birthday", ANNIVERSARY: "core.anniversary"}
EARLY_KEYS = {BIRTHDAY: "core.birthday_soon", ANNIVERSARY: "core.anniversary_soon"}
KINDS = (
    NotificationKind(KEYS[BIRTHDAY], "Birthdays", "Birthday today: {record}", "violet"),
    NotificationKind(KEYS[ANNIVERSARY], "Anniversaries", "Today: {words}, {record}", "violet"),
    NotificationKind(
        EARLY_KEYS[BIRTHDAY], "Birthdays, some days before", "Birthday in {days} days: {record}", "violet"
    ),
    NotificationKind(
        EARLY_KEYS[ANNIVERSARY],
        "Anniversaries, some days before",
        "In {days} days: {words}, {record}",
        "violet",
    ),
)
MOST = 500
_user: Any = User.__table__


def tell_occasions(work: UnitOfWork, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Tell every owner whose clock has passed eight of the day's birthdays and anniversaries, and of early ones."""
    number = 0
    for zone, today in _mornings(work):
        for days in sorted({0, int(work.setting(EARLIER))}):
            day = today + timedelta(days=days)
            for source in SOURCES:
                for row in _untold(work, source, zone, day, days):
                    number += _tell(work, source, row, day, days)
    return {"told": number}


def _mornings(work: UnitOfWork) -> Iterator[tuple[str | None, date]]:
    """Return the zones of the users where the morning has come, and which day it is there."""
    zones = sa.select(_user.c.zone).where(_user.c.is_active).distinct()
    for zone in work.connection.scalars(zones):
        local = work.now.astimezone(ZoneInfo(zone) if zone else work.settings.zone)
        if local.hour >= MORNING:
            yield zone, local.date()


def _untold(work: UnitOfWork, source: Source, zone: str | None, day: date, days: int) -> list[Any]:
    """Return the records whose day that is, with owners in the zone who have not been told."""
    table = work.registry.entity(source.entity).table
    there = _user.c.zone == zone if zone else _user.c.zone.is_(None)
    owners = sa.select(_user.c.id).where(_user.c.is_active, there)
    mark = (told.c.kind == _mark(source, days), told.c.record_id == table.c.id, told.c.due_at == _moment(day))
    wanted = sa.select(table).where(
        in_set(table.c[source.key], "keys"), table.c.owner_id.in_(owners), ~sa.exists().where(*mark)
    )
    if "archived_at" in table.c:
        wanted = wanted.where(table.c.archived_at.is_(None))
    return work.rows(wanted.order_by(table.c.id).limit(MOST), {"keys": keys_of(day)})


def _tell(work: UnitOfWork, source: Source, row: Any, day: date, days: int) -> int:
    values = row._asdict()
    mark = {"kind": _mark(source, days), "record_id": row.id, "due_at": _moment(day), "at": work.now}
    work.connection.execute(sa.insert(told), mark)
    about = values[source.about] if source.about else f"{source.entity}:{row.id}"
    data = {"words": values[source.words]} if source.words else {}
    if days:
        data["days"] = days
    users = [row.owner_id] if _may_know(work, source, row.owner_id) else []
    return len(notify(work, (EARLY_KEYS if days else KEYS)[source.kind], users, about, **data))


def _may_know(work: UnitOfWork, source: Source, user_id: int) -> bool:
    """Return whether neither the day nor the words that are told are hidden from its owner."""
    actor = actor_of_user(work.connection, user_id)
    if actor is None or not actor.may(f"{source.entity}.read"):
        return False
    seen = copy.copy(work)
    seen.actor, seen.terms = actor, {}
    needed = {source.day, *filter(None, (source.words,))}
    return readable_fields(seen, work.schema.entity(source.entity)) >= needed


def _mark(source: Source, days: int) -> str:
    """Contacts and customers have the same numbers: the mark says of which kind, and whether it was told early."""
    return f"{(EARLY_KEYS if days else KEYS)[source.kind]} {source.entity}"


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


JOBS = (Job("core.tell_occasions", tell_occasions, cron="*/10 * * * *"),)
