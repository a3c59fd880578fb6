"""Values of fields as people and as programs want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.entities.field import Field

if TYPE_CHECKING:
    from crmframe.cli.console import Console
    from crmframe.core.entities.entity import Entity
    from crmframe.core.work import UnitOfWork


def as_json(work: UnitOfWork, entity: Entity, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as the API would."""
    fields = work.schema.fields(entity)
    return {n: None if v is None else fields[n].kind.to_json(v) for n, v in record.items()}


class Shown:
    """Turns values into what people read: names instead of ids, labels instead of codes, the workspace's time."""

    def __init__(self, console: Console, work: UnitOfWork, entity: Entity) -> None:
        self._console = console
        self._work = work
        self._entity = entity
        self._fields = work.schema.fields(entity)

    def label(self, name: str) -> str:
        """Return what a field is called."""
        field = self._fields[name]
        labels = dict(field.labels)
        return labels.get(self._console.locale) or self._console.text(field.label, field.plugin)

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Return rows with every value as it is shown; the names of linked records are read at once."""
        titles = {
            name: records.titles(self._work, target, {row[i] for row in rows if row[i] is not None})
            for i, name in enumerate(columns)
            if (target := getattr(self._fields[name].kind, "entity", None)) is not None
        }
        return [[self._value(n, v, titles.get(n)) for n, v in zip(columns, row, strict=True)] for row in rows]

    def _value(self, name: str, value: Any, titles: Mapping[int, str] | None) -> Any:
        field = self._fields[name]
        if value is None:
            return None
        if titles is not None:
            return f"{titles[value]} ({value})" if value in titles else value
        if isinstance(value, datetime):
            return value.astimezone(self._work.settings.zone).strftime("%Y-%m-%d %H:%M")
        if field.kind.name in ("choice", "multi_choice"):
            return self._choices(field, value if isinstance(value, list) else [value])
        return value if field.kind.name in ("integer", "decimal", "money") else field.kind.to_text(value)

    def _choices(self, field: Field, values: Sequence[str]) -> str:
        kind: Any = field.kind
        found = [(value, kind.choice(value)) for value in values]
        return ", ".join(self._label(field, c) if c else value for value, c in found)

    def _label(self, field: Field, choice: Any) -> str:
        own = dict(choice.labels)
        given: str = own.get(self._console.locale) or own.get("en") or ""
        return given or self._console.text(choice.label, field.plugin)
