"""Believable values for any entity, made from its declaration: for tests that hold for every record type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.entities import kinds
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

DAY = date(2026, 1, 5)
MOMENT = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
Given = Mapping[str, Mapping[str, Any]]


def sample(field: Field, number: int) -> Any:
    """Return a value for a field, another one for each *number*, as JSON carries it; None for links."""
    make = MAKERS.get(field.kind.name)
    return None if make is None else make(field.kind, number)


def _text(kind: Any, number: int) -> str:
    if kind.example != kinds.Text.example:
        return str(kind.example)  # a text of a certain form: the name of a time zone
    return f"Sample {number} 样本"[-kind.max :] if kind.max < 16 else f"Sample {number:03} 样本"


def _integer(kind: Any, number: int) -> int:
    low = kind.min if kind.max < 0 else max(kind.min, 0)
    return int(low + number % (min(kind.max, low + 1000) - low + 1))


def _choice(kind: Any, number: int) -> str | None:
    return kind.choices[number % len(kind.choices)].value if kind.choices else None


def _choices(kind: Any, number: int) -> list[str] | None:
    values = [choice.value for choice in kind.choices]
    return values[number % len(values) :][:2] or None


MAKERS: Mapping[str, Callable[[Any, int], Any]] = {
    "text": _text,
    "long_text": lambda kind, number: f"Line {number}\n第二行",
    "integer": _integer,
    "decimal": lambda kind, number: kind.to_json(number),
    "money": lambda kind, number: f"{1000 + number}.25",
    "boolean": lambda kind, number: number % 2 == 0,
    "date": lambda kind, number: (DAY + timedelta(days=number)).isoformat(),
    "instant": lambda kind, number: (MOMENT + timedelta(hours=number)).isoformat().replace("+00:00", "Z"),
    "choice": _choice,
    "multi_choice": _choices,
    "email": lambda kind, number: f"ann{number}@example.com",
    "phone": lambda kind, number: f"+1650253{number:04}",
    "url": lambda kind, number: f"https://example.com/{number}",
    "json": lambda kind, number: {"number": number},
}


class Samples:
    """Makes records of any entity, and whatever they refer to.

    Args:
        given: Values by entity that its guards insist on; a callable gets the number of the sample.
    """

    def __init__(self, given: Given | None = None) -> None:
        self._given = given or {}
        self._numbers: dict[str, int] = {}
        self._making: list[str] = []

    def values(self, work: UnitOfWork, entity_name: str) -> dict[str, Any]:
        """Return values for one new record; what it refers to is created."""
        entity = work.schema.entity(entity_name)
        number = self._numbers[entity_name] = self._numbers.get(entity_name, 0) + 1
        values = {field.name: self._value(work, field, number) for field in self._fields(work, entity)}
        given = self._given.get(entity_name, {})
        chosen = {name: value(number) if callable(value) else value for name, value in given.items()}
        return {name: value for name, value in {**values, **chosen}.items() if value is not None}

    def create(self, work: UnitOfWork, entity_name: str) -> int:
        """Create one record and return its id."""
        self._making.append(entity_name)
        try:
            values = self.values(work, entity_name)
            record_id: int = records.create(work, entity_name, values)["id"]
        finally:
            self._making.pop()
        return record_id

    def _fields(self, work: UnitOfWork, entity: Entity) -> list[Field]:
        # Owner and team of the mixin have defaults; sidecars and custom fields are other people's.
        defaulted = ("owner_id", "team_id") if entity.is_owned else ()
        return [
            field
            for field in work.schema.fields(entity).values()
            if field.writable
            and not field.written_by
            and not field.hidden
            and field.source == "column"
            and field.name not in defaulted
        ]

    def _value(self, work: UnitOfWork, field: Field, number: int) -> Any:
        if field.kind.name == "any_reference":
            return f"core.customer:{self.create(work, 'core.customer')}"
        target = getattr(field.kind, "entity", None)
        if target is None:
            return sample(field, number)
        # A record that refers to its own kind, or a circle of them: the link stays empty.
        return None if target in self._making else self.create(work, target)
