"""Reading records: one statement with the actor's visibility inside, rows instead of objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.fields import readable_fields
from crmframe.core.access.policy import permission_of
from crmframe.core.access.term import Term
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.records import rights
from crmframe.core.records.as_of import PastTables, past_tables
from crmframe.core.records.paging import ROW_LIMIT, Ordering, fetch_page, ordering_of
from crmframe.core.records.query import MAX_LIMIT, Count, Page, Query
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

COUNT_CAP = 1000


def get(work: UnitOfWork, entity_name: str, record_id: int, *, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Return one record's readable fields by name.

    Raises:
        NotFound: There is none, or the actor may not see it.
    """
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "read")
    fields = rights.chosen(work, entity, columns) if columns else rights.readable(work, entity)
    term = rights.granted(work, entity, "read")
    statement = _one(work, entity, fields, term, {})
    row = work.connection.execute(statement, {"record_id": record_id, **term.values}).first()
    if row is None:
        raise rights.not_found(entity, record_id)
    return {field.name: value for field, value in zip(fields, row, strict=True)}


def get_and_verbs(
    work: UnitOfWork, entity_name: str, record_id: int, verbs: Iterable[str]
) -> tuple[dict[str, Any], set[str]]:
    """Return a record as ``get`` does, and which of *verbs* the actor may use on this very record."""
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "read")
    fields, term = rights.readable(work, entity), rights.granted(work, entity, "read")
    asked = [verb for verb in verbs if work.actor.may(permission_of(entity, verb))]
    together, apart = _compatible(term, {verb: rights.granted(work, entity, verb) for verb in asked})
    values = {"record_id": record_id, **term.values}
    for each in together.values():
        values |= each.values
    row = work.connection.execute(_one(work, entity, fields, term, together), values).first()
    if row is None:
        raise rights.not_found(entity, record_id)
    allowed = {verb for verb, may in zip(together, row[len(fields) :], strict=True) if may}
    allowed |= {verb for verb, each in apart.items() if _holds(work, entity, record_id, each)}
    return dict(zip([field.name for field in fields], row, strict=False)), allowed


def _compatible(first: Term, terms: Mapping[str, Term]) -> tuple[dict[str, Term], dict[str, Term]]:
    """Divide the terms into those that fit into one statement with *first*, and those that bind a name otherwise."""
    together: dict[str, Term] = {}
    apart: dict[str, Term] = {}
    values = dict(first.values)
    for verb, term in terms.items():
        fits = all(values.get(name, value) == value for name, value in term.values.items())
        (together if fits else apart)[verb] = term
        if fits:
            values |= term.values
    return together, apart


def _holds(work: UnitOfWork, entity: Entity, record_id: int, term: Term) -> bool:
    table = entity.table
    statement = sa.select(table.c.id).where(table.c.id == sa.bindparam("record_id"), term.build(table))
    return work.connection.execute(statement, {"record_id": record_id, **term.values}).first() is not None


def _one(
    work: UnitOfWork, entity: Entity, fields: Sequence[Field], term: Term, asked: Mapping[str, Term]
) -> sa.Select[Any]:
    """Return the select of one record, and of whether the terms *asked* hold for it; built once for each shape."""
    shapes = tuple([(verb, each.shape) for verb, each in asked.items()])
    key = ("get", entity.name, tuple([f.name for f in fields]), term.shape, shapes)
    statement: sa.Select[Any] | None = work.schema.statements.get(key)
    if statement is None:
        table = entity.table
        statement = sa.select(
            *[work.schema.expression(entity, f, table) for f in fields],
            *[each.build(table).label(f"may_{verb}") for verb, each in asked.items()],
        )
        statement = statement.select_from(work.schema.joined(entity, fields))
        statement = statement.where(table.c.id == sa.bindparam("record_id"), term.build(table))
        work.schema.statements[key] = statement
    return statement


