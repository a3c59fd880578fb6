"""Reading filters from URL parameters and from JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.filter_nodes import RESERVED, WHERE, Condition, Node, Not, all_of, any_of
from crmframe.core.entities.filter_path import Path, find_path, target_of
from crmframe.core.entities.filter_values import read_value
from crmframe.core.entities.kinds import ParseContext
from crmframe.core.entities.kinds_base import shown
from crmframe.core.errors import InvalidFilter

if TYPE_CHECKING:
    from crmframe.core.entities.schema import Schema

MAX_DEPTH = 8
MAX_CONDITIONS = 100
FORMS = '{"and": […]}, {"or": […]}, {"not": {…}}, {"field": …, "operator": …, "value": …}'

Readable = Collection[str] | Callable[[Entity], Collection[str]] | None


def parse_params(
    schema: Schema,
    entity: Entity,
    pairs: Iterable[tuple[str, str]],
    context: ParseContext,
    *,
    readable: Readable = None,
) -> Node | None:
    """Return the filter of URL parameters such as ``amount__gte=1000``; None when there is none.

    Args:
        pairs: Parameters of the list itself (``order``, ``page``, …) and empty ones are skipped; ``where`` holds
            JSON. One that is repeated means "one of these".
        readable: The fields the actor may read, by entity; a plain set is for the entity itself and allows no
            hop to another. None allows every field that is not hidden.

    Raises:
        InvalidFilter: An unknown field, operator or value; names the allowed ones.
    """
    reader = _Reader(schema, entity, context, readable)
    nodes: list[Node] = []
    given: dict[tuple[str, str], list[str]] = {}
    for name, raw in pairs:
        if name == WHERE and raw.strip():
            nodes.append(reader.node(_decoded(raw)))
        elif name not in RESERVED:
            path, operator = reader.question(name)
            given.setdefault((path.name, operator), []).extend([raw] if raw.strip() else [])
    for (name, operator), texts in given.items():
        nodes += reader.repeated(name, operator, texts)
    return all_of(nodes) if nodes else None


def parse_json(
    schema: Schema, entity: Entity, data: Any, context: ParseContext, *, readable: Readable = None
) -> Node | None:
    """Return the filter of JSON: groups ``{"and": […]}``, ``{"or": […]}``, ``{"not": {…}}`` and conditions.

    A condition is ``{"field": "amount", "operator": "gte", "value": 1000}``, or short ``{"amount__gte": 1000}``.

    Raises:
        InvalidFilter: As ``parse_params``; also when it is nested too deep or too long.
    """
    return None if data is None or data == {} else _Reader(schema, entity, context, readable).node(data)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidFilter(name=f"{WHERE}={shown(text)}", allowed=FORMS) from None


class _Reader:
    """Reads the conditions of one filter, and counts them."""

    def __init__(self, schema: Schema, entity: Entity, context: ParseContext, readable: Readable) -> None:
        self.schema, self.entity, self.readable = schema, entity, readable
        # Saved filters and programs write a decimal point, wherever they are read.
        self.context = replace(context, decimal_comma=False)
        self.count = 0

    def node(self, data: Any, depth: int = 1) -> Node:
        """Return the node that *data* describes."""
        if depth > MAX_DEPTH:
            raise InvalidFilter(name=f"{depth} levels", allowed=f"{MAX_DEPTH} levels")
        if not isinstance(data, Mapping) or not data:
            raise InvalidFilter(name=shown(data), allowed=FORMS)
        if "field" in data:
            return self._described(data)
        if len(data) > 1:
            return all_of(self._short(name, value) for name, value in data.items())
        ((name, inner),) = data.items()
        if name == "not":
            return Not(self.node(inner, depth + 1))
        if name not in ("and", "or"):
            return self._short(name, inner)
        if not isinstance(inner, list) or not inner:
            raise InvalidFilter(name=shown(data), allowed=FORMS)
        return (all_of if name == "and" else any_of)([self.node(part, depth + 1) for part in inner])

    def _described(self, data: Mapping[str, Any]) -> Node:
        name, operator = data["field"], data.get("operator")
        if not isinstance(name, str) or data.keys() - {"field", "operator", "value"}:
            raise InvalidFilter(name=shown(data), allowed=FORMS)
        path = self._path(name)
        chosen = _default(path.field) if operator is None else operator
        return self._condition(path, _known(path.field, chosen, name), data.get("value"))

    def _short(self, name: Any, value: Any) -> Node:
        if not isinstance(name, str):
            raise InvalidFilter(name=shown(name), allowed=FORMS)
        path, operator = self.question(name)
        return self._condition(path, operator, value)

    def question(self, name: str) -> tuple[Path, str]:
        """Return the field and the operator of ``amount__gte``."""
        path = find_path(self.schema, self.entity, name)
        if path is not None and self._allows(path):
            return path, _default(path.field)
        base, mark, operator = name.rpartition("__")
        if not mark:
            raise self._unknown(name)
        path = self._path(base)
        return path, _known(path.field, operator, base)

    def repeated(self, name: str, operator: str, texts: list[str]) -> list[Node]:
        """Return the conditions of one parameter given several times."""
        path = self._path(name)
        if len(texts) > 1 and operator in ("eq", "in") and "in" in path.field.kind.operators:
            merged = texts if operator == "eq" else [",".join(texts)]
            return [self._condition(path, "in", merged if operator == "eq" else merged[0])]
        return [self._condition(path, operator, text) for text in texts]

    def _condition(self, path: Path, operator: str, raw: Any) -> Node:
        self.count += 1
        if self.count > MAX_CONDITIONS:
            raise InvalidFilter(name=f"{self.count} conditions", allowed=f"{MAX_CONDITIONS} conditions")
        value, bound = read_value(path.field, operator, raw, self.context)
        if value is None:
            operator, value = "empty", operator == "eq"  # equal to nothing
        return Condition(path.name, operator, value, bound)

    def _path(self, name: str) -> Path:
        path = find_path(self.schema, self.entity, name)
        if path is None or not self._allows(path):
            raise self._unknown(name)
        return path

    def _allows(self, path: Path) -> bool:
        if path.head is not None and not self._may_read(self.entity, path.head):
            return False
        return self._may_read(path.entity, path.field)

    def _may_read(self, entity: Entity, field: Field) -> bool:
        if field.hidden or self.readable is None:
            return not field.hidden
        if isinstance(self.readable, Collection):
            return entity is self.entity and field.name in self.readable
        return field.name in self.readable(entity)

    def _unknown(self, name: str) -> InvalidFilter:
        """Name what exists where *name* leads to; a field that may not be read is as good as none."""
        entity, prefix = self.entity, ""
        head, mark, _ = name.partition(".")
        found = target_of(self.schema, entity, head) if mark else None
        if found is not None and self._may_read(entity, found[0]):
            entity, prefix = found[1], f"{head}."
        fields = self.schema.fields(entity).values()
        allowed = sorted(f"{prefix}{field.short_name}" for field in fields if self._may_read(entity, field))
        return InvalidFilter(name=shown(name), allowed=", ".join(allowed))


def _default(field: Field) -> str:
    operators = field.kind.operators
    return "eq" if "eq" in operators else operators[0]


def _known(field: Field, operator: Any, name: str) -> str:
    operators = field.kind.operators
    if operator not in operators:
        raise InvalidFilter(name=f"{shown(name)}__{shown(operator)}", allowed=", ".join(operators))
    return str(operator)
