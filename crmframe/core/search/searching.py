"""Searching: what of several entities fits a text, as far as the actor may see it, the best first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access.fields import readable_fields
from crmframe.core.access.term import NONE, Term
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.sort_key import plain_letters
from crmframe.core.errors import InvalidFilter
from crmframe.core.records import rights
from crmframe.core.search import index
from crmframe.core.search.asking import Asked, asked
from crmframe.core.search.candidates import candidates
from crmframe.core.search.scopes import Scope, open_scopes, stored_scopes
from crmframe.core.search.tokens import NAMES
from crmframe.core.search.waiting import fitting, read_waiting
from crmframe.core.storage.dialect import in_set

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

MOST_READ = 40
MOST_TITLE = 200
ASIDE = "administration"


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found; ``title`` is its number where the actor may not read its name."""

    entity: str
    id: int
    title: str
    is_archived: bool
    is_own: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The hits by entity, the best first, and whether some records are not yet indexed."""

    hits: Mapping[str, Sequence[Hit]]
    is_indexing: bool = False


def searchable(work: UnitOfWork) -> list[Entity]:
    """Return the entities that the actor may search."""
    bases = {name for name, _ in work.schema.searched.values()}
    known = [entity for entity in work.registry.public_entities() if entity.name in bases]
    return [entity for entity in known if work.actor.may(f"{entity.name}.read")]


def search(
    work: UnitOfWork, text: str, entities: Iterable[str] = (), *, limit: int = 5, archived: bool = True
) -> Found:
    """Return what fits *text*, at most *limit* of each entity: by name first, own before others', recent before old.

    Args:
        entities: Only these; empty asks all.
        archived: False leaves out what was put away; otherwise it comes last.

    Raises:
        PermissionDenied: The actor may not read one of the *entities* at all.
    """
    wanted = [work.schema.entity(name) for name in entities]
    for entity in wanted:
        rights.require(work, entity, "read")
    what = asked(text)
    known = [entity for entity in wanted or searchable(work) if work.schema.searched_fields(entity)]
    if what is None or not known:
        return Found({})
    index.prepare(work.connection)
    waiting, stored = read_waiting(work), stored_scopes(work)
    scopes = {entity.name: open_scopes(work, entity, stored) for entity in known}
    near = candidates(work, known, scopes, what)
    chosen: dict[str, list[Hit]] = {}
    for entity in known:
        hits = _known(work, entity, near[entity.name].ids)
        if near[entity.name].is_cut and sum(archived or not hit.is_archived for hit in hits) < limit:
            hits += _all_seen(work, entity, scopes[entity.name], what, max(limit, MOST_READ))
        late = waiting.ids(entity.name)
        rows = {hit.id: hit for hit in hits if hit.id not in late}
        rows |= {hit.id: hit for hit in _known(work, entity, fitting(work, entity, what, waiting))}
        kept = _best_first(what, [hit for hit in rows.values() if archived or not hit.is_archived])[:limit]
        if kept:
            chosen[entity.name] = kept
    best_first = dict(sorted(chosen.items(), key=lambda each: _place(work, what, *each)))
    return Found(best_first, waiting.is_long or any(entity.name not in stored for entity in known))


def _best_first(what: Asked, hits: Sequence[Hit]) -> list[Hit]:
    needle = plain_letters(what.text)

    def place(hit: Hit) -> tuple[bool, int, bool, float]:
        return hit.is_archived, _distance(needle, hit), not hit.is_own, -hit.updated_at.timestamp()

    return sorted(hits, key=place)


def _place(work: UnitOfWork, what: Asked, name: str, hits: Sequence[Hit]) -> tuple[bool, int]:
    """Return where a kind stands: with what has a name before texts and what only administrators look for."""
    entity = work.schema.entity(name)
    is_aside = entity.fields[entity.title].kind.name != NAMES or entity.group == ASIDE
    return is_aside, _distance(plain_letters(what.text), hits[0])


def _distance(needle: str, hit: Hit) -> int:
    """Return how far a record's name is from what was typed: the same, one that begins so, one that holds it, another."""
    title = plain_letters(hit.title)
    if title == needle:
        return 0
    return 1 if title.startswith(needle) else 2 if needle in title else 3


# --- what the index has -------------------------------------------------------------------------------


def _known(work: UnitOfWork, entity: Entity, ids: Iterable[int]) -> list[Hit]:
    """Return those with the given ids that the actor sees."""
    wanted = sorted(ids)
    if not wanted:
        return []
    term = rights.granted(work, entity, "read")
    key = ("search.known", entity.name, title_column(work, entity), term.shape)
    statement = work.schema.statements.get(key)
    if statement is None:
        part = _columns(work, entity).where(in_set(entity.table.c.id, "ids"), term.build(entity.table))
        statement = work.schema.statements[key] = part
    return _hits(work, entity, statement, {"ids": wanted, **term.values})


