"""A filter as a tree of conditions, apart from any database.

Every condition is true or false, never unknown: a record without a value fails ``eq`` and passes ``ne``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date, datetime
from decimal import Decimal
from typing import Any as Anything

from crmframe.core.storage.types import instant_text

WHERE = "where"
# Parameters of a list that are no filter; a field of such a name is asked with its operator: ``format__eq``.
RESERVED = frozenset(
    (
        "q",
        "order",
        "limit",
        "after",
        "page",
        "columns",
        "as_of",
        "archived",
        "deleted",
        "include",
        "format",
        "view",
        WHERE,
    )
)
_MERGED = ("eq", "in")


@dataclass(frozen=True, slots=True)
class Bound:
    """What SQL is asked: a test, and the values bound to it now."""

    test: str
    values: tuple[Anything, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about one field.

    Attributes:
        field: ``amount``, ``custom.region``, or one hop away ``customer_id.industry``.
        operator: eq, ne, in, nin, lt, lte, gt, gte, contains, starts, empty, within, has.
        value: As in canonical JSON, lists as tuples; symbols such as ``me`` and ``30d`` stay symbols. Code may
            give Python values instead.
        bound: What the symbols stand for at this moment; ``parse_params`` and ``parse_json`` fill it in.
    """

    field: str
    operator: str = "eq"
    value: Anything = None
    bound: Bound | None = attribute(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.value, list | set | frozenset):
            object.__setattr__(self, "value", tuple(self.value))


@dataclass(frozen=True, slots=True)
class All:
    """Every node holds."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one node holds."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The node does not hold."""

    node: Node


Node = Condition | All | Any | Not


def all_of(nodes: Iterable[Node]) -> Node:
    """Return the nodes joined by *and* in canonical order, so that equal filters share one statement."""
    return _joined(All, nodes)


def any_of(nodes: Iterable[Node]) -> Node:
    """Return the nodes joined by *or* in canonical order."""
    return _joined(Any, nodes)


def _joined(group: type[All | Any], nodes: Iterable[Node]) -> Node:
    flat: list[Node] = []
    for node in nodes:
        flat += node.nodes if isinstance(node, group) else (node,)
    unique = sorted(dict.fromkeys(flat), key=repr)
    return unique[0] if len(unique) == 1 else group(tuple(unique))


def conditions(node: Node | None) -> Iterator[Condition]:
    """Yield the conditions, in the order in which their parameters are numbered."""
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, Not):
        yield from conditions(node.node)
    elif node is not None:
        for part in node.nodes:
            yield from conditions(part)


def bound_of(condition: Condition) -> Bound:
    """Return what SQL is asked; a condition made by code says it itself."""
    if condition.bound is not None:
        return condition.bound
    operator, value = condition.operator, condition.value
    if operator == "within":
        raise TypeError("within depends on the day: make it with parse_json.")
    if operator == "empty":
        return Bound("empty" if value else "filled")
    if operator in ("in", "nin"):
        return Bound(operator, (list(value),))
    if value is None and operator in ("eq", "ne"):
        return Bound("empty" if operator == "eq" else "filled")
    return Bound(operator, (value,))


def shape(node: Node | None) -> Anything:
    """Return what a filter's SQL depends on: equal shapes compile to equal SQL."""
    if node is None:
        return None
    if isinstance(node, Condition):
        return (node.field, bound_of(node).test)
    if isinstance(node, Not):
        return ("not", shape(node.node))
    return ("and" if isinstance(node, All) else "or", *map(shape, node.nodes))


def binds(node: Node | None) -> dict[str, Anything]:
    """Return the values of the named parameters f0, f1, …"""
    values = [value for condition in conditions(node) for value in bound_of(condition).values]
    return {f"f{number}": value for number, value in enumerate(values)}


def to_params(node: Node | None) -> list[tuple[str, str]]:
    """Return a filter as URL parameters; what is no plain list of conditions goes into ``where`` as JSON."""
    if node is None:
        return []
    parts: Sequence[Node] = node.nodes if isinstance(node, All) else (node,)
    found = Counter((p.field, p.operator) for p in parts if isinstance(p, Condition))
    pairs = []
    for part in parts:
        # Repeated parameters mean "one of these", as forms send them.
        repeated = (
            isinstance(part, Condition) and part.operator in _MERGED and found[part.field, part.operator] > 1
        )
        if isinstance(part, Condition) and not repeated:
            pairs.append(_param(part))
        else:
            pairs.append((WHERE, json.dumps(to_json(part), ensure_ascii=False, separators=(",", ":"))))
    return pairs


def to_json(node: Node) -> dict[str, Anything]:
    """Return a filter as the JSON that ``parse_json`` reads."""
    if isinstance(node, Condition):
        return {"field": node.field, "operator": node.operator, "value": wire(node.value)}
    if isinstance(node, Not):
        return {"not": to_json(node.node)}
    return {"and" if isinstance(node, All) else "or": [to_json(part) for part in node.nodes]}


def wire(value: Anything) -> Anything:
    """Return a condition's value as JSON data."""
    if isinstance(value, tuple):
        return [wire(item) for item in value]
    if isinstance(value, datetime):
        return instant_text(value)
    return str(value) if isinstance(value, Decimal | date) else value


def _param(condition: Condition) -> tuple[str, str]:
    is_short = condition.operator == "eq" and condition.field not in RESERVED
    name = condition.field if is_short else f"{condition.field}__{condition.operator}"
    value = wire(condition.value)
    return name, ",".join(map(_escaped, value)) if isinstance(value, list) else _text(value)


def _escaped(item: Anything) -> str:
    return _text(item).replace("\\", "\\\\").replace(",", "\\,")


def _text(value: Anything) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def split_list(text: str) -> list[str]:
    """Return the items of ``a,b``; a comma of an item itself is written ``\\,``."""
    items = [""]
    characters = iter(text)
    for character in characters:
        if character == ",":
            items.append("")
        elif character == "\\":
            items[-1] += next(characters, "\\")
        else:
            items[-1] += character
    return [item.strip() for item in items if item.strip()]
