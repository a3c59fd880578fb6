"""Filters as SQL: named parameters only, numbered in the order of ``binds``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.filter_nodes import All, Condition, Node, Not, bound_of, conditions
from crmframe.core.entities.filter_path import Path, find_path
from crmframe.core.errors import InvalidFilter
from crmframe.core.storage.dialect import contains, in_set, json_has, not_in_set, starts_with

if TYPE_CHECKING:
    from crmframe.core.entities.schema import Schema


class Term(Protocol):
    """The rows of an entity that the actor may see."""

    @property
    def build(self) -> Callable[[Any], sa.ColumnElement[bool]]:
        """Return what makes the condition on a table or an alias of it."""


Policy = Callable[[Entity], Term]
Clause = sa.ColumnElement[bool]
Test = Callable[[sa.ColumnElement[Any], Sequence[str]], Clause]


def clause(schema: Schema, entity: Entity, frm: Any, node: Node, policy: Policy | None = None) -> Clause:
    """Return a filter as SQL on *frm*, the entity's table or an alias.

    Args:
        policy: Which records of other entities may be looked at. Whoever gives it also binds the values of its
            terms, and keeps statements apart by their shapes: for the entities that ``targets`` names.
    """
    return _Builder(schema, policy).build(entity, frm, node, exact=False)


def fields_of(schema: Schema, entity: Entity, node: Node | None) -> list[Field]:
    """Return the entity's own fields that a filter looks at."""
    return [path.head or path.field for path in _paths(schema, entity, node)]


def looked_at(schema: Schema, entity: Entity, node: Node | None) -> list[tuple[Entity, Field]]:
    """Return every field that a filter looks at, with the entity it belongs to."""
    found = []
    for path in _paths(schema, entity, node):
        found += [(entity, path.head)] if path.head else []
        found.append((path.entity, path.field))
    return found


def targets(schema: Schema, entity: Entity, node: Node | None) -> list[Entity]:
    """Return the other entities that a filter looks at, each once."""
    found = {path.entity.name: path.entity for path in _paths(schema, entity, node) if path.head}
    return list(found.values())


def _paths(schema: Schema, entity: Entity, node: Node | None) -> Iterator[Path]:
    for condition in conditions(node):
        yield _path(schema, entity, condition)


def _path(schema: Schema, entity: Entity, condition: Condition) -> Path:
    path = find_path(schema, entity, condition.field)
    if path is None:
        schema.field(entity, condition.field)  # raises with the names that exist
        raise InvalidFilter(name=condition.field, allowed="")
    return path


class _Builder:
    def __init__(self, schema: Schema, policy: Policy | None) -> None:
        self.schema, self.policy = schema, policy
        self.bound = 0

    def build(self, entity: Entity, frm: Any, node: Node, *, exact: bool) -> Clause:
        if isinstance(node, Condition):
            found = self._condition(entity, frm, node)
            # Below a not, unknown must be false; elsewhere it would only hide the column from its index.
            return found.is_(sa.true()) if exact else found
        if isinstance(node, Not):
            return sa.not_(self.build(entity, frm, node.node, exact=True))
        parts = [self.build(entity, frm, part, exact=exact) for part in node.nodes]
        return sa.and_(sa.true(), *parts) if isinstance(node, All) else sa.or_(sa.false(), *parts)

    def _condition(self, entity: Entity, frm: Any, condition: Condition) -> Clause:
        path, bound = _path(self.schema, entity, condition), bound_of(condition)
        names = [f"f{self.bound + i}" for i in range(len(bound.values))]
        self.bound += len(names)
        if path.head is None:
            return TESTS[bound.test](self.schema.expression(entity, path.field, frm), names)
        return self._through(self.schema.expression(entity, path.head, frm), path, bound.test, names)

    def _through(
        self, reference: sa.ColumnElement[Any], path: Path, test: str, names: Sequence[str]
    ) -> Clause:
        """Ask the record that is referred to; where there is none to be seen, its fields are empty."""
        other = path.entity.table.alias()
        positive = OPPOSITES.get(test, test)
        question = TESTS[positive](self.schema.expression(path.entity, path.field, other), names)
        inner: sa.Select[Any] = (
            sa.select(sa.literal_column("1")).select_from(other).where(other.c.id == reference, question)
        )
        if self.policy is not None:
            inner = inner.where(self.policy(path.entity).build(other))
        found = sa.exists(inner.correlate_except(other))
        return found if positive == test else sa.not_(found)


def _bind(expression: sa.ColumnElement[Any], name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=expression.type)


def _within(expression: sa.ColumnElement[Any], names: Sequence[str]) -> Clause:
    return sa.and_(expression >= _bind(expression, names[0]), expression < _bind(expression, names[1]))


def _outside(expression: sa.ColumnElement[Any], names: Sequence[str]) -> Clause:
    first, end = _bind(expression, names[0]), _bind(expression, names[1])
    return sa.or_(expression.is_(None), expression < first, expression >= end)


TESTS: Mapping[str, Test] = {
    "eq": lambda expression, names: expression == _bind(expression, names[0]),
    "ne": lambda expression, names: expression.is_distinct_from(_bind(expression, names[0])),
    "in": lambda expression, names: in_set(expression, names[0]),
    "nin": lambda expression, names: sa.or_(expression.is_(None), not_in_set(expression, names[0])),
    "lt": lambda expression, names: expression < _bind(expression, names[0]),
    "lte": lambda expression, names: expression <= _bind(expression, names[0]),
    "gt": lambda expression, names: expression > _bind(expression, names[0]),
    "gte": lambda expression, names: expression >= _bind(expression, names[0]),
    "range": _within,
    "outside": _outside,
    "contains": lambda expression, names: contains(expression, names[0]),
    "starts": lambda expression, names: starts_with(expression, names[0]),
    "has": lambda expression, names: json_has(expression, names[0]),
    "empty": lambda expression, names: expression.is_(None),
    "filled": lambda expression, names: expression.is_not(None),
}
OPPOSITES: Mapping[str, str] = {"ne": "eq", "nin": "in", "outside": "range", "empty": "filled"}
