"""What a condition's value means: canonical for saving, bound for asking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from crmframe.core.entities.field import Field
from crmframe.core.entities.filter_nodes import Bound, split_list
from crmframe.core.entities.filter_windows import EXAMPLES, midnight, named_day, window
from crmframe.core.entities.kinds import Boolean, ParseContext, ValueProblem
from crmframe.core.entities.kinds_base import shown
from crmframe.core.entities.kinds_time import read_day
from crmframe.core.errors import InvalidFilter

MAX_VALUES = 1000
LONGEST_NEEDLE = 500

_ME, _MINE = ("core.user", "me"), ("core.team", "mine")
_IN_LIST = {"eq": "in", "ne": "nin"}


def read_value(field: Field, operator: str, raw: Any, context: ParseContext) -> tuple[Any, Bound]:
    """Return the canonical value and what SQL is asked.

    Raises:
        InvalidFilter: The field's kind knows no such value; names what it knows.
    """
    try:
        if operator == "empty":
            return _emptiness(raw, context)
        if operator in ("in", "nin"):
            return _list(field, operator, raw, context)
        if operator == "within":
            return _window(field, raw, context)
        if operator in ("contains", "starts"):
            return _needle(operator, raw)
        return _scalar(field, operator, raw, context)
    except (ValueProblem, OverflowError):
        raise _refused(field, operator, raw) from None


def _refused(field: Field, operator: str, raw: Any) -> InvalidFilter:
    examples = {"empty": "true, false", "within": EXAMPLES, "contains": "text", "starts": "text"}
    symbols = "".join(f", {word}" for entity, word in (_ME, _MINE) if _refers_to(field, entity))
    allowed = examples.get(operator) or f"{field.kind.examples()}{symbols}"
    return InvalidFilter(name=f"{field.short_name}__{operator}={shown(raw)}", allowed=allowed)


def _emptiness(raw: Any, context: ParseContext) -> tuple[bool, Bound]:
    value = Boolean().parse(raw, context)
    if value is None:
        raise ValueProblem("required", "")
    return value, Bound("empty" if value else "filled")


def _needle(operator: str, raw: Any) -> tuple[str, Bound]:
    text = raw.strip() if isinstance(raw, str) else ""
    if not text or len(text) > LONGEST_NEEDLE or "\0" in text or not _is_unicode(text):
        raise ValueProblem("not_text", "")
    return text, Bound(operator, (text,))


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _window(field: Field, raw: Any, context: ParseContext) -> tuple[str, Bound]:
    text = raw.strip().lower() if isinstance(raw, str) else ""
    try:
        days = window(text, context.today)
    except ValueError:  # before the first year or after the last
        days = None
    if days is None:
        raise ValueProblem("invalid", "")
    return text, Bound("range", tuple(_edge(field, day, context) for day in days))


def _edge(field: Field, day: date, context: ParseContext) -> Any:
    return midnight(day, context.zone) if field.kind.name == "instant" else day


def _list(field: Field, operator: str, raw: Any, context: ParseContext) -> tuple[tuple[Any, ...], Bound]:
    items = list(raw) if isinstance(raw, list | tuple) else _split(raw)
    if len(items) > MAX_VALUES:
        raise InvalidFilter(name=f"{field.short_name}: {len(items)} values", allowed=f"{MAX_VALUES} values")
    if not items:
        raise ValueProblem("required", "")
    canonical: list[Any] = []
    bound: list[Any] = []
    for item in items:
        symbol = _symbol(field, item, context)
        value = field.kind.parse(item, context) if symbol is None else None
        if symbol is None and value is None:
            raise ValueProblem("required", "")
        canonical.append(item.strip() if symbol is not None else field.kind.to_json(value))
        bound += symbol if symbol is not None else [value]
    return tuple(dict.fromkeys(canonical)), Bound(operator, (list(dict.fromkeys(bound)),))


def _split(raw: Any) -> list[Any]:
    return split_list(raw) if isinstance(raw, str) else [raw]


def _symbol(field: Field, raw: Any, context: ParseContext) -> list[int] | None:
    """Return the ids that ``me`` or ``mine`` stands for; None when *raw* is no such word."""
    word = raw.strip() if isinstance(raw, str) else ""
    if word == _ME[1] and _refers_to(field, _ME[0]):
        return [] if context.actor_id is None else [context.actor_id]
    if word == _MINE[1] and _refers_to(field, _MINE[0]):
        return list(context.team_ids)
    return None


def _refers_to(field: Field, entity: str) -> bool:
    return getattr(field.kind, "entity", "") == entity


def _scalar(field: Field, operator: str, raw: Any, context: ParseContext) -> tuple[Any, Bound]:
    symbol = _symbol(field, raw, context)
    if symbol is not None:
        # One id compares as itself: behind a set, the index that also gives the order would be lost.
        alone = len(symbol) == 1
        return raw.strip(), Bound(operator, (symbol[0],)) if alone else Bound(_IN_LIST[operator], (symbol,))
    if field.kind.name in ("date", "instant"):
        for value, day in _days(raw, context):
            if field.kind.name == "instant":
                return value, _on_day(operator, day, context)
            return value, Bound(operator, (day,))
    if operator == "has":
        return _member(field, raw, context)
    value = field.kind.parse(raw, context)
    if value is not None:
        return field.kind.to_json(value), Bound(operator, (value,))
    if operator in ("eq", "ne"):
        return None, Bound("empty" if operator == "eq" else "filled")
    raise ValueProblem("required", "")


def _days(raw: Any, context: ParseContext) -> Iterator[tuple[str, date]]:
    """Yield the day that *raw* names, if it does: by its date or as today."""
    if isinstance(raw, str):
        word = raw.strip().lower()
        named = named_day(word, context.today)
        day = named or read_day(word)
        if day is not None:
            yield (word if named else day.isoformat()), day


def _on_day(operator: str, day: date, context: ParseContext) -> Bound:
    """Compare instants with a whole day: ``lte`` includes it, ``gt`` begins after it."""
    start, end = midnight(day, context.zone), midnight(day + timedelta(days=1), context.zone)
    return {
        "eq": Bound("range", (start, end)),
        "ne": Bound("outside", (start, end)),
        "lt": Bound("lt", (start,)),
        "lte": Bound("lt", (end,)),
        "gt": Bound("gte", (end,)),
        "gte": Bound("gte", (start,)),
    }[operator]


def _member(field: Field, raw: Any, context: ParseContext) -> tuple[str, Bound]:
    members = field.kind.parse([raw], context)
    if members is None:
        raise ValueProblem("required", "")
    return members[0], Bound("has", (members[0],))
