"""Values as cells: one renderer per column, made once per page, so that a row costs a few calls and no lookup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from crmframe.core.entities.entity import Entity
    from crmframe.core.entities.field import Field
    from crmframe.web.pages.view import View

NUMERIC = frozenset({"integer", "decimal", "money"})
STRATEGY = ("core.assignment_rule", "strategy")
LONGEST = 120


class Cell(NamedTuple):
    """What a template shows of a value: text, where it leads, its class, the tone of its pill."""

    text: str
    href: str = ""
    css: str = ""
    tone: str = ""


EMPTY = Cell("—", "", "faint")
Show = Callable[[Any, Mapping[str, Any]], Cell]
Titles = Mapping[str, Mapping[int, str]]


def renderer(view: View, entity: Entity, field: Field, titles: Titles, *, exact: bool = False) -> Show:
    """Return what turns a column's values into cells.

    Args:
        titles: What the records that references point to are called, by entity and id.
        exact: Show moments as they are, not as seen from today.
    """
    build = _moment if exact and field.kind.name == "instant" else _BUILDERS.get(field.kind.name, _plain)
    show = build(view, field, titles)
    names = names_in(view, entity, field)

    def shown(value: Any, row: Mapping[str, Any]) -> Cell:
        return (
            EMPTY
            if value is None or value in ("", [])
            else show(names.get(value, value) if names else value, row)
        )

    return shown


def names_in(view: View, entity: Entity, field: Field) -> dict[str, str]:
    """Return what the values of a text field are called that names a kind of record or a strategy; empty for others."""
    if (entity.name, field.name) == STRATEGY:
        declared = view.work.hooks.collect("assignment_strategies")
        return {each.key: view.text(plugin, each.label) for plugin, found in declared for each in found}
    return {each.name: view.label(each) for each in view.work.registry.named_by(entity, field)}


def css_of(field: Field) -> str:
    """Return the class of a column."""
    return "r" if field.kind.name in NUMERIC else ""


def needed_columns(fields: Sequence[Field]) -> list[str]:
    """Return the columns that showing *fields* takes: amounts want their currency."""
    names = [field.name for field in fields]
    names += [name for f in fields if (name := getattr(f.kind, "currency", ""))]
    return list(dict.fromkeys(names))


def _plain(view: View, field: Field, titles: Titles) -> Show:
    kind = field.kind
    return lambda value, row: Cell(_cut(kind.to_text(value)))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _number(view: View, field: Field, titles: Titles) -> Show:
    number = view.formats.number
    # A year is no amount: small whole numbers read best without groups.
    small = 10_000 if field.kind.name == "integer" else 0
    return lambda value, row: Cell(str(value) if 0 <= value < small else number(value), "", "r")


def _money(view: View, field: Field, titles: Titles) -> Show:
    money, column = view.formats.money, getattr(field.kind, "currency", "") or ""
    default = None if column else view.work.settings.currency
    return lambda value, row: Cell(money(value, row.get(column, default)), "", "r")


def _boolean(view: View, field: Field, titles: Titles) -> Show:
    yes, no = Cell(view.say("Yes")), Cell(view.say("No"), "", "mut")
    return lambda value, row: yes if value else no


def _date(view: View, field: Field, titles: Titles) -> Show:
    date = view.formats.date
    return lambda value, row: Cell(date(value), "", "num")


def _instant(view: View, field: Field, titles: Titles) -> Show:
    formats, say = view.formats, view.say
    return lambda value, row: Cell(formats.ago(value, say), "", "num")


def _moment(view: View, field: Field, titles: Titles) -> Show:
    instant = view.formats.instant
    return lambda value, row: Cell(instant(value), "", "num")


def _choice(view: View, field: Field, titles: Titles) -> Show:
    offered: Any = field.kind
    known = {
        each.value: Cell(_choice_label(view, field, each), "", "", each.tone)
        for each in (*offered.choices, *offered.retired)
    }
    return lambda value, row: known.get(value) or Cell(value)


def _choice_label(view: View, field: Field, choice: Any) -> str:
    if choice.labels:
        own: dict[str, str] = dict(choice.labels)
        return own.get(view.locale) or own.get("en") or next(iter(own.values()))
    return choice.label if field.source == "custom" else view.text(field.plugin, choice.label)


def choice_label(view: View, field: Field, value: str) -> str:
    """Return what a value of a choice field is called."""
    choice = field.kind.choice(value)  # type: ignore[attr-defined]
    return _choice_label(view, field, choice) if choice else value


def _choices(view: View, field: Field, titles: Titles) -> Show:
    return lambda value, row: Cell(", ".join(choice_label(view, field, each) for each in value))


def _reference(view: View, field: Field, titles: Titles) -> Show:
    target = view.work.registry.entities.get(field.kind.entity)  # type: ignore[attr-defined]
    names = titles.get(field.kind.entity, {})  # type: ignore[attr-defined]
    base = f"/{target.slug}/" if target else ""
    # A record that the reader may not see has no name for them.
    return lambda value, row: (
        Cell(names[value], f"{base}{value}") if value in names else Cell("·", "", "faint")
    )


def _any_reference(view: View, field: Field, titles: Titles) -> Show:
    entities = view.work.registry.entities

    def show(value: Any, row: Mapping[str, Any]) -> Cell:
        name, _, record_id = value.partition(":")
        title = titles.get(name, {}).get(int(record_id))
        target = entities.get(name)
        return Cell(title, f"/{target.slug}/{record_id}") if title and target else Cell("·", "", "faint")

    return show


def _link(prefix: str) -> Callable[[View, Field, Titles], Show]:
    def build(view: View, field: Field, titles: Titles) -> Show:
        return lambda value, row: Cell(value, f"{prefix}{value}")

    return build


def _json(view: View, field: Field, titles: Titles) -> Show:
    kind = field.kind
    return lambda value, row: Cell(_cut(", ".join(value) if _is_words(value) else kind.to_text(value)))


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_BUILDERS: dict[str, Callable[[Any, Any, Titles], Show]] = {
    "integer": _number,
    "decimal": _number,
    "money": _money,
    "boolean": _boolean,
    "date": _date,
    "instant": _instant,
    "choice": _choice,
    "multi_choice": _choices,
    "reference": _reference,
    "any_reference": _any_reference,
    "email": _link("mailto:"),
    "phone": _link("tel:"),
    "url": _link(""),
    "json": _json,
}
