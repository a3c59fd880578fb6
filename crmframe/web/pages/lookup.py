"""What records are called, and which ones a field may choose: one statement per page, whatever it refers to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.records import rights
from crmframe.core.search.searching import search, title_column
from crmframe.core.storage.dialect import contains, in_set

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

OFFERED = 40
Titles = dict[str, dict[int, str]]
Wanted = Mapping[str, Collection[int]]


def wanted_of(fields: Iterable[Field], rows: Sequence[Mapping[str, Any]]) -> dict[str, set[int]]:
    """Return which records the references in *rows* point to, by entity."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for field in fields:
        if field.kind.name == "reference":
            wanted[field.kind.entity] |= {row[field.name] for row in rows if row.get(field.name)}  # type: ignore[attr-defined]
        elif field.kind.name == "any_reference":
            for name, ids in ids_by_entity(row.get(field.name) for row in rows).items():
                wanted[name] |= ids
    return wanted


def ids_by_entity(abouts: Iterable[str | None]) -> dict[str, set[int]]:
    """Return the ids in references such as ``core.customer:7``, by entity; None is left out."""
    found: dict[str, set[int]] = defaultdict(set)
    for about in abouts:
        if about:
            name, _, number = about.partition(":")
            found[name].add(int(number))
    return found


def titles_of(work: UnitOfWork, wanted: Wanted) -> Titles:
    """Return what the wanted records are called; those the actor may not see are left out."""
    known = [entity for name, ids in sorted(wanted.items()) if ids and (entity := _readable(work, name))]
    if not known:
        return {}
    terms = [rights.granted(work, entity, "read") for entity in known]
    names = tuple(title_column(work, entity) for entity in known)
    key = ("page_titles", tuple(e.name for e in known), names, tuple(term.shape for term in terms))
    statement = work.schema.statements.get(key)
    if statement is None:
        parts = [
            _named(work, entity, number).where(
                in_set(entity.table.c.id, f"ids_{number}"), term.build(entity.table)
            )
            for number, (entity, term) in enumerate(zip(known, terms, strict=True))
        ]
        statement = work.schema.statements[key] = sa.union_all(*parts)
    values: dict[str, Any] = {f"ids_{number}": sorted(wanted[e.name]) for number, e in enumerate(known)}
    for term in terms:
        values |= term.values
    return _by_entity(work.connection.execute(statement, values), known)


def offers_of(work: UnitOfWork, names: Iterable[str]) -> Titles:
    """Return the first records of each entity, by name, for the fields of a form."""
    known = [entity for name in dict.fromkeys(names) if (entity := _readable(work, name))]
    if not known:
        return {}
    parts: list[sa.Select[Any]] = []
    values: dict[str, Any] = {}
    for number, entity in enumerate(known):
        term = rights.granted(work, entity, "read")
        part = _offered(work, entity, number).where(term.build(entity.table)).limit(OFFERED).subquery()
        parts.append(sa.select(part.c.place, part.c.id, part.c.title))
        values |= term.values
    return _by_entity(work.connection.execute(sa.union_all(*parts), values), known)


def found_by(work: UnitOfWork, entity: Entity, text: str) -> dict[int, str]:
    """Return the records that *text* finds, the best first; by a part of the name where no words are indexed."""
    rights.require(work, entity, "read")
    if text and entity.fields[entity.title].is_searched:
        hits = search(work, text, [entity.name], limit=OFFERED, archived=False).hits
        return {hit.id: hit.title for hit in hits.get(entity.name, ())}
    term = rights.granted(work, entity, "read")
    statement = _offered(work, entity, 0).where(term.build(entity.table)).limit(OFFERED)
    values = dict(term.values)
    if text:
        title = sa.cast(entity.table.c[title_column(work, entity)], sa.String)
        statement = statement.where(contains(title, "needle"))
        values["needle"] = text
    return _by_entity(work.connection.execute(statement, values), [entity]).get(entity.name, {})


def _named(work: UnitOfWork, entity: Entity, number: int) -> sa.Select[Any]:
    table = entity.table
    title = sa.cast(table.c[title_column(work, entity)], sa.String).label("title")
    return sa.select(sa.literal_column(str(number), sa.Integer).label("place"), table.c.id, title)


def _offered(work: UnitOfWork, entity: Entity, number: int) -> sa.Select[Any]:
    table = entity.table
    statement = _named(work, entity, number)
    if entity.is_archivable:
        statement = statement.where(table.c.archived_at.is_(None))
    if "is_active" in table.c:
        statement = statement.where(table.c.is_active.is_(True))
    keys = [table.c[name.lstrip("-")] for name in entity.order if name.lstrip("-") == "position"]
    name = title_column(work, entity)
    keys.append(table.c[entity.fields[name].key_column or name])
    return statement.order_by(*keys, table.c.id)


def _readable(work: UnitOfWork, name: str) -> Entity | None:
    entity: Entity | None = work.registry.entities.get(name)
    return entity if entity is not None and work.actor.may(f"{entity.name}.read") else None


def _by_entity(rows: Iterable[Any], known: Sequence[Entity]) -> Titles:
    found: Titles = {entity.name: {} for entity in known}
    for place, record_id, title in rows:
        found[known[place].name][record_id] = title or str(record_id)
    return found
