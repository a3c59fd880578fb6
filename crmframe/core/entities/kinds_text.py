"""Text of one line and of many."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from crmframe.core.entities.kinds_base import TEXTUAL, Kind, ParseContext, ValueProblem, shown
from crmframe.core.entities.sort_key import sort_key

# PostgreSQL cannot store NUL, UTF-8 has no lone surrogates, and the other control characters hide text.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROLS_BUT_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
LONG_TEXT_LIMIT = 100_000
LARGEST_NUMBER = 10**30


@dataclass(frozen=True)
class Text(Kind):
    """One line of text.

    Attributes:
        max: The longest, in characters.
        suggests: Whether admins keep a list of values that forms offer; any other text is as good.
        suggestions: That list.
    """

    name: ClassVar[str] = "text"
    operators: ClassVar[tuple[str, ...]] = TEXTUAL
    example: ClassVar[str] = "text"

    max: int = 255
    suggests: bool = False
    suggestions: tuple[str, ...] = ()

    def column_type(self) -> TypeEngine[Any]:
        return sa.String(self.max)

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        if type(raw) is not str:
            if raw is None:
                return None
            raw = _text_of(raw)
        text: str = raw.strip()
        if not text:
            return None
        return _checked(text, self.max, _CONTROLS)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max}

    def sort_key(self, value: str | None) -> str | None:
        return None if value is None else sort_key(value)


@dataclass(frozen=True)
class LongText(Kind):
    """Text of many lines."""

    name: ClassVar[str] = "long_text"
    operators: ClassVar[tuple[str, ...]] = ("contains", "starts", "empty")
    example: ClassVar[str] = "text"

    max: int = LONG_TEXT_LIMIT

    def column_type(self) -> TypeEngine[Any]:
        return sa.Text()

    def parse(self, raw: Any, context: ParseContext) -> str | None:
        if type(raw) is not str:
            if raw is None:
                return None
            raw = _text_of(raw)
        text: str = raw.strip()
        if not text:
            return None
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return _checked(text, self.max, _CONTROLS_BUT_LINES)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max}


def _checked(text: str, limit: int, controls: re.Pattern[str]) -> str:
    if not text.isprintable() and controls.search(text):
        template = (
            "{field}: {value} contains characters that cannot be stored. Remove the control characters."
        )
        raise ValueProblem("bad_characters", template, value=shown(text))
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if len(text) > limit:
        template = "{field} takes at most {limit} characters, this has {length}. Shorten it."
        raise ValueProblem("too_long", template, limit=limit, length=len(text))
    return text


def _text_of(raw: Any) -> str:
    """Return a number as the text it is in a spreadsheet: a code of digits is often read as one."""
    if isinstance(raw, str):
        return str(raw)
    is_number = isinstance(raw, int | Decimal) and not isinstance(raw, bool)
    if is_number and Decimal(raw).is_finite() and abs(Decimal(raw)) < LARGEST_NUMBER:
        return str(raw)
    raise ValueProblem("not_text", "{field}: {value} is not text.", value=shown(raw))
