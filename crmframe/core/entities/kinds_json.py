"""JSON data of any shape."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy.types import TypeEngine

from crmframe.core.entities.kinds_base import Kind, ParseContext, ValueProblem, shown
from crmframe.core.storage import types as stored

MAX_DEPTH = 20
MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class Json(Kind):
    """JSON data, at most 20 levels deep and 64 kB long. Text that begins with a bracket is read as JSON."""

    name: ClassVar[str] = "json"
    operators: ClassVar[tuple[str, ...]] = ("empty",)
    example: ClassVar[str] = '{"key": "value"}'

    def column_type(self) -> TypeEngine[Any]:
        return stored.JsonText()

    def parse(self, raw: Any, context: ParseContext) -> Any:
        data = _read(raw) if isinstance(raw, str) else raw
        if data is None:
            return None
        _check(data)
        size = len(stored.canonical_json(data).encode())
        if size > MAX_BYTES:
            raise ValueProblem(
                "too_large",
                "{field} takes at most {limit} bytes, this has {size}.",
                limit=MAX_BYTES,
                size=size,
            )
        return data

    def to_text(self, value: Any) -> str:
        return "" if value is None else stored.canonical_json(value)

    def schema(self) -> dict[str, Any]:
        return {}


def _read(raw: str) -> Any:
    text = raw.strip()
    if not text.startswith(("{", "[", '"')):
        return text or None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _no_json(raw) from None


def _check(data: Any) -> None:
    # Level by level: data too deep must not exhaust the stack.
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH + 1):
        following: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                following += map(_key, value)
                following += value.values()
            elif isinstance(value, list):
                following += value
            elif not _is_storable(value):
                raise _no_json(value)
        if not following:
            return
        level = following
    raise ValueProblem("too_deep", "{field} may be nested at most {limit} levels deep.", limit=MAX_DEPTH)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise _no_json(key)
    return key


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or value.isprintable() or _is_unicode(value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_json(raw: Any) -> ValueProblem:
    return ValueProblem("not_json", "{field}: {value} is not valid JSON.", value=shown(raw))
