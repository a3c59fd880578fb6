"""A policy as a value: the shape of its SQL, the SQL, and the values bound to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A condition on the rows of one table.

    A literal in a cached statement showed actor 2 the rows of actor 1 (measured), hence the three parts.

    Attributes:
        shape: Names the SQL: equal shapes build equal SQL. A plugin starts its own with its name.
        build: ``build(frm)`` returns the clause on a table or alias, with named parameters and no value in it.
        values: What the named parameters are now. One name has one value in a statement; a plugin
            starts its names with its own.
    """

    shape: str
    build: Callable[[Any], sa.ColumnElement[bool]]
    values: Mapping[str, Any] = field(default_factory=dict)

    def __and__(self, other: Term) -> Term:
        if "none" in (self.shape, other.shape):
            return NONE
        if self.shape == "all":
            return other
        if other.shape == "all":
            return self
        return self._joined(other, "and", sa.and_)

    def __or__(self, other: Term) -> Term:
        if "all" in (self.shape, other.shape):
            return ALL
        if self.shape == "none":
            return other
        if other.shape == "none":
            return self
        return self._joined(other, "or", sa.or_)

    def _joined(self, other: Term, word: str, join: Callable[..., sa.ColumnElement[bool]]) -> Term:
        values = merged_values(self.values, other.values)
        if other.shape == self.shape:
            return self
        shape = f"({self.shape} {word} {other.shape})"
        return Term(shape, lambda frm: join(self.build(frm), other.build(frm)), values)


def merged_values(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return both sets of values.

    Raises:
        ValueError: One name has two values; one of the two conditions would get the other's.
    """
    for name in first.keys() & second.keys():
        if first[name] != second[name]:
            raise ValueError(
                f"Two policy terms bind {name!r} to different values. Start its name with the plugin's."
            )
    return {**first, **second}


ALL = Term("all", lambda frm: sa.true())
NONE = Term("none", lambda frm: sa.false())