def _all_seen(work: UnitOfWork, entity: Entity, scopes: Sequence[Scope], what: Asked, most: int) -> list[Hit]:
    """Return the newest that fit of all that the actor sees."""
    dialect, numbers = work.connection.dialect.name, [each.id for each in scopes]
    term = rights.granted(work, entity, "read")
    key = ("search.all", entity.name, title_column(work, entity), term.shape, tuple(numbers))
    statement = work.schema.statements.get(key)
    if statement is None:
        parts = [_seen_in(work, entity, index.lookup(dialect, number), term) for number in numbers]
        # SQLite takes ORDER BY and LIMIT in a part of a union only as a select from a select.
        statement = sa.union_all(*(sa.select(part.subquery()) for part in parts))
        work.schema.statements[key] = statement
    values = {"most": most, **term.values, **index.asked_values(dialect, what, numbers)}
    return _hits(work, entity, statement, values)


def _seen_in(work: UnitOfWork, entity: Entity, look: index.Lookup, term: Term) -> sa.Select[Any]:
    table = entity.table
    joined = sa.join(look.source, table, table.c.id == look.record)
    seen = _columns(work, entity).select_from(joined).where(look.fits, look.inside, term.build(table))
    return seen.order_by(look.newest).limit(sa.bindparam("most", type_=sa.Integer))


def _hits(work: UnitOfWork, entity: Entity, statement: Any, values: Mapping[str, Any]) -> list[Hit]:
    return [
        Hit(
            entity.name,
            row.id,
            " ".join((row.title or str(row.id)).split())[:MOST_TITLE],
            bool(row.is_archived),
            row.holder is not None and row.holder == work.actor.id,
            row.updated_at,
        )
        for row in work.connection.execute(statement, values)
    ]


def _columns(work: UnitOfWork, entity: Entity) -> sa.Select[Any]:
    table = entity.table
    archived = table.c.archived_at.is_not(None) if entity.is_archivable else sa.false()
    if "is_active" in table.c:
        archived = table.c.is_active.is_(False)
    return sa.select(
        table.c.id.label("id"),
        sa.cast(table.c[title_column(work, entity)], sa.String).label("title"),
        sa.case((archived, 1), else_=0).label("is_archived"),
        table.c[entity.holder].label("holder"),
        table.c.updated_at.label("updated_at"),
    )


def title_column(work: UnitOfWork, entity: Entity) -> str:
    """Return the column that names a record: its number where the reader may not read its name."""
    return entity.title if entity.title in readable_fields(work, entity) else "id"


# --- lists --------------------------------------------------------------------------------------------


def matching(work: UnitOfWork, entity: Entity, text: str) -> Term:
    """Return the condition that a record fits *text*, to be joined with those of a list."""
    what = asked(text)
    if what is None:
        return NONE
    waiting, stored = read_waiting(work), stored_scopes(work)
    scopes = open_scopes(work, entity, stored)
    dialect = work.connection.dialect.name
    values: dict[str, Any] = {
        **index.asked_values(dialect, what, [each.id for each in scopes]),
        "search_waiting": sorted(waiting.ids(entity.name)),
        "search_fitting": sorted(fitting(work, entity, what, waiting)),
    }

    def build(frm: Any) -> sa.ColumnElement[bool]:
        indexed = [index.lookup(dialect, each.id) for each in scopes]
        known = sa.or_(
            sa.false(),
            *(
                frm.c.id.in_(sa.select(look.record).select_from(look.source).where(look.fits))
                for look in indexed
            ),
        )
        late = in_set(frm.c.id, "search_fitting")
        return sa.or_(sa.and_(known, sa.not_(in_set(frm.c.id, "search_waiting"))), late)

    return Term(f"search:{entity.name}{[each.id for each in scopes]}", build, values)


def narrowed_by(work: UnitOfWork, entity: Entity, text: str) -> Term | None:
    """Return the condition of a list that is searched for *text*; None when nothing is looked for.

    Raises:
        InvalidFilter: No field of the entity is searched.
    """
    if not text.strip():
        return None
    if not work.schema.searched_fields(entity):
        fields = sorted(work.schema.fields(entity)[name].short_name for name in readable_fields(work, entity))
        raise InvalidFilter(name="q", allowed=", ".join(fields))
    return matching(work, entity, text)
