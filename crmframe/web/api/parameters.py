"""Query parameters and headers of the API, read into what ``records`` takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.kinds import Instant, ValueProblem
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import InvalidFilter, PreconditionRequired
from crmframe.core.records import Query
from crmframe.core.search.searching import narrowed_by
from crmframe.web.body import decoded_json
from crmframe.web.errors import Unreadable, UnsupportedMediaType
from crmframe.web.respond import Call

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

MAX_LIMIT = 500
MAX_PAGE = 1_000_000
DEFAULT_LIMIT = 50
ENTITY_TAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')
ARCHIVED: Mapping[str, bool | None] = {"": False, "false": False, "true": True, "any": None}


def read_query(call: Call, work: UnitOfWork, entity: Entity) -> Query:
    """Return the list that was asked for.

    Raises:
        InvalidFilter: An unknown field, operator, sort or column; names the allowed ones.
        Unreadable: A parameter of the list itself is wrong.
    """
    page = call.parameter("page")
    return Query(
        where=_filter(call, work, entity),
        order=_names(call.parameter("order")),
        columns=columns_of(call),
        limit=whole_number(call, "limit", DEFAULT_LIMIT, MAX_LIMIT),
        after=call.parameter("after") or None,
        page=whole_number(call, "page", 1, MAX_PAGE) if page else None,
        archived=_archived(call),
        as_of=moment(call, work),
        matching=narrowed_by(work, entity, call.parameter("q")),
    )


def _filter(call: Call, work: UnitOfWork, entity: Entity) -> filters.Node | None:
    if call.parameter("where"):
        decoded_json(call.parameter("where").encode())  # its own limits of depth and size
    pairs = [pair for pair in call.query if pair[0] != "count"]
    return records.parse_filter(work, entity.name, pairs)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def columns_of(call: Call) -> tuple[str, ...]:
    """Return the wanted columns, the id among them; empty means all."""
    names = _names(call.parameter("columns"))
    return tuple(dict.fromkeys(("id", *names))) if names else ()


def narrowed(
    work: UnitOfWork, entity: Entity, record: Mapping[str, Any], columns: tuple[str, ...]
) -> dict[str, Any]:
    """Return what is wanted of a record; all of it when *columns* is empty.

    Raises:
        InvalidFilter: It has no such field, or the reader may not see it.
    """
    fields = [work.schema.find_field(entity, name) for name in columns]
    for name, field in zip(columns, fields, strict=True):
        if field is None or field.name not in record:
            raise InvalidFilter(name=name, allowed=", ".join(sorted(record)))
    return {field.name: record[field.name] for field in fields if field is not None} or dict(record)


def whole_number(call: Call, name: str, default: int, most: int) -> int:
    """Return a parameter that is a number from 1 to *most*.

    Raises:
        Unreadable: It is something else.
    """
    text = call.parameter(name)
    if not text:
        return default
    number = plain_number(text)
    if number is None or not 1 <= number <= most:
        raise Unreadable("{name} must be a number from 1 to {most}.", name=name, most=most)
    return number


def _archived(call: Call) -> bool | None:
    text = call.parameter("archived")
    if text not in ARCHIVED:
        raise Unreadable("archived must be true, false or any.")
    return ARCHIVED[text]


def moment(call: Call, work: UnitOfWork) -> datetime | None:
    """Return ``as_of``; without a zone it is in the workspace's.

    Raises:
        Unreadable: It is no moment.
    """
    text = call.parameter("as_of")
    if not text:
        return None
    try:
        return Instant().parse(text, work.parse_context())
    except ValueProblem:
        raise Unreadable("as_of must be a moment such as 2026-03-01T12:00:00Z.") from None


# --- bodies and headers -------------------------------------------------------------------------------


def values_of(call: Call) -> Mapping[str, Any]:
    """Return the JSON object of the body.

    Raises:
        UnsupportedMediaType, Unreadable: There is none.
    """
    if call.json is None and call.headers.get("content-length", "0") != "0":
        raise UnsupportedMediaType(
            given=call.headers.get("content-type", "") or "unknown", expected="application/json"
        )
    if not isinstance(call.json, dict):
        raise Unreadable("The body must be a JSON object.")
    return call.json


def optional_values(call: Call) -> Mapping[str, Any]:
    """Return the JSON object of the body; an empty one when there is no body."""
    return {} if call.json is None and call.headers.get("content-length", "0") == "0" else values_of(call)


def version_of(call: Call, *, needed: bool) -> int | None:
    """Return the version in If-Match; None for ``*``, which matches any.

    Raises:
        PreconditionRequired: It is needed and missing.
        Unreadable: It is not a version.
    """
    header = call.headers.get("if-match", "").strip()
    if not header and needed:
        raise PreconditionRequired(example='"7"')
    if header in ("", "*"):
        return None
    match = ENTITY_TAG.fullmatch(header)
    if match is None:
        raise Unreadable('If-Match must hold a version in quotes, such as "7".')
    return int(match[1])


def entity_tag(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the ETag header of a record."""
    return {"etag": f'"{record["version"]}"'} if "version" in record else {}
