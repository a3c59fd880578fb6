"""The filter of a list as a sentence: conditions that can be read aloud, taken away and added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmframe.core.access.fields import readable_fields
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.filters import Condition, Node
from crmframe.web.pages import cells, lookup
from crmframe.web.pages.inputs import control
from crmframe.web.pages.listing import Listing, Pairs, link

if TYPE_CHECKING:
    from crmframe.web.pages.view import View

OPERATORS = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "nin": "is none of",
    "lt": "is less than",
    "lte": "is at most",
    "gt": "is more than",
    "gte": "is at least",
    "contains": "contains",
    "starts": "starts with",
    "empty": "is empty",
    "within": "lies within",
    "has": "has",
}
DATED = {"lt": "is before", "lte": "is on or before", "gt": "is after", "gte": "is on or after"}
WINDOWS = {
    "today": "today",
    "this_month": "this month",
    "last_month": "last month",
    "this_year": "this year",
    "30d": "the last 30 days",
    "7d": "the last 7 days",
    "90d": "the last 90 days",
    "next_7d": "the next 7 days",
    "next_30d": "the next 30 days",
}
SYMBOLS = {"me": "me", "mine": "my teams"}
WORDS = {**SYMBOLS, **WINDOWS}
UNASKED = frozenset({"json", "long_text"})


def parts_of(view: View, listing: Listing) -> list[dict[str, str]]:
    """Return the conditions of the list, each with the link that takes it away."""
    node = listing.query.where
    nodes = node.nodes if isinstance(node, filters.All) else (node,) if node is not None else ()
    titles = lookup.titles_of(view.work, _wanted(view, listing.entity, nodes)) if nodes else {}
    return [_part(view, listing, nodes, each, titles) for each in nodes]


def _part(
    view: View, listing: Listing, nodes: tuple[Node, ...], node: Node, titles: lookup.Titles
) -> dict[str, str]:
    others = [each for each in nodes if each is not node]
    kept = filters.to_params(filters.all_of(others)) if others else []
    own = [pair for pair in listing.pairs if pair[0] in filters.RESERVED and pair[0] != "where"]
    without = link(f"/{listing.entity.slug}", [*kept, *own])
    if not isinstance(node, Condition):
        return {"field": view.say("A group of conditions"), "operator": "", "value": "", "without": without}
    label, field = _field(view, listing.entity, node.field)
    operator = _operator(view, field, node.operator)
    if node.operator == "empty" and node.value is False:
        operator = view.say("is not empty")
    value = "" if node.operator == "empty" else _value(view, field, node.value, titles)
    return {"field": label, "operator": operator, "value": value, "without": without}


def _field(view: View, entity: Entity, path: str) -> tuple[str, Field | None]:
    field = view.work.schema.find_field(entity, path)
    if field is not None:
        return view.field_label(field), field
    head, _, tail = path.partition(".")
    through = view.work.schema.find_field(entity, head)
    target = view.work.registry.entities.get(getattr(getattr(through, "kind", None), "entity", ""))
    if through is None or target is None:
        return path, None
    label, field = _field(view, target, tail)
    return f"{view.field_label(through)} · {label}", field


def _operator(view: View, field: Field | None, name: str) -> str:
    dated = field is not None and field.kind.name in ("date", "instant")
    return view.say(DATED[name] if dated and name in DATED else OPERATORS.get(name, name))


def _value(view: View, field: Field | None, value: Any, titles: lookup.Titles) -> str:
    if isinstance(value, tuple):
        return view.say(", ").join(_value(view, field, each, titles) for each in value)
    if isinstance(value, bool):
        return view.say("yes" if value else "no")
    if isinstance(value, str) and value in WORDS:
        return view.say(WORDS[value])
    kind = field.kind.name if field is not None else ""
    if field is not None and kind in ("choice", "multi_choice"):
        return cells.choice_label(view, field, str(value))
    if field is not None and kind == "reference" and isinstance(value, int):
        return titles.get(field.kind.entity, {}).get(value, str(value))  # type: ignore[attr-defined]
    return str(value)


def _wanted(view: View, entity: Entity, nodes: Any) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = {}
    for node in nodes:
        field = view.work.schema.find_field(entity, node.field) if isinstance(node, Condition) else None
        if field is not None and field.kind.name == "reference":
            values = node.value if isinstance(node.value, tuple) else (node.value,)
            ids = {value for value in values if isinstance(value, int)}
            wanted.setdefault(field.kind.entity, set()).update(ids)  # type: ignore[attr-defined]
    return wanted


# --- adding one ---------------------------------------------------------------------------------------


def askable(view: View, entity: Entity) -> list[tuple[str, str]]:
    """Return the fields that a condition can be about: name and label."""
    readable = readable_fields(view.work, entity)
    fields = [field for name, field in view.work.schema.fields(entity).items() if name in readable]
    return [(f.name, view.field_label(f)) for f in fields if f.kind.name not in UNASKED]


def editor(view: View, entity: Entity, name: str) -> dict[str, Any] | None:
    """Return what to ask once the field is chosen: the operators, and the input of the value."""
    field = view.work.schema.find_field(entity, name) if name else None
    if field is None or field.name not in readable_fields(view.work, entity):
        return None
    names = [each for each in field.kind.operators if each not in ("in", "nin")]
    chosen = next((n for n in ("contains", "eq", "has") if n in names), names[0])
    operators = [(each, _operator(view, field, each), each == chosen) for each in names]
    needed = [field.kind.entity] if field.kind.name == "reference" else []  # type: ignore[attr-defined]
    offers = lookup.offers_of(view.work, needed)
    asked = control(view, entity, field, None, offers, name="add_value")
    if needed == ["core.user"]:
        asked["options"].insert(1, ("me", view.say("me"), False))
    if field.kind.name in ("date", "instant"):
        asked |= {"type": "text", "suggestions": [(key, view.say(text)) for key, text in WINDOWS.items()]}
    return {"name": field.name, "operators": operators, "control": asked}


def added(view: View, entity: Entity) -> str:
    """Return the address of the list with the condition of the form, empty when the form is not complete."""
    call = view.call
    name, operator, value = (call.parameter(f"add_{part}") for part in ("field", "operator", "value"))
    if not name or not (value or operator == "empty"):
        return ""
    pairs = [(n, v) for n, v in call.query if not n.startswith("add_") and n not in ("open", "after", "done")]
    if value in WINDOWS and operator in ("eq", "within"):
        operator = "within"
    condition = (f"{name}__{operator}" if operator else name, value or "true")
    return link(f"/{entity.slug}", [*pairs, condition])


# --- the search box -----------------------------------------------------------------------------------


def search_of(view: View, entity: Entity, pairs: Pairs) -> dict[str, Any] | None:
    """Return the box that searches the list: by words where they are indexed, else by a part of the name.

    None when there is nothing to search by.
    """
    if view.work.schema.searched_fields(entity):
        return {
            "name": "q",
            "value": next((value for key, value in pairs if key == "q"), ""),
            "label": view.say("Search {entities}", entities=view.many(entity)),
            "rest": [pair for pair in pairs if pair[0] not in ("q", "after")],
        }
    field = view.work.schema.fields(entity).get(entity.title)
    if field is None or "contains" not in field.kind.operators:
        return None
    if field.name not in readable_fields(view.work, entity):
        return None
    name = f"{field.name}__contains"
    return {
        "name": name,
        "value": next((value for key, value in pairs if key == name), ""),
        "label": view.say("Search by {field}", field=view.field_label(field)),
        "rest": [pair for pair in pairs if pair[0] not in (name, "after")],
    }


def without_blank_search(view: View, entity: Entity) -> str:
    """Return the address of the list when its search box was emptied, empty otherwise."""
    blank = (("q", ""), (f"{entity.title}__contains", ""))
    kept = [pair for pair in view.call.query if pair not in blank]
    return link(f"/{entity.slug}", kept) if len(kept) < len(view.call.query) else ""
