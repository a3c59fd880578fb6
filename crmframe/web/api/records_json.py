"""Records as JSON: rows go to bytes without a dictionary for each (SPEED.md A3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from crmframe.core.entities.entity import Entity

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

# Their Python value is their wire value; every other kind converts.
SAME = frozenset(
    {
        "text",
        "long_text",
        "integer",
        "boolean",
        "choice",
        "multi_choice",
        "reference",
        "any_reference",
        "email",
        "phone",
    }
    | {"url", "json"}
)
Convert = Callable[[Any], Any]


class RowEncoder:
    """Turns rows of the same columns into JSON objects."""

    def __init__(self, names: Sequence[str], conversions: Mapping[int, Convert]) -> None:
        fields = [(f"f{i}", Any, msgspec.field(name=name)) for i, name in enumerate(names)]
        self._struct: Any = msgspec.defstruct("Record", fields, gc=False)
        self._conversions = tuple(conversions.items())

    def objects(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Return the rows as objects that msgspec encodes fast."""
        struct = self._struct
        if not self._conversions:
            return [struct(*row) for row in rows]
        return [struct(*self._converted(row)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for position, convert in self._conversions:
            value = values[position]
            if value is not None:
                values[position] = convert(value)
        return values


def encoder_of(work: UnitOfWork, entity: Entity, columns: tuple[str, ...]) -> RowEncoder:
    """Return the encoder of these columns, made once for each schema."""
    key = ("json", entity.name, columns)
    found = work.schema.statements.get(key)
    if found is None:
        fields = work.schema.fields(entity)
        conversions = {
            i: fields[n].kind.to_json for i, n in enumerate(columns) if fields[n].kind.name not in SAME
        }
        found = work.schema.statements[key] = RowEncoder(columns, conversions)
    encoder: RowEncoder = found
    return encoder


def record_json(work: UnitOfWork, entity: Entity, record: Mapping[str, Any]) -> bytes:
    """Return one record as JSON."""
    columns = tuple(record)
    [found] = encoder_of(work, entity, columns).objects([tuple(record.values())])
    return msgspec.json.encode(found)


def plain(value: Any) -> Any:
    """Return what an action answered as JSON data; unknown objects become text."""
    return msgspec.to_builtins(value, enc_hook=str)
