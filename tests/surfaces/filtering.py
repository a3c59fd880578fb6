"""What each operator of each kind of field should find, computed in plain Python."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


@dataclass(frozen=True)
class Question:
    """A filter in a URL, and the ids that it should find, ascending."""

    field: Field
    operator: str
    text: str
    expected: list[int]

    @property
    def parameter(self) -> str:
        return f"{self.field.name}__{self.operator}"


COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "contains": lambda a, b: fold(b) in fold(a),
    "starts": lambda a, b: fold(a).startswith(fold(b)),
    "has": lambda a, b: b in a,
}


def fold(text: Any) -> str:
    return unicodedata.normalize("NFC", str(text)).casefold()


def questions(work: UnitOfWork, entity: Entity, rows: Sequence[Mapping[str, Any]]) -> Iterator[Question]:
    """Yield a question for each operator of each field; its value comes from a record in the middle."""
    for field in entity.fields.values():
        values = [row[field.name] for row in rows if row[field.name] is not None]
        for operator in field.kind.operators:
            yield from _question(work, field, operator, rows, values)


def _question(
    work: UnitOfWork, field: Field, operator: str, rows: Sequence[Mapping[str, Any]], values: Sequence[Any]
) -> Iterator[Question]:
    if operator == "empty":
        for text, is_empty in (("true", True), ("false", False)):
            yield _made(field, operator, text, rows, lambda value, e=is_empty: (value is None) == e)
        return
    if operator == "within":
        first, last = work.today - timedelta(days=29), work.today
        yield _made(field, operator, "30d", rows, lambda v: v is not None and first <= _day(work, v) <= last)
        return
    value = values[len(values) // 2] if values else _example(work, field)
    yield _asked(field, operator, value, rows)


def _example(work: UnitOfWork, field: Field) -> Any:
    texts = {"reference": "1", "instant": "2026-01-01T00:00:00Z"}
    return field.kind.parse(
        texts.get(field.kind.name, field.kind.examples().split(",")[0]), work.parse_context()
    )


def _day(work: UnitOfWork, value: Any) -> Any:
    return value.astimezone(work.settings.zone).date() if isinstance(value, datetime) else value


def _asked(field: Field, operator: str, value: Any, rows: Sequence[Mapping[str, Any]]) -> Question:
    if operator in ("contains", "starts"):
        needle = str(value)[:6].strip().split("\n", maxsplit=1)[0]
        return _made(field, operator, needle, rows, _test(operator, needle))
    if operator == "has":
        return _made(field, operator, value[0], rows, _test(operator, value[0]))
    text = field.kind.to_text(value) if field.kind.name != "json" else json.dumps(value)
    positive = {"ne": "eq", "in": "eq", "nin": "eq"}.get(operator, operator)
    test = _test(positive, value)
    if operator in ("ne", "nin"):
        return _made(field, operator, text, rows, lambda each: not test(each))
    return _made(field, operator, text, rows, test)


def _test(operator: str, asked: Any) -> Callable[[Any], bool]:
    return lambda value: value is not None and COMPARED[operator](value, asked)


def _made(
    field: Field, operator: str, text: str, rows: Sequence[Mapping[str, Any]], test: Callable[[Any], bool]
) -> Question:
    return Question(field, operator, text, sorted(row["id"] for row in rows if test(row[field.name])))
