"""Links to other records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from crmframe.core.entities.kinds_base import EQUALITY, Kind, ParseContext, ValueProblem, plain_text, shown
from crmframe.core.entities.names import table_of_entity
from crmframe.core.storage import types as stored

LARGEST_ID = 2**63 - 1
OnDelete = Literal["restrict", "cascade", "clear"]

_ANY = re.compile(r"([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*):([0-9]{1,19})")
_ENTITY_LENGTH = 80


@dataclass(frozen=True)
class Reference(Kind):
    """The id of a record of one entity.

    Attributes:
        entity: Such as ``core.customer``.
        on_delete: What deleting the target does: refuse, delete this record too, or clear this field.
        key: False makes no constraint in the database.
    """

    name: ClassVar[str] = "reference"
    operators: ClassVar[tuple[str, ...]] = EQUALITY
    example: ClassVar[str] = "7"

    entity: str
    on_delete: OnDelete = "restrict"
    key: bool = True

    def column_type(self) -> TypeEngine[Any]:
        return stored.Id()

    def parse(self, raw: Any, context: ParseContext) -> int | None:
        return _id(raw)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}

    def foreign_key(self, *, required: bool) -> sa.ForeignKey | None:
        if not self.key:
            return None
        # The pipeline handles what refers to a record before it deletes it; this is only the net below it.
        action = "CASCADE" if required or self.on_delete == "cascade" else "SET NULL"
        return sa.ForeignKey(f"{table_of_entity(self.entity)}.id", ondelete=action)


@dataclass(frozen=True)
class AnyReference(Kind):
    """A link to a record of any entity, in one column: ``core.customer:7``."""

    name: ClassVar[str] = "any_reference"
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "in", "nin", "starts", "empty")
    example: ClassVar[str] = "core.customer:7"

    on_delete: OnDelete = "cascade"

    def column_type(self) -> TypeEngine[Any]:
        return sa.String(_ENTITY_LENGTH + 20)

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        if isinstance(raw, Mapping) and set(raw) == {"entity", "id"}:
            raw = f"{raw['entity']}:{raw['id']}"
        elif not isinstance(raw, str) and raw is not None:
            raise _no_link(raw)
        text = plain_text(raw)
        if text is None:
            return None
        found = _ANY.fullmatch(text)
        if not found or len(found[1]) > _ENTITY_LENGTH or not 1 <= int(found[2]) <= LARGEST_ID:
            raise _no_link(raw)
        return f"{found[1]}:{int(found[2])}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_ANY.pattern}$", "maxLength": _ENTITY_LENGTH + 20}


def _id(raw: Any) -> int | None:
    if raw is None:
        return None
    if type(raw) is str:
        text = raw.strip()
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 20:
            raw = int(text)
    if type(raw) is int and 1 <= raw <= LARGEST_ID:
        return raw
    raise ValueProblem(
        "not_an_id", "{field}: {value} is not an id. Give the number of a record.", value=shown(raw)
    )


def _no_link(raw: Any) -> ValueProblem:
    template = "{field}: {value} is not a link to a record. Write it like core.customer:7."
    return ValueProblem("not_a_link", template, value=shown(raw))
