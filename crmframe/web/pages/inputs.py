"""The controls of forms: what a browser asks for each kind of field, and each input of an action."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crmframe.core.entities.field import Field
from crmframe.web.pages import cells
from crmframe.web.pages.lookup import OFFERED, Titles

if TYPE_CHECKING:
    from crmframe.core.entities.entity import Entity
    from crmframe.web.pages.view import View

TYPES = {"email": "email", "phone": "tel", "url": "url", "date": "date", "instant": "datetime-local"}
NUMBERS = frozenset({"integer", "decimal", "money"})
WIDE = frozenset({"long_text", "json", "multi_choice"})


def control(
    view: View,
    entity: Entity,
    field: Field,
    value: Any,
    offers: Titles,
    *,
    name: str = "",
) -> dict[str, Any]:
    """Return the control of a field.

    Args:
        value: A Python value, or the text that was sent and refused.
        offers: What references may be chosen from.
        name: Of the input, as a filter asks: nothing required, no search box beside a long list.
    """
    kind, plain = field.kind, bool(name)
    found = {
        "name": name or field.name,
        "id": f"f-{name or field.name}".replace(".", "-"),
        "label": view.field_label(field),
        "type": _type(kind.name),
        "value": shown_value(view, field, value),
        "required": field.required and not plain and field.default is None,
        "wide": kind.name in WIDE,
        "max": getattr(kind, "max", None) if kind.name == "text" else None,
        "numeric": kind.name in NUMBERS,
        "options": [],
        "search": "",
        "suggestions": [],
        "hint": view.text(field.plugin, field.help) if field.help else "",
        "asks": "",
        "errors": [],
    }
    return found | _choosing(view, entity, field, value, offers, plain=plain)


def _type(kind: str) -> str:
    if kind in ("choice", "reference", "multi_choice", "boolean"):
        return {"choice": "select", "reference": "select", "multi_choice": "several"}.get(kind, "yes_no")
    return "area" if kind in ("long_text", "json") else TYPES.get(kind, "text")


def _choosing(
    view: View, entity: Entity, field: Field, value: Any, offers: Titles, *, plain: bool
) -> dict[str, Any]:
    kind = field.kind.name
    if kind in ("choice", "multi_choice"):
        chosen = value if isinstance(value, list) else [value]
        options = [
            (each.value, cells.choice_label(view, field, each.value), each.value in chosen)
            for each in (*field.kind.choices, *_held(field.kind, chosen))  # type: ignore[attr-defined]
        ]
        return {"options": options if kind == "multi_choice" else [("", "", False), *options]}
    if kind == "reference":
        target = field.kind.entity  # type: ignore[attr-defined]
        options = reference_options(offers.get(target, {}), value)
        search = "" if plain or len(options) <= OFFERED else f"/{entity.slug}/options?field={field.name}"
        return {"options": options, "search": search}
    if kind == "boolean" and plain:
        yes_no = [("true", view.say("Yes"), False), ("false", view.say("No"), False)]
        return {"type": "select", "options": yes_no}
    suggested = getattr(field.kind, "suggestions", ())
    if suggested:
        return {"suggestions": [(each, "") for each in suggested]}
    named = {} if plain else cells.names_in(view, entity, field)
    return {"type": "select", "options": _named_options(named, value)} if named else {}


def _held(kind: Any, chosen: Sequence[Any]) -> list[Any]:
    """Return the choices that are offered no more, but that the record holds."""
    return [each for each in kind.retired if each.value in chosen]


def _named_options(names: Mapping[str, str], value: Any) -> list[tuple[str, str, bool]]:
    options = [("", "", False)]
    options += [(name, label, name == value) for name, label in names.items()]
    if value and not any(chosen for *_, chosen in options):
        options.append((str(value), str(value), True))
    return options


def reference_options(offered: Mapping[int, str], value: Any) -> list[tuple[str, str, bool]]:
    """Return the options of a reference: nothing, and what is offered."""
    options = [("", "", False)]
    options += [(str(i), title, str(i) == str(value or "")) for i, title in offered.items()]
    if value and not any(chosen for *_, chosen in options):
        options.append((str(value), str(value), True))
    return options


def shown_value(view: View, field: Field, value: Any) -> Any:
    """Return a value as its control holds it; text that was refused stays as it was typed."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, datetime):
        return view.formats.local(value)
    if field.kind.name == "boolean":
        return bool(value)
    if field.kind.name == "json":
        return json.dumps(value, ensure_ascii=False)
    if field.kind.name in ("decimal", "money"):
        return plain_text(value)
    return field.kind.to_text(value)


def plain_text(value: Decimal) -> str:
    """Return a number as its control holds it: without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
