"""Candidates: what of several entities fits a text by the indexes of words and of names alone, before rights are asked.

The rights of an entity cost a statement more than its words: they are asked only where something was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access.fields import readable_fields
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.sort_key import sort_key
from crmframe.core.search import index
from crmframe.core.search.asking import Asked
from crmframe.core.search.scopes import Scope

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

NEAR_NAMES = 200
LAST = "\U0010ffff"


@dataclass(slots=True)
class Candidates:
    """Records of one entity; ``is_cut`` says that the index of words may know more."""

    ids: set[int] = field(default_factory=set)
    is_cut: bool = False


def candidates(
    work: UnitOfWork, known: Sequence[Entity], scopes: Mapping[str, Sequence[Scope]], what: Asked
) -> dict[str, Candidates]:
    """Return candidates by entity: the newest that fit, and the first whose names begin so."""
    found = {entity.name: Candidates() for entity in known}
    of_scope = {each.id: name for name, several in scopes.items() for each in several}
    named = [entity for entity in known if _is_named(work, entity) and scopes[entity.name]]
    # Places below zero are those of names.
    of_place = {**of_scope, **{-place: entity.name for place, entity in enumerate(named, 1)}}
    if not of_place:
        return found
    low = sort_key(what.text)
    values = {"low": low, "high": low + LAST}
    values |= index.asked_values(work.connection.dialect.name, what, list(of_scope))
    by_place: dict[int, set[int]] = {place: set() for place in of_place}
    for place, record in work.connection.execute(_statement(work, tuple(of_scope), named), values):
        by_place[place].add(record)
    for place, ids in by_place.items():
        of_entity = found[of_place[place]]
        of_entity.ids |= ids
        of_entity.is_cut |= place > 0 and len(ids) >= index.PLENTY
    return found


def _is_named(work: UnitOfWork, entity: Entity) -> bool:
    title = entity.fields[entity.title]
    return bool(title.key_column and title.is_searched and title.name in readable_fields(work, entity))


def _statement(work: UnitOfWork, numbers: tuple[int, ...], named: Sequence[Entity]) -> Any:
    key = ("search.candidates", numbers, tuple(entity.name for entity in named))
    statement = work.schema.statements.get(key)
    if statement is None:
        dialect = work.connection.dialect.name
        parts = [sa.select(index.candidates(dialect, numbers).subquery())] if numbers else []
        parts += [_by_name(-place, entity) for place, entity in enumerate(named, 1)]
        statement = work.schema.statements[key] = sa.union_all(*parts)
    return statement


def _by_name(place: int, entity: Entity) -> sa.Select[Any]:
    """Return the first by name of those whose name begins so, however many there are."""
    table = entity.table
    column = table.c[entity.fields[entity.title].key_column]
    low, high = sa.bindparam("low", type_=column.type), sa.bindparam("high", type_=column.type)
    near = (
        sa.select(table.c.id)
        .where(column >= low, column < high)
        .order_by(column, table.c.id)
        .limit(NEAR_NAMES)
    )
    return sa.select(sa.literal_column(str(place), sa.Integer), near.subquery().c.id)
