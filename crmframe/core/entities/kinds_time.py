"""Days and instants."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from crmframe.core.entities.kinds_base import Kind, ParseContext, ValueProblem, shown
from crmframe.core.storage import types as stored

LONGEST = 60
IN_TIME = ("eq", "ne", "lt", "lte", "gt", "gte", "within", "empty")

_YEAR_FIRST = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年\s*(\d{1,2})月\s*)(\d{1,2})日?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_EITHER = re.compile(r"\d{1,2}([/-])\d{1,2}\1(?:\d{4}|\d\d)")
_MIDNIGHT = re.compile(r"[T ]\s*0?0:00(?::00(?:\.0+)?)?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?")
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)


@dataclass(frozen=True)
class Date(Kind):
    """A day, in no zone."""

    name: ClassVar[str] = "date"
    operators: ClassVar[tuple[str, ...]] = ("eq", "ne", "in", "nin", *IN_TIME[2:])
    example: ClassVar[str] = "2026-11-22"

    def column_type(self) -> TypeEngine[Any]:
        return sa.Date()

    def parse(self, raw: Any, context: ParseContext) -> date | None:
        if isinstance(raw, date) and not isinstance(raw, datetime):
            return raw
        text = _text_of(raw)
        if text is None:
            return None
        day, rest = _leading_day(text, raw)
        if rest and not _MIDNIGHT.fullmatch(rest):  # spreadsheets write days as midnights
            raise _no_day(raw)
        return day

    def to_json(self, value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    def from_json(self, data: str | None) -> date | None:
        return None if data is None else date.fromisoformat(data)

    def to_text(self, value: date | None) -> str:
        return "" if value is None else value.isoformat()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True)
class Instant(Kind):
    """A moment, kept in UTC; one written without zone is meant in the workspace's."""

    name: ClassVar[str] = "instant"
    operators: ClassVar[tuple[str, ...]] = IN_TIME
    example: ClassVar[str] = "2026-11-22T08:30:00Z"

    def column_type(self) -> TypeEngine[Any]:
        return stored.Instant()

    def parse(self, raw: Any, context: ParseContext) -> datetime | None:
        if isinstance(raw, date):
            moment = raw if isinstance(raw, datetime) else datetime.combine(raw, time())
        else:
            text = _text_of(raw)
            if text is None:
                return None
            moment = _read_moment(text, raw)
        try:
            return (moment if moment.tzinfo else moment.replace(tzinfo=context.zone)).astimezone(UTC)
        except OverflowError:
            raise _no_moment(raw) from None

    def to_json(self, value: datetime | None) -> str | None:
        return None if value is None else stored.instant_text(value)

    def from_json(self, data: str | None) -> datetime | None:
        return None if data is None else datetime.fromisoformat(data)

    def to_text(self, value: datetime | None) -> str:
        return "" if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


def read_day(text: str) -> date | None:
    """Return the day that *text* is, None when it is more or less than a day."""
    try:
        day, rest = _leading_day(text.strip(), text)
    except ValueProblem:
        return None
    return None if rest else day


def _text_of(raw: Any) -> str | None:
    if raw is None:
        return None
    if not isinstance(raw, str) or len(raw) > LONGEST:
        raise _no_day(raw)
    text = raw.strip()
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _leading_day(text: str, raw: Any) -> tuple[date, str]:
    """Return the day at the beginning of *text*, and what follows it."""
    for pattern in (_YEAR_FIRST, _COMPACT, _DAY_FIRST):
        found = pattern.match(text)
        if found and not text[found.end() : found.end() + 1].isdigit():
            numbers = [int(group) for group in found.groups() if group]
            if pattern is _DAY_FIRST:
                numbers.reverse()
            try:
                return date(*numbers), text[found.end() :]
            except ValueError:
                raise _no_day(raw) from None
    if _EITHER.match(text):
        template = "{field}: {value} can be read in two ways. Write year, month and day like 2026-11-22."
        raise ValueProblem("ambiguous_date", template, value=shown(raw))
    raise _no_day(raw)


def _read_moment(text: str, raw: Any) -> datetime:
    try:
        if _ISO.fullmatch(text):
            return datetime.fromisoformat(text)
        day, rest = _leading_day(text, raw)
        if not rest:
            return datetime.combine(day, time())
        return _with_time(day, rest, raw)
    except ValueProblem as problem:
        raise problem if problem.code == "ambiguous_date" else _no_moment(raw) from None
    except ValueError:
        raise _no_moment(raw) from None


def _with_time(day: date, rest: str, raw: Any) -> datetime:
    found = _TIME.fullmatch(rest.lstrip("T").strip())
    if not found or rest[0] not in "T 日":
        raise _no_moment(raw)
    hour, minute, second, fraction, zone = found.groups()
    micro = (fraction or "").ljust(6, "0")
    return datetime.fromisoformat(
        f"{day}T{int(hour):02}:{minute}:{second or '00'}.{micro}{(zone or '').upper()}"
    )


def _no_day(raw: Any) -> ValueProblem:
    template = "{field}: {value} is not a date. Write year, month and day like 2026-11-22."
    return ValueProblem("not_a_date", template, value=shown(raw))


def _no_moment(raw: Any) -> ValueProblem:
    template = "{field}: {value} is not a date with time. Write it like 2026-11-22 08:30."
    return ValueProblem("not_an_instant", template, value=shown(raw))