def select(work: UnitOfWork, entity_name: str, query: Query) -> Page:
    """Return one page of the records the actor may see."""
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "read")
    fields = rights.chosen(work, entity, query.columns) if query.columns else rights.readable(work, entity)
    ordering = ordering_of(work, entity, query.order or _usual_order(work, entity))
    limit = max(1, min(query.limit, MAX_LIMIT))
    source = Source(work, entity, fields, query)
    if query.as_of is not None:
        return _past_page(work, source, ordering, query, limit)
    return fetch_page(work, source, ordering, query, limit)


def _usual_order(work: UnitOfWork, entity: Entity) -> list[str]:
    """Return the entity's own order, as far as the actor may read what it goes by."""
    readable = readable_fields(work, entity)
    return [name for name in entity.order if name.removeprefix("-") in readable]


def _past_page(work: UnitOfWork, source: Source, ordering: Ordering, query: Query, limit: int) -> Page:
    """Read a page with the list's tables exchanged for those of the past."""
    assert query.as_of is not None
    past = source.look_back(query.as_of, merged=query.page is None)
    if query.page is not None:
        ordering = replace(ordering, expressions=tuple(past.exchange(e) for e in ordering.expressions))
    return fetch_page(work, source, ordering, query, limit)


class Source:
    """The statement of a list, without order and page: built once for each shape."""

    def __init__(self, work: UnitOfWork, entity: Entity, fields: Sequence[Field], query: Query) -> None:
        self.work, self.entity, self.fields = work, entity, fields
        self.term = rights.granted(work, entity, "read")
        if query.matching is not None:
            self.term &= query.matching
        self.where = query.where
        self.archived = query.archived if entity.is_archivable else None
        self.columns = tuple(f.name for f in fields)
        for other, field in filters.looked_at(work.schema, entity, query.where):
            rights.known(work, other, field.name, readable_fields(work, other))
        targets = filters.targets(work.schema, entity, query.where)
        self.target_terms = {other.name: rights.granted(work, other, "read") for other in targets}
        self.past: PastTables | None = None
        self.merged = False
        self.values = {**filters.binds(self.where), **self.term.values}
        for term in self.target_terms.values():
            self.values |= term.values

    def look_back(self, moment: datetime, *, merged: bool = False) -> PastTables:
        """Exchange the tables for those of the past; *merged* leaves that to ``page_of``."""
        past = self.past = past_tables(self.work, self.entity, moment)
        self.merged = merged
        self.values |= past.values
        return past

    def page_of(self, statement: sa.Select[Any], ordering: Ordering, part: bool | None) -> sa.Select[Any]:
        """Return a finished page as it is to be run."""
        if self.past is None or not self.merged:
            return statement
        width = len(self.fields)
        return self.past.merged(
            statement, lambda columns: replace(ordering, expressions=tuple(columns[width:])).sorting(part)
        ).limit(ROW_LIMIT)

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what the statement's shape depends on; what has changed since a moment are only values of it."""
        time = None if self.past is None else ("past", self.merged)
        terms = (self.term.shape, *(term.shape for term in self.target_terms.values()))
        return (self.entity.name, self.columns, filters.shape(self.where), terms, self.archived, time)

    def statement(self, ordering: Ordering) -> sa.Select[Any]:
        """Return the select; the ordering's expressions are its last columns."""
        schema, table = self.work.schema, self.entity.table
        used = [*self.fields, *ordering.fields, *filters.fields_of(schema, self.entity, self.where)]
        statement = sa.select(
            *[schema.expression(self.entity, f, table) for f in self.fields], *ordering.expressions
        )
        statement = statement.select_from(schema.joined(self.entity, used)).where(self.term.build(table))
        if self.where is not None:
            clause = filters.clause(
                schema, self.entity, table, self.where, policy=lambda other: self.target_terms[other.name]
            )
            statement = statement.where(clause)
        if self.archived is not None:
            archived = table.c.archived_at
            statement = statement.where(archived.is_not(None) if self.archived else archived.is_(None))
        return statement if self.past is None or self.merged else self.past.exchange(statement)


