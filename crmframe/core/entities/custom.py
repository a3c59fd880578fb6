"""Fields that admins define: what a definition must be like, and what is made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from crmframe.core.contributions import Tone
from crmframe.core.entities import kinds
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds_base import Kind, ValueProblem, shown
from crmframe.core.entities.kinds_choice import LONGEST_VALUE
from crmframe.core.entities.kinds_number import MOST_PLACES

CUSTOM_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Kind]] = {
    "text": lambda options: kinds.Text(255),
    "long_text": lambda options: kinds.LongText(),
    "integer": lambda options: kinds.Integer(),
    "decimal": lambda options: kinds.DecimalNumber(options.get("places", 2)),
    "boolean": lambda options: kinds.Boolean(),
    "date": lambda options: kinds.Date(),
    "instant": lambda options: kinds.Instant(),
    "choice": lambda options: kinds.Choices(*options["choices"]),
    "multi_choice": lambda options: kinds.MultiChoice(*options["choices"]),
    "email": lambda options: kinds.Email(),
    "phone": lambda options: kinds.Phone(),
    "url": lambda options: kinds.Url(),
}
_BETWEEN = re.compile(r"[,，、;；\n]")
CHOOSING = frozenset({"choice", "multi_choice"})
# How values of a kind look in JSON; those of the others are texts.
_IN_JSON: Mapping[str, type] = {"integer": int, "boolean": bool, "multi_choice": list}


@dataclass(frozen=True, slots=True)
class CustomDefinition:
    """An admin's field as stored: ``key`` is its stable name inside the JSON column, ``name`` the one people use."""

    entity: str
    key: str
    name: str
    kind: str
    labels: Mapping[str, str]
    options: Any
    required: bool
    indexed: bool


def plain_options(kind: str, options: Any) -> Any:
    """Return options in the form that is stored: people write ``red, green, blue`` for choices and ``3`` for places.

    What cannot be read comes back as it is, for ``require_options`` to refuse.
    """
    if kind in CHOOSING:
        given = options if isinstance(options, dict) else {"choices": options}
        return {**given, "choices": _listed(given.get("choices"))} if given.get("choices") else options
    if kind == "decimal" and options not in (None, {}):
        given = options if isinstance(options, dict) else {"places": options}
        places = given.get("places", 2)
        is_number = isinstance(places, str) and places.isascii() and places.isdigit()
        return {**given, "places": int(places[:9])} if is_number else given
    return options


def _listed(choices: Any) -> Any:
    if not isinstance(choices, str):
        return choices
    texts = [text.strip() for text in _BETWEEN.split(choices)]
    return [{"value": text, "label": text} for text in dict.fromkeys(texts) if text]


def require_options(kind: str, options: Any) -> None:
    """Refuse options, in the form that is stored, that are not what the kind wants.

    Raises:
        ValueProblem: Says what it wants.
    """
    if kind in CHOOSING:
        choices = options.get("choices") if isinstance(options, dict) else None
        if not isinstance(choices, list) or not choices or not all(map(_is_choice, choices)):
            template = (
                "{field}: {value} is no list of choices. Write them with commas between, such as {example}."
            )
            raise ValueProblem(
                "not_choices", template, value=shown(options or ""), example="red, green, blue"
            )
    elif kind == "decimal" and options is not None:
        places = options.get("places", 2) if isinstance(options, dict) else None
        if type(places) is not int or not 0 <= places <= MOST_PLACES:
            template = "{field}: {value} is no number of decimal places. Write one from 0 to {max}, such as {example}."
            raise ValueProblem("not_places", template, value=shown(options), max=MOST_PLACES, example="2")


def _is_choice(given: Any) -> bool:
    if isinstance(given, str):
        return 0 < len(given.strip()) <= LONGEST_VALUE
    if not isinstance(given, dict) or not _is_choice(str(given.get("value") or "")):
        return False
    texts = (given["value"], given.get("label") or "", given.get("tone") or "grey")
    return all(isinstance(text, str) for text in texts) and texts[2] in get_args(Tone)


def custom_field(definition: CustomDefinition) -> Field:
    """Return the field that an admin defined.

    Raises:
        ValueProblem: Nobody can tell what is meant.
    """
    make = CUSTOM_KINDS.get(definition.kind)
    if make is None:
        template = "{field}: {value} is not one of the choices. Choose one of: {choices}."
        choices = ", ".join(CUSTOM_KINDS)
        raise ValueProblem("not_a_choice", template, value=shown(definition.kind), choices=choices)
    options = plain_options(definition.kind, definition.options)
    require_options(definition.kind, options)
    labels = tuple(sorted(definition.labels.items()))
    return Field(
        name=f"custom.{definition.name}",
        kind=make(options if isinstance(options, dict) else {}),
        label=definition.labels.get("en") or definition.name,
        labels=labels,
        required=definition.required,
        index=definition.indexed,
        plugin="core",
        source="custom",
        custom_key=definition.key,
    )


def held_value(field: Field, data: Any) -> Any:
    """Return a field's value from canonical JSON; an admin's field holds nothing where its kind does not fit."""
    if field.source != "custom" or data is None:
        return field.kind.from_json(data)
    if type(data) is not _IN_JSON.get(field.kind.name, str):
        return None
    try:
        value = field.kind.from_json(data)
    except (ValueError, ArithmeticError):
        return None
    return None if isinstance(value, datetime) and value.tzinfo is None else value
