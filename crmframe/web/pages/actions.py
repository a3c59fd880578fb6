"""Actions as buttons and forms: what an action asks for is read off its input model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from crmframe.core.access.fields import writable_fields
from crmframe.core.contributions import Action
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.errors import Problem
from crmframe.web.formats import at_zone
from crmframe.web.pages import lookup
from crmframe.web.pages.inputs import plain_text, reference_options

if TYPE_CHECKING:
    from crmframe.web.pages.view import View

FORMATS = {"date": "date", "date-time": "datetime-local", "email": "email", "uri": "url"}


def buttons_of(view: View, entity: Entity, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the buttons of the actions that *record* is in the state for and the reader may run on some records."""
    found = []
    for name, action in view.work.registry.actions.get(entity.name, {}).items():
        if (
            action.button
            and action.imports is None
            and action.is_offered(record)
            and view.may(f"{entity.name}.{name}")
        ):
            found.append(
                {
                    "verb": name,
                    "label": label_of(view, entity, action),
                    "url": f"/{entity.slug}/{record['id']}/{name}",
                    "method": "post" if action.input is None and not action.confirm else "get",
                    "tone": action.tone,
                }
            )
    return found


def label_of(view: View, entity: Entity, action: Action) -> str:
    """Return what the button says."""
    return view.text(owner_of(view, entity, action), action.label)


def owner_of(view: View, entity: Entity, action: Action) -> str:
    """Return the plugin of an action, in whose language its labels are."""
    owner: str = view.work.registry.action_owner[entity.name, action.name]
    return owner


def controls_of(
    view: View,
    entity: Entity,
    action: Action,
    values: Mapping[str, Any],
    problems: Sequence[Problem] = (),
) -> list[dict[str, Any]]:
    """Return the controls of an action's input."""
    if action.input is None:
        return []
    schemas = action.input.model_json_schema()["properties"]
    targets = [str(target) for schema in schemas.values() if (target := schema.get("entity"))]
    offers = lookup.offers_of(view.work, targets)
    plugin = owner_of(view, entity, action)
    controls = []
    for name, info in action.input.model_fields.items():
        if not _is_asked(schemas[name], name, values, problems):
            continue
        made = _control(view, plugin, name, schemas[name], values.get(name), offers)
        made["required"] = info.is_required()
        made["errors"] = [_message(view, p, made["label"]) for p in problems if p.field == name]
        controls.append(made)
    return controls


def _is_asked(
    schema: Mapping[str, Any], name: str, values: Mapping[str, Any], problems: Sequence[Problem]
) -> bool:
    """Return whether a form asks for a value: what is marked ``asked_with`` another one only once that is missing."""
    asked_with = schema.get("asked_with")
    return not asked_with or bool(values.get(name)) or any(p.field == asked_with for p in problems)


def also_asked(view: View, entity: Entity, action: Action, names: Sequence[str]) -> list[Field]:
    """Return those of the record's own fields *names* that an action does not ask for, and that a form may write."""
    known = {}
    for field in view.work.schema.fields(entity).values():
        known[field.name] = known[field.short_name] = field
    own = action.input.model_fields if action.input is not None else {}
    found = {known[name].name: known[name] for name in names if name in known and name not in own}
    may_write = writable_fields(view.work, entity) if view.may(f"{entity.name}.update") else set()
    return [field for field in found.values() if field.name in may_write and not field.written_by]


def _message(view: View, problem: Problem, label: str) -> str:
    data = {**problem.data, "field": label} if "field" in problem.data else problem.data
    return view.translator.translate(problem.domain, view.locale, problem.template, **data)


def _control(
    view: View,
    plugin: str,
    name: str,
    schema: Mapping[str, Any],
    value: Any,
    offers: lookup.Titles,
) -> dict[str, Any]:
    plain = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)
    kind, target = plain.get("type"), schema.get("entity")
    found: dict[str, Any] = {
        "name": name,
        "id": f"f-{name}",
        "label": view.text(plugin, schema["title"]),
        "type": FORMATS.get(plain.get("format", ""), "text"),
        "value": plain_text(value) if isinstance(value, Decimal) else value or "",
        "required": False,
        "wide": False,
        "max": plain.get("maxLength"),
        "numeric": kind in ("integer", "number") and not target,
        "options": [],
        "search": "",
        "suggestions": [],
        "hint": view.text(plugin, schema["description"]) if "description" in schema else "",
        "asks": "",
        "errors": [],
    }
    if target:
        options = reference_options(offers.get(str(target), {}), value)
        entity = view.work.registry.entities.get(target)
        search = f"/{entity.slug}/options" if entity and len(options) > lookup.OFFERED else ""
        return found | {"type": "select", "options": options, "search": search}
    if "enum" in plain:
        return found | {
            "type": "select",
            "options": [("", "", False), *((e, e, e == value) for e in plain["enum"])],
        }
    if kind == "boolean":
        return found | {"type": "yes_no", "value": value in (True, "true")}
    if kind in ("array", "object") or schema.get("long"):
        return found | {"type": "area", "wide": True}
    return found


def prefilled(action: Action, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record's values as a start, but for what the input marks with ``"prefilled": False``."""
    schemas = action.input.model_json_schema()["properties"] if action.input is not None else {}
    return {name: record[name] for name in schemas if name in record and schemas[name].get("prefilled", True)}


def posted(view: View, model: type[BaseModel] | None, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form sent for an action's input; what was left empty is left out."""
    if model is None:
        return {}
    values: dict[str, Any] = {}
    for name, schema in model.model_json_schema()["properties"].items():
        text = form.get(name, "")
        plain = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)
        if not text:
            continue
        if plain.get("format") == "date-time":
            text = at_zone(text, view.zone)
        values[name] = _decoded(text) if plain.get("type") in ("array", "object") else text
    return values


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
