"""The editable choices for administrators: one page per list, saved as one operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import choicelists, records
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.errors import CrmError, InvalidInput
from crmframe.core.storage.dialect import in_set
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages import cells
from crmframe.web.pages.admitting import require
from crmframe.web.pages.doing import change
from crmframe.web.pages.view import View
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

CHOICE = choicelists.ENTITY
SEE, CHANGE = f"{CHOICE}.read", f"{CHOICE}.update"
NAMES = ("label_en", "label_zh", "tone", "position")
NEW = 3


def show_lists(call: Call, work: UnitOfWork) -> Reply:
    """Show the lists that may be edited."""
    view = require(call, work, SEE)
    found = [
        (view.label(entity), view.field_label(field), _address(entity, field), _preview(view, entity, field))
        for entity, field in choicelists.editable(work.registry)
    ]
    return Reply({"view": view, "lists": found}, "choice_lists.html")


def _address(entity: Entity, field: Field) -> str:
    return f"/admin/choices/{entity.name}/{field.name}"


def _preview(view: View, entity: Entity, field: Field) -> str:
    now = view.work.schema.field(entity, field.name)
    if now.kind.name == "text":
        return view.say(", ").join(now.kind.suggestions[:8])  # type: ignore[attr-defined]
    values = [each.value for each in now.kind.choices[:8]]  # type: ignore[attr-defined]
    return view.say(", ").join(cells.choice_label(view, now, each) for each in values)


def show_list(call: Call, work: UnitOfWork) -> Reply:
    """Show the values of a list, to be changed."""
    view = require(call, work, SEE)
    return Reply(_page(view, *_list_at(call, work)), "choice_list.html")


def save_list(call: Call, work: UnitOfWork) -> Reply:
    """Write the rows that differ, and those that are new."""
    view = require(call, work, CHANGE)
    entity, field = _list_at(call, work)
    rows = {row["value"]: row for row in _rows(view, entity, field)}
    try:
        return change(call, work, lambda w: _save(w, call, entity, field, rows), _address(entity, field))
    except CrmError as error:
        message = error.problems[0] if isinstance(error, InvalidInput) else error
        data = _page(view, entity, field) | {"problem": view.message(message)}
        return Reply(data, "choice_list.html", error.status)


def _list_at(call: Call, work: UnitOfWork) -> tuple[Entity, Field]:
    wanted = (call.path["entity"], call.path["field"])
    for entity, field in choicelists.editable(work.registry):
        if (entity.name, field.name) == wanted:
            return entity, field
    raise NoSuchPage(path=call.url)


def _save(
    work: UnitOfWork, call: Call, entity: Entity, field: Field, rows: Mapping[str, Mapping[str, Any]]
) -> None:
    new: list[dict[str, Any]] = []
    changed: dict[int, dict[str, Any]] = {}
    gone = rows.get(call.form.get("remove", ""), {}).get("id")
    for value, wanted in _given(call):
        row = rows.get(value)
        if row is not None and not _differs(row, wanted):
            continue
        if row is None or row["id"] is None:
            new.append({"entity": entity.name, "field": field.name, "value": value, **wanted})
        elif row["id"] != gone:
            changed[row["id"]] = wanted
    if gone is not None:
        records.delete(work, CHOICE, gone)
    if new:
        records.create_many(work, CHOICE, new)
    if changed:
        records.update_many(work, CHOICE, changed)


def _given(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the values of the form, and what is wanted of each; lines without a value are left out."""
    for place, value in enumerate(call.form_lists.get("value", ())):
        wanted: dict[str, Any] = {name: call.form.get(f"{name}.{place}", "") for name in NAMES}
        wanted["position"] = wanted["position"] or str(place)
        wanted["is_active"] = call.form.get(f"is_active.{place}") == "true"
        if value.strip():
            yield value.strip(), wanted


def _differs(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return any(
        str(row[name] if row[name] is not None else "") != str(wanted[name]) for name in (*NAMES, "is_active")
    )


def _page(view: View, entity: Entity, field: Field) -> dict[str, Any]:
    choice = view.work.schema.entity(CHOICE)
    tones = view.work.schema.fields(choice)["tone"]
    rows = _rows(view, entity, field)
    return {
        "view": view,
        "title": f"{view.label(entity)} · {view.field_label(field)}",
        "action": _address(entity, field),
        "rows": [*rows, *(_blank(len(rows) + n) for n in range(NEW))],
        "tones": [(each.value, cells.choice_label(view, tones, each.value)) for each in tones.kind.choices],  # type: ignore[attr-defined]
        "is_text": field.kind.name == "text",
        "may_save": view.may(CHANGE) and view.may(f"{CHOICE}.create"),
        "problem": "",
    }


def _blank(position: int) -> dict[str, Any]:
    return {
        "value": "",
        "id": None,
        "is_own": True,
        "is_new": True,
        "label_en": "",
        "label_zh": "",
        "tone": "grey",
        "position": position,
        "is_active": True,
        "used": 0,
        "said": "",
        "said_zh": "",
    }


def _rows(view: View, entity: Entity, field: Field) -> list[dict[str, Any]]:
    """Return every value of a list in its order: the program's, as admins changed them, and the admins' own."""
    work = view.work
    stored = {
        row.value: row for row in choicelists.edited(work.connection).get((entity.name, field.name), ())
    }
    now = work.schema.field(entity, field.name)
    known = {each.value: each for each in getattr(field.kind, "choices", ())}
    values = [each.value for each in (*getattr(now.kind, "choices", ()), *getattr(now.kind, "retired", ()))]
    values += [value for value in stored if value not in values]
    used = _used(work, entity, field, values)
    found = []
    for place, value in enumerate(values):
        row, own = stored.get(value), known.get(value)
        found.append(
            {
                "value": value,
                "id": row.id if row else None,
                "is_own": own is None,
                "is_new": False,
                "label_en": row.label_en if row else None,
                "label_zh": row.label_zh if row else None,
                "tone": (row.tone if row else None) or (own.tone if own else "grey"),
                "position": row.position if row else place,
                "is_active": row.is_active if row else True,
                "used": used.get(value, 0),
                "said": own.label if own else "",
                "said_zh": view.translator.translate(field.plugin, "zh_Hans", own.label) if own else "",
            }
        )
    return found


def _used(work: UnitOfWork, entity: Entity, field: Field, values: list[str]) -> dict[str, int]:
    """Return how many records hold each value; of multiple choices that is not counted."""
    if field.source != "column" or field.kind.name == "multi_choice" or not values:
        return {}
    column = entity.table.c[field.name]
    statement = sa.select(column, sa.func.count()).where(in_set(column, "values")).group_by(column)
    return {row[0]: row[1] for row in work.rows(statement, {"values": values})}