def parse_filter(work: UnitOfWork, entity_name: str, pairs: Iterable[tuple[str, str]]) -> filters.Node | None:
    """Read the filter of URL parameters such as ``amount__gte=1000``; None when there is none.

    Raises:
        InvalidFilter: An unknown field or one that the actor may not read, an unknown operator, a wrong value.
    """
    entity = work.schema.entity(entity_name)
    return filters.parse_params(
        work.schema, entity, pairs, work.parse_context(), readable=lambda other: readable_fields(work, other)
    )


def count(work: UnitOfWork, entity_name: str, query: Query, cap: int = COUNT_CAP) -> Count:
    """Return how many records match, counting no further than *cap*."""
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "read")
    source = Source(work, entity, [work.schema.fields(entity)["id"]], query)
    if query.as_of is not None:
        source.look_back(query.as_of)
    key = ("count", source.key)
    statement = work.schema.statements.get(key)
    if statement is None:
        limited = source.statement(Ordering((), (), ())).limit(sa.bindparam("cap", type_=sa.Integer))
        statement = sa.select(sa.func.count()).select_from(limited.subquery())
        work.schema.statements[key] = statement
    found = work.connection.scalar(statement, {**source.values, "cap": cap + 1}) or 0
    return Count(min(found, cap), found > cap)


def readable(work: UnitOfWork, entity_name: str) -> frozenset[str]:
    """Return the names of the fields of an entity that the actor may read, where there is any record to read."""
    return readable_fields(work, work.schema.entity(entity_name))


def visible(work: UnitOfWork, entity_name: str) -> sa.Subquery:
    """Return the rows of an entity that the actor may read, to select from or join with in ``work.rows``."""
    entity = work.schema.entity(entity_name)
    term = rights.granted(work, entity, "read")
    hidden = _hidden_columns(work, entity)
    work.bound |= term.values
    key = ("visible", entity.name, term.shape, frozenset(hidden))
    kept: sa.Subquery | None = work.schema.statements.get(key)
    if kept is None:
        columns = [
            # Empty instead of gone: whoever selects from it need not know what this actor may read.
            sa.cast(sa.null(), c.type).label(c.name) if c.name in hidden else c
            for c in entity.table.c
        ]
        kept = sa.select(*columns).where(term.build(entity.table)).subquery(entity.table.name + "_visible")
        work.schema.statements[key] = kept
    return kept


def _hidden_columns(work: UnitOfWork, entity: Entity) -> set[str]:
    """Return the columns that hold what the actor may not read: sort keys and the box of custom fields, too."""
    readable = readable_fields(work, entity)
    hidden = [field for field in work.schema.fields(entity).values() if field.name not in readable]
    names = {field.name for field in hidden} | {field.key_column for field in hidden}
    return names | ({"custom"} if any(field.source == "custom" for field in hidden) else set())


def titles(work: UnitOfWork, entity_name: str, ids: Collection[int]) -> dict[int, str]:
    """Return what records are called; those the actor may not see are left out.

    Where the actor may not read the field that names them, they are called by their number.
    """
    entity = work.schema.entity(entity_name)
    is_own = rights.is_own(work, entity)
    if not ids or not (is_own or work.actor.may(f"{entity.name}.read")):
        return {}
    term = rights.granted(work, entity, "read")
    name = entity.title if is_own or entity.title in readable_fields(work, entity) else "id"
    key = ("titles", entity.name, name, term.shape)
    statement = work.schema.statements.get(key)
    if statement is None:
        table = entity.table
        statement = sa.select(table.c.id, table.c[name]).where(in_set(table.c.id, "ids"), term.build(table))
        work.schema.statements[key] = statement
    rows = work.connection.execute(statement, {"ids": sorted(set(ids)), **term.values})
    return {row[0]: str(row[1]) for row in rows}


def name_of(work: UnitOfWork, entity_name: str, record: Mapping[str, Any]) -> str:
    """Return what a record at hand may be called in a message: its number where the actor may not read its name."""
    entity = work.schema.entity(entity_name)
    title = record.get(entity.title) if entity.title in readable_fields(work, entity) else None
    return str(title or record["id"])
