"""Reading records: one statement with the actor's visibility inside, rows instead of objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.fields import readable_fields
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.records import rights
from crmframe.core.records.as_of import PastTables, past_tables
from crmframe.core.records.paging import Ordering, fetch_page, ordering_of
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
    key = ("get", entity.name, tuple(f.name for f in fields), term.shape)
    statement = work.schema.statements.get(key)
    if statement is None:
        table = entity.table
        statement = sa.select(*[work.schema.expression(entity, f, table) for f in fields])
        statement = statement.select_from(work.schema.joined(entity, fields))
        statement = statement.where(table.c.id == sa.bindparam("record_id"), term.build(table))
        work.schema.statements[key] = statement
    row = work.connection.execute(statement, {"record_id": record_id, **term.values}).first()
    if row is None:
        raise rights.not_found(entity, record_id)
    return {field.name: value for field, value in zip(fields, row, strict=True)}


def select(work: UnitOfWork, entity_name: str, query: Query) -> Page:
    """Return one page of the records the actor may see."""
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "read")
    fields = rights.chosen(work, entity, query.columns) if query.columns else rights.readable(work, entity)
    ordering = ordering_of(work, entity, query.order or entity.order)
    limit = max(1, min(query.limit, MAX_LIMIT))
    source = _Source(work, entity, fields, query)
    if query.as_of is not None:
        return _past_page(work, source, ordering, query, limit)
    return fetch_page(work, source, ordering, query, limit)


def _past_page(work: UnitOfWork, source: _Source, ordering: Ordering, query: Query, limit: int) -> Page:
    """Read a page with the list's tables exchanged for those of the past."""
    assert query.as_of is not None
    past = source.past = past_tables(work, source.entity, query.as_of)
    source.values |= past.values
    exchanged = replace(ordering, expressions=tuple(past.exchange(e) for e in ordering.expressions))
    return fetch_page(work, source, exchanged, query, limit)


class _Source:
    """The statement of a list, without order and page: built once for each shape."""

    def __init__(self, work: UnitOfWork, entity: Entity, fields: Sequence[Field], query: Query) -> None:
        self.work, self.entity, self.fields = work, entity, fields
        self.term = rights.granted(work, entity, "read")
        self.where = query.where
        self.archived = query.archived if entity.is_archivable else None
        self.columns = tuple(f.name for f in fields)
        for other, field in filters.looked_at(work.schema, entity, query.where):
            rights.known(work, other, field.name, readable_fields(work, other))
        targets = filters.targets(work.schema, entity, query.where)
        self.target_terms = {other.name: rights.granted(work, other, "read") for other in targets}
        self.past: PastTables | None = None
        self.values = {**filters.binds(self.where), **self.term.values}
        for term in self.target_terms.values():
            self.values |= term.values

    @property
    def key(self) -> tuple[Any, ...] | None:
        """Return what the statement's shape depends on; one of the past is not worth keeping."""
        if self.past is not None:
            return None
        terms = (self.term.shape, *(term.shape for term in self.target_terms.values()))
        return (self.entity.name, self.columns, filters.shape(self.where), terms, self.archived)

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
        return statement if self.past is None else self.past.exchange(statement)


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
    source = _Source(work, entity, [work.schema.fields(entity)["id"]], query)
    key = ("count", source.key)
    statement = work.schema.statements.get(key)
    if statement is None:
        limited = (
            source.statement(Ordering((), (), ())).limit(sa.bindparam("cap", type_=sa.Integer)).subquery()
        )
        statement = work.schema.statements[key] = sa.select(sa.func.count()).select_from(limited)
    found = work.connection.scalar(statement, {**source.values, "cap": cap + 1}) or 0
    return Count(min(found, cap), found > cap)


def visible(work: UnitOfWork, entity_name: str) -> sa.Subquery:
    """Return the rows of an entity that the actor may read, to select from or join with in own queries."""
    entity = work.schema.entity(entity_name)
    term = rights.granted(work, entity, "read")
    hidden = {f.name for f in work.schema.fields(entity).values()} - {
        f.name for f in rights.readable(work, entity)
    }
    columns = [c for c in entity.table.c if c.name not in hidden]
    statement = sa.select(*columns).where(term.build(entity.table)).params(**term.values)
    return statement.subquery(entity.table.name + "_visible")


def titles(work: UnitOfWork, entity_name: str, ids: Collection[int]) -> dict[int, str]:
    """Return what records are called; those the actor may not see are left out."""
    entity = work.schema.entity(entity_name)
    if not ids or not (rights.is_own(work, entity) or work.actor.may(f"{entity.name}.read")):
        return {}
    term = rights.granted(work, entity, "read")
    key = ("titles", entity.name, term.shape)
    statement = work.schema.statements.get(key)
    if statement is None:
        table = entity.table
        statement = sa.select(table.c.id, table.c[entity.title]).where(
            in_set(table.c.id, "ids"), term.build(table)
        )
        work.schema.statements[key] = statement
    rows = work.connection.execute(statement, {"ids": sorted(set(ids)), **term.values})
    return {row[0]: str(row[1]) for row in rows}
