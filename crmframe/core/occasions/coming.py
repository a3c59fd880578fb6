"""Whose birthday and which anniversary comes next, of what somebody may see."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.occasions.calendars import LUNAR, coming, years_until
from crmframe.core.records import rights
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.types import Id

if TYPE_CHECKING:
    from crmframe.core.access.term import Term
    from crmframe.core.entities.entity import Entity
    from crmframe.core.work import UnitOfWork

BIRTHDAY, ANNIVERSARY = "birthday", "anniversary"
MOST = 200
ME = sa.bindparam("me", type_=Id())


class Source(NamedTuple):
    """Records that have a day which comes round: where it, its calendar, its key and its words stand."""

    entity: str
    kind: str
    day: str
    is_lunar: str
    key: str
    words: str = ""
    about: str = ""


SOURCES = (
    Source("core.contact", BIRTHDAY, "birthday", "birthday_is_lunar", "birthday_key"),
    Source("core.customer", BIRTHDAY, "birthday", "birthday_is_lunar", "birthday_key"),
    Source("core.anniversary", ANNIVERSARY, "day", "is_lunar", "day_key", "title", "about"),
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A day to congratulate somebody on.

    Attributes:
        about: Whom: a contact, a customer, or what the anniversary is of.
        title: What ``about`` is called; empty where the reader may not see it.
        words: What the anniversary is; empty for a birthday.
        on: When it comes next.
        years: How many it will be; None where it begins on that day.
        lunar_key: Its day of the lunar calendar; None by the solar one.
        language: In which to write to them; empty where nothing is known. ``email`` likewise.
    """

    kind: str
    about: str
    title: str
    words: str
    on: date
    years: int | None
    lunar_key: int | None
    language: str
    email: str


def occasions(work: UnitOfWork, first: date, days: int, *, mine: bool) -> list[Occasion]:
    """Return what comes in *days* days from *first* on, the next first, at most ``MOST``: one statement, and the names.

    Args:
        mine: Only of records that the actor owns.
    """
    keys = coming(first, days)
    parts = list(_parts(work, mine))
    if not parts:
        return []
    values: dict[str, Any] = {"keys": sorted(keys), "me": work.actor.id}
    for _, term in parts:
        values |= term.values
    turn = {key: on.toordinal() for key, on in keys.items()}
    found = sa.union_all(*(part for part, _ in parts)).subquery()
    when = sa.case(turn, value=found.c.key)
    rows = work.connection.execute(sa.select(found).order_by(when, found.c.about).limit(MOST), values).all()
    titles = _titles(work, {row.about for row in rows})
    return [_occasion(row, keys[row.key], titles.get(row.about, "")) for row in rows]


def _parts(work: UnitOfWork, mine: bool) -> Iterator[tuple[sa.Select[Any], Term]]:
    for source in SOURCES:
        entity = work.schema.entity(source.entity)
        needed = {source.day, source.is_lunar, *filter(None, (source.words, source.about))}
        readable = readable_fields(work, entity)
        if work.actor.may(f"{entity.name}.read") and readable >= needed:
            term = rights.granted(work, entity, "read")
            selected = _part(entity, source, readable).where(term.build(entity.table))
            yield selected.where(entity.table.c.owner_id == ME) if mine else selected, term


def _part(entity: Entity, source: Source, readable: Collection[str]) -> sa.Select[Any]:
    table = entity.table
    about: Any = sa.literal(f"{entity.name}:") + sa.cast(table.c.id, sa.Text)

    def known(name: str) -> Any:
        return sa.cast(table.c[name], sa.Text) if name in readable else sa.literal("", sa.Text)

    selected = sa.select(
        sa.literal(source.kind).label("kind"),
        (table.c[source.about] if source.about else about).label("about"),
        known(source.words).label("words"),
        known("language").label("language"),
        known("email").label("email"),
        table.c[source.day].label("day"),
        table.c[source.is_lunar].label("is_lunar"),
        table.c[source.key].label("key"),
    ).where(in_set(table.c[source.key], "keys"))
    return selected.where(table.c.archived_at.is_(None)) if "archived_at" in table.c else selected


def _titles(work: UnitOfWork, abouts: set[str]) -> dict[str, str]:
    """Return the names of records, of each kind by one statement."""
    by_entity: dict[str, set[int]] = {}
    for about in abouts:
        name, _, number = about.partition(":")
        by_entity.setdefault(name, set()).add(int(number))
    return {
        f"{name}:{number}": title
        for name, ids in sorted(by_entity.items())
        if name in work.registry.entities
        for number, title in records.titles(work, name, sorted(ids)).items()
    }


def _occasion(row: Any, on: date, title: str) -> Occasion:
    years = years_until(row.day, on, row.is_lunar)
    lunar = row.key if row.key >= LUNAR else None
    return Occasion(
        row.kind,
        row.about,
        title,
        row.words,
        on,
        years if years > 0 else None,
        lunar,
        row.language or "",
        row.email or "",
    )
