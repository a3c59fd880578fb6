"""What every kind of field can do."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

SHOWN_LENGTH = 80

EQUALITY = ("eq", "ne", "in", "nin", "empty")
ORDERED = ("eq", "ne", "in", "nin", "lt", "lte", "gt", "gte", "empty")
TEXTUAL = ("eq", "ne", "in", "nin", "contains", "starts", "empty")


@dataclass(frozen=True, slots=True)
class ParseContext:
    """What the meaning of written values depends on.

    Attributes:
        zone: The workspace's: a time without zone is meant there.
        today: The day there.
        region: Two letters: where a telephone number without country code belongs.
        currency: Of amounts that name none.
        decimal_comma: True reads ``1.234,56``; False reads ``1,234.56``.
        actor_id: Who ``me`` is in filters.
        team_ids: Which teams ``mine`` are.
    """

    zone: ZoneInfo
    today: date
    region: str = "US"
    currency: str = "USD"
    decimal_comma: bool = False
    actor_id: int | None = None
    team_ids: tuple[int, ...] = ()


class ValueProblem(ValueError):
    """A value that a field cannot take.

    Attributes:
        code: Stable name for programs.
        template: English msgid; ``{field}`` is filled by whoever knows the field.
        data: What else fills the placeholders.
    """

    def __init__(self, code: str, template: str, **data: Any) -> None:
        self.code, self.template, self.data = code, template, data
        super().__init__(code)


def shown(raw: Any) -> str:
    """Return a value as it may be repeated in a message: short and on one line."""
    text = raw if isinstance(raw, str) else _brief(raw)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: SHOWN_LENGTH + 1])
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 1]}…"


def _brief(raw: Any) -> str:
    if isinstance(raw, int) and raw.bit_length() > 256:
        return "…"  # Python refuses to print the longest ones
    return reprlib.repr(raw)  # deep data would exhaust the stack of repr


@dataclass(frozen=True)
class Kind:
    """A kind of value; immutable and hashable.

    Attributes:
        name: Stable, as admins and programs know it.
        operators: What filters can ask; the first one is meant when a filter names none.
        example: A value as people may write it, for messages.
    """

    name: ClassVar[str] = ""
    operators: ClassVar[tuple[str, ...]] = EQUALITY
    example: ClassVar[str] = ""

    def column_type(self) -> TypeEngine[Any]:
        """Return the type of the column that holds it."""
        raise NotImplementedError

    def parse(self, raw: Any, context: ParseContext) -> Any:
        """Return the value that *raw*, text or JSON data, stands for; None when it is empty.

        Raises:
            ValueProblem: It stands for none.
        """
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """Return the canonical JSON of a value: equal values give equal bytes, on both databases."""
        return value

    def from_json(self, data: Any) -> Any:
        """Return the value of canonical JSON."""
        return data

    def to_text(self, value: Any) -> str:
        """Return the value as text that ``parse`` reads back."""
        return "" if value is None else str(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the wire value."""
        raise NotImplementedError

    def sort_key(self, value: Any) -> str | None:
        """Return the text by which lists sort the value; None when the value sorts itself."""
        return None

    def foreign_key(self, *, required: bool) -> sa.ForeignKey | None:
        """Return the constraint of a field of this kind, if there is one."""
        return None

    def examples(self) -> str:
        """Return what may be written, for messages about a wrong value."""
        return self.example


def plain_text(raw: Any) -> str | None:
    """Return what was written, without surrounding blanks; None when it is empty.

    Raises:
        ValueProblem: It is no text.
    """
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise ValueProblem("not_text", "{field}: {value} is not text.", value=shown(raw))
    return raw.strip() or None
