"""Writing notifications, and reading one's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.lending import Absence
from crmframe.core.access.models import User
from crmframe.core.contributions import NotificationKind, Telling
from crmframe.core.journal.tables import operation
from crmframe.core.notifications.tables import choice, notification
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

SAMPLE = "core.sample"
GONE = "Something happened with a record that you may no longer see."
MAILS = ("now", "digest", "off")
SHOWN = 100
# What rows say besides what fills the template: the operation that is told, and whom a deputy is told for.
DEED, STANDS_FOR = "deed", "stands_for"
FOR = "For {name}: {text}"
_user: Any = User.__table__
_absence: Any = Absence.__table__


def notify(work: UnitOfWork, kind: str, users: Iterable[int], about: str = "", **data: Any) -> list[int]:
    """Tell users something; one statement however many they are.

    Whoever acts is not told of the own deed, nor is anybody who cannot sign in. Sample data tells nobody anything.
    Who is away today is told all the same, and the deputy is told too, if it is about a record.

    Args:
        kind: The key of a declared ``NotificationKind``.
        users: Ids, in any order, more than once if need be.
        about: The record, such as ``sales.deal:7``. Whoever may not see it learns of no content.
        data: What fills the kind's template: JSON values.

    Returns:
        The ids of those who are told.

    Raises:
        KeyError: Nobody declares the kind.
    """
    declared = kinds_of(work)[kind]
    if _is_sample(work):
        return []
    given = tuple(sorted({each for each in users if each}))
    for _, channels in work.hooks.collect("notification_channels"):
        for channel in channels:
            channel.tell(work, Telling(declared, given, about, data))
    wanted = [each for each in given if each != work.actor.id]
    if not wanted:
        return []
    active = sa.select(_user.c.id).where(in_set(_user.c.id, "ids"), _user.c.is_active.is_(True))
    told = list(work.connection.execute(active.order_by(_user.c.id), {"ids": wanted}).scalars())
    deputies = _deputies(work, told) if about else {}
    mails = _mails(work, kind, [*told, *deputies])
    if work.journal.origin.cause_id is not None:
        data = {**data, DEED: work.journal.origin.cause_id}
    said = dict.fromkeys(told, data) | {user: {**data, STANDS_FOR: n} for user, n in deputies.items()}
    rows = [
        {
            "user_id": user,
            "kind": kind,
            "about": about,
            "data": given_data,
            "at": work.now,
            "mail": mails.get(user, declared.mail),
        }
        for user, given_data in said.items()
    ]
    if rows:
        work.connection.execute(sa.insert(notification), rows)
    return told


def _deputies(work: UnitOfWork, told: Sequence[int]) -> Mapping[int, str]:
    """Return who stands in today for some of *told*, with whom for; they see the record as long as that lasts."""
    deputy = _user.alias()
    rows = work.connection.execute(
        sa.select(_absence.c.deputy_id, _user.c.name)
        .join_from(_absence, _user, _user.c.id == _absence.c.user_id)
        .join(deputy, sa.and_(deputy.c.id == _absence.c.deputy_id, deputy.c.is_active))
        .where(in_set(_absence.c.user_id, "ids"))
        .where(_absence.c.starts_on <= work.today, _absence.c.ends_on >= work.today)
        .order_by(_absence.c.deputy_id, _absence.c.id),
        {"ids": list(told)},
    )
    known = {*told, work.actor.id}
    return {row.deputy_id: row.name for row in rows if row.deputy_id not in known}


def kinds_of(work: UnitOfWork) -> Mapping[str, NotificationKind]:
    """Return the kinds that are declared, by key."""
    return {each.key: each for _, found in work.hooks.collect("notification_kinds") for each in found}


def _mails(work: UnitOfWork, kind: str, users: Sequence[int]) -> Mapping[int, str]:
    chosen = sa.select(choice.c.user_id, choice.c.mail).where(
        in_set(choice.c.user_id, "ids"), choice.c.kind == kind
    )
    return {row.user_id: row.mail for row in work.connection.execute(chosen, {"ids": list(users)})}


def _is_sample(work: UnitOfWork) -> bool:
    origin = work.journal.origin
    if origin.cause == SAMPLE or origin.cause_id is None:
        return origin.cause == SAMPLE
    cause = sa.select(operation.c.cause).where(operation.c.id == origin.cause_id)
    return bool(work.connection.scalar(cause) == SAMPLE)


@dataclass(frozen=True, slots=True)
class Told:
    """A notification for its reader.

    Attributes:
        kind: None when the plugin that declared it is off.
        title: Of the record, None when it is gone or no longer to be seen.
    """

    id: int
    kind: NotificationKind | None
    about: str
    data: Mapping[str, Any]
    at: datetime
    is_read: bool
    title: str | None


def own(work: UnitOfWork, *, before: int | None = None, limit: int = SHOWN) -> list[Told]:
    """Return the actor's notifications, newest first.

    Args:
        before: Only those with a smaller id: the next page.
    """
    wanted = sa.select(notification).where(notification.c.user_id == work.actor.id)
    if before is not None:
        wanted = wanted.where(notification.c.id < before)
    rows = work.connection.execute(wanted.order_by(notification.c.id.desc()).limit(limit)).all()
    return told_of(work, rows)


def told_of(work: UnitOfWork, rows: Sequence[Any]) -> list[Told]:
    """Return rows of the table as their reader, the actor of *work*, may see them."""
    kinds, titles = kinds_of(work), _titles(work, {row.about for row in rows if row.about})
    return [
        Told(
            row.id,
            kinds.get(row.kind),
            row.about,
            row.data,
            row.at,
            getattr(row, "read_at", None) is not None,
            titles.get(row.about),
        )
        for row in rows
    ]


def _titles(work: UnitOfWork, abouts: Collection[str]) -> Mapping[str, str]:
    by_entity: dict[str, set[int]] = {}
    for about in abouts:
        name, _, record_id = about.rpartition(":")
        if name in work.registry.entities and work.actor.may(f"{name}.read"):
            by_entity.setdefault(name, set()).add(int(record_id))
    found: dict[str, str] = {}
    for name, ids in by_entity.items():
        found |= {f"{name}:{i}": title for i, title in records.titles(work, name, sorted(ids)).items()}
    return found


def path_of(registry: Any, about: str) -> str:
    """Return the path of the page of a record such as ``sales.deal:7``."""
    name, _, record_id = about.rpartition(":")
    return f"/{registry.entities[name].slug}/{record_id}"


def unread_of(user: sa.ColumnElement[int]) -> sa.ScalarSelect[Any]:
    """Return how many notifications a user has not read, counted up to a hundred, as a part of another statement.

    Args:
        user: The column with the user's id.
    """
    mine = sa.and_(notification.c.user_id == user, notification.c.read_at.is_(None))
    some = sa.select(notification.c.id).where(mine).correlate(user.table).limit(SHOWN).subquery()
    return sa.select(sa.func.count()).select_from(some).correlate(user.table).scalar_subquery()


def mark_read(work: UnitOfWork, ids: Sequence[int] | None = None) -> None:
    """Mark the actor's notifications as read, None marks all of them; others' are left alone."""
    mine = sa.and_(notification.c.user_id == work.actor.id, notification.c.read_at.is_(None))
    statement = sa.update(notification).where(mine).values(read_at=work.now)
    if ids is None:
        work.connection.execute(statement)
    else:
        work.connection.execute(statement.where(in_set(notification.c.id, "ids")), {"ids": sorted(ids)})


def choices_of(work: UnitOfWork) -> Mapping[str, str]:
    """Return how the actor wants each kind by mail: now, digest or off."""
    held = sa.select(choice.c.kind, choice.c.mail).where(choice.c.user_id == work.actor.id)
    own_choices = {row.kind: row.mail for row in work.connection.execute(held)}
    return {key: own_choices.get(key, kind.mail) for key, kind in kinds_of(work).items()}


def choose(work: UnitOfWork, wanted: Mapping[str, str]) -> None:
    """Remember how the actor wants kinds by mail; what is no kind or no way is left out."""
    known = kinds_of(work)
    rows = [
        {"user_id": work.actor.id, "kind": kind, "mail": mail}
        for kind, mail in wanted.items()
        if kind in known and mail in MAILS
    ]
    work.connection.execute(sa.delete(choice).where(choice.c.user_id == work.actor.id))
    if rows:
        work.connection.execute(sa.insert(choice), rows)
