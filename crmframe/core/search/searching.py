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
from crmframe.core.entities.sort_key import plain_letters, sort_key
from crmframe.core.errors import InvalidFilter
from crmframe.core.records import rights
from crmframe.core.search import index
from crmframe.core.search.asking import Asked, asked
from crmframe.core.search.scopes import Scope, open_scopes, stored_scopes
from crmframe.core.search.tokens import NAMES
from crmframe.core.search.waiting import Waiting, fitting, read_waiting
from crmframe.core.storage.dialect import in_set

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

MOST_READ, BY_NAME, NEAR_NAMES = 40, 20, 200
MOST_TITLE = 200
ASIDE = "administration"
LAST = "\U0010ffff"


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
    rows: dict[str, dict[int, Hit]] = {entity.name: {} for entity in known}
    most = max(MOST_READ, limit)
    for hit in _indexed(work, known, stored, what, most):
        if hit.id not in waiting.ids(hit.entity):
            rows[hit.entity].setdefault(hit.id, hit)
    for hit in _waiting_hits(work, known, what, waiting):
        rows[hit.entity].setdefault(hit.id, hit)
    chosen: dict[str, list[Hit]] = {}
    for name, found in rows.items():
        kept = _best_first(what, [hit for hit in found.values() if archived or not hit.is_archived])[:limit]
        if kept:
            chosen[name] = kept
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


def _indexed(
    work: UnitOfWork, known: Sequence[Entity], stored: Mapping[str, Sequence[Scope]], what: Asked, most: int
) -> list[Hit]:
    """Return hits of the indexes of words and of names, in one statement for all entities."""
    scopes = {entity.name: open_scopes(work, entity, stored) for entity in known}
    known = [entity for entity in known if scopes[entity.name]]
    if not known:
        return []
    terms = {entity.name: rights.granted(work, entity, "read") for entity in known}
    key = (
        "search",
        tuple(
            (e.name, _title(work, e), terms[e.name].shape, tuple(s.id for s in scopes[e.name])) for e in known
        ),
    )
    statement = work.schema.statements.get(key)
    if statement is None:
        parts = [
            part
            for place, entity in enumerate(known)
            for part in _parts(work, place, entity, scopes[entity.name], terms[entity.name])
        ]
        statement = work.schema.statements[key] = sa.union_all(*parts)
    low = sort_key(what.text)
    values = {"most": most, "near": NEAR_NAMES, "by_name": BY_NAME, "low": low, "high": low + LAST}
    values |= index.asked_values(work.connection.dialect.name, what)
    return _hits(work, known, statement, values, terms.values())


def _hits(
    work: UnitOfWork, known: Sequence[Entity], statement: Any, values: dict[str, Any], terms: Iterable[Term]
) -> list[Hit]:
    for term in terms:
        values |= term.values
    return [
        Hit(
            known[row.place].name,
            row.id,
            " ".join((row.title or str(row.id)).split())[:MOST_TITLE],
            bool(row.is_archived),
            row.holder is not None and row.holder == work.actor.id,
            row.updated_at,
        )
        for row in work.connection.execute(statement, values)
    ]


def _parts(
    work: UnitOfWork, place: int, entity: Entity, scopes: Sequence[Scope], term: Term
) -> list[sa.Select[Any]]:
    table = entity.table
    found: list[sa.Select[Any]] = []
    for each in scopes:
        source, record, condition = index.found_in(work.connection.dialect.name, each.id)
        newest = index.newest_first(work.connection.dialect.name)
        joined = sa.join(source, table, table.c.id == record)
        part = _columns(work, place, entity).select_from(joined).where(condition, term.build(table))
        found.append(part.order_by(newest).limit(sa.bindparam("most", type_=sa.Integer)))
    title = entity.fields[entity.title]
    if title.key_column and title.name in readable_fields(work, entity) and title.is_searched:
        found.append(_by_name(work, place, entity, term))
    # SQLite takes ORDER BY and LIMIT in a part of a union only as a select from a select.
    return [sa.select(part.subquery()) for part in found]


def _by_name(work: UnitOfWork, place: int, entity: Entity, term: Term) -> sa.Select[Any]:
    """Return those whose name begins so, whatever else is found: of the first few by name, however many there are.

    Rights are a column of the inner select: as a condition they would lead SQLite through all records of an owner.
    """
    table = entity.table
    column = table.c[entity.fields[entity.title].key_column]
    low, high = sa.bindparam("low", type_=column.type), sa.bindparam("high", type_=column.type)
    allowed = sa.case((term.build(table), 1), else_=0).label("allowed")
    near = _columns(work, place, entity).add_columns(allowed).where(column >= low, column < high)
    ordered = near.order_by(column, table.c.id).limit(sa.bindparam("near", type_=sa.Integer)).subquery()
    wanted = [each for each in ordered.c if each.name != "allowed"]
    return sa.select(*wanted).where(ordered.c.allowed == 1).limit(sa.bindparam("by_name", type_=sa.Integer))


def _columns(work: UnitOfWork, place: int, entity: Entity) -> sa.Select[Any]:
    table = entity.table
    archived = table.c.archived_at.is_not(None) if entity.is_archivable else sa.false()
    if "is_active" in table.c:
        archived = table.c.is_active.is_(False)
    return sa.select(
        sa.literal_column(str(place), sa.Integer).label("place"),
        table.c.id.label("id"),
        sa.cast(table.c[_title(work, entity)], sa.String).label("title"),
        sa.case((archived, 1), else_=0).label("is_archived"),
        table.c[entity.holder].label("holder"),
        table.c.updated_at.label("updated_at"),
    )


def _title(work: UnitOfWork, entity: Entity) -> str:
    return entity.title if entity.title in readable_fields(work, entity) else "id"


# --- what is not yet indexed --------------------------------------------------------------------------


def _waiting_hits(work: UnitOfWork, known: Sequence[Entity], what: Asked, waiting: Waiting) -> list[Hit]:
    hits = []
    for entity in known:
        ids = fitting(work, entity, what, waiting)
        if ids:
            term = rights.granted(work, entity, "read")
            part = _columns(work, 0, entity).where(in_set(entity.table.c.id, "ids"), term.build(entity.table))
            hits += _hits(work, [entity], part, {"ids": sorted(ids)}, [term])
    return hits


def matching(work: UnitOfWork, entity: Entity, text: str) -> Term:
    """Return the condition that a record fits *text*, to be joined with those of a list."""
    what = asked(text)
    if what is None:
        return NONE
    waiting, stored = read_waiting(work), stored_scopes(work)
    scopes = open_scopes(work, entity, stored)
    dialect = work.connection.dialect.name
    values: dict[str, Any] = {
        **index.asked_values(dialect, what),
        "search_waiting": sorted(waiting.ids(entity.name)),
        "search_fitting": sorted(fitting(work, entity, what, waiting)),
    }

    def build(frm: Any) -> sa.ColumnElement[bool]:
        indexed = [_records(dialect, each) for each in scopes]
        known = sa.or_(sa.false(), *(frm.c.id.in_(ids) for ids in indexed))
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


def _records(dialect: str, scope: Scope) -> sa.Select[Any]:
    source, record, condition = index.found_in(dialect, scope.id)
    return sa.select(record).select_from(source).where(condition)
