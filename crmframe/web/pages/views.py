"""Saved views on lists and boards: tabs above them, saving what is on screen, changing and taking away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import CrmError, InvalidInput, NotFound
from crmframe.core.everyday import views
from crmframe.core.everyday.models import VISIBILITIES
from crmframe.core.everyday.views import SAVED, OpenView
from crmframe.web.pages import cells, form
from crmframe.web.pages.doing import change, version_in
from crmframe.web.pages.listing import OWN, Pairs, link
from crmframe.web.pages.shell import DONE
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

ALL = "all"


@dataclass(frozen=True, slots=True)
class Opened:
    """A list or board as a view has it: the call with the view's parameters, or where to go instead."""

    call: Call
    known: Sequence[OpenView]
    shown: OpenView | None = None
    elsewhere: str = ""


def opened(call: Call, work: UnitOfWork, entity: Entity, display: str) -> Opened:
    """Return what the address asks for.

    A view's own parameters are used when the address has no others; with others it is being changed on screen.
    """
    known = views.views_of(work, entity)
    found = _wanted(call, work, entity, known)
    if found is None:
        return Opened(call, known)
    if found.display != display and entity.board:
        address = link(_address(entity, found.display), [("view", str(found.id)), *_done(call)])
        return Opened(call, known, found, address)
    fit = views.fitted(work, entity, found)
    query = [("view", str(fit.id)), *fit.pairs, *_done(call)]
    return Opened(replace(call, query=query), known, fit)


def _wanted(call: Call, work: UnitOfWork, entity: Entity, known: Sequence[OpenView]) -> OpenView | None:
    wanted = call.parameter("view")
    others = [pair for pair in call.query if pair[0] not in ("view", DONE)]
    if others or wanted == ALL or not known:
        return None
    number = plain_number(wanted) if wanted else views.default_of(work, entity)
    # One that is gone, or no longer shown to this reader, leaves the plain list.
    return next((each for each in known if each.id == number), None)


def _done(call: Call) -> Pairs:
    return [pair for pair in call.query if pair[0] == DONE]


def _address(entity: Entity, display: str) -> str:
    return f"/{entity.slug}/board" if display == "board" and entity.board else f"/{entity.slug}"


def tabs_of(view: View, entity: Entity, here: Opened, display: str) -> dict[str, Any]:
    """Return what the strip of views above a list or board shows."""
    known, shown = here.known, here.shown
    pairs = [pair for pair in view.call.query if pair[0] not in OWN and pair[0] not in views.PASSING]
    number = plain_number(view.call.parameter("view"))
    current = next((each for each in known if each.id == number), None)
    query = views.query_of(pairs)
    changed = current is not None and shown is None and sorted(current.pairs) != sorted(pairs)
    return {
        "views": [
            (each.name, link(_address(entity, each.display), [("view", str(each.id))]), each is current)
            for each in known
        ],
        "view_all": link(_address(entity, display), [("view", ALL)]),
        "current_view": current,
        "view_changed": changed,
        "view_query": query,
        "view_lost": _lost(view, entity, shown),
        "view_display": display,
        "may_save_view": view.may(f"{SAVED}.create") and view.is_signed_in,
        "may_change_view": current is not None and _may_change(view, current),
        "views_base": f"/{entity.slug}/views",
    }


def _lost(view: View, entity: Entity, shown: OpenView | None) -> str:
    names = shown.lost if shown is not None else ()
    return view.say(", ").join(names)


def _may_change(view: View, found: OpenView) -> bool:
    return view.may(f"{SAVED}.update") and (found.is_own or view.work.actor.unlimited)


# --- saving, changing, taking away --------------------------------------------------------------------


def show_new(call: Call, work: UnitOfWork) -> Reply:
    """Ask for the name of a view of what is on screen."""
    view, entity = view_of(call, work), entity_at(call, work)
    values = {"visibility": "mine", "display": call.parameter("display") or "list"}
    return Reply(_form(view, entity, values, call.parameter("query")), "saved_view.html")


def save(call: Call, work: UnitOfWork) -> Reply:
    """Save what is on screen under a name."""
    view, entity = view_of(call, work), entity_at(call, work)
    query = call.form.get("query", "")
    values = {**_given(call, entity), "entity": entity.name, "query": query}

    def write(writing: UnitOfWork) -> int:
        made: int = records.create(writing, SAVED, values)["id"]
        if call.form.get("default") == "true":
            views.make_default(writing, entity, made)
        return made

    try:
        address = _address(entity, values["display"])
        return change(call, work, write, lambda made: link(address, [("view", str(made))]))
    except InvalidInput as error:
        return Reply(_form(view, entity, values, query, error), "saved_view.html", error.status)


def show_view(call: Call, work: UnitOfWork) -> Reply:
    """Show the name of a view, for whom it is and its place, to be changed."""
    view, entity = view_of(call, work), entity_at(call, work)
    record = _record(call, work, entity)
    data = _form(view, entity, record, record.get("query") or "", record=record)
    return Reply(data, "saved_view.html")


def change_view(call: Call, work: UnitOfWork) -> Reply:
    """Rename a view, give it what is on screen, make it the own default or no longer, or delete it."""
    view, entity = view_of(call, work), entity_at(call, work)
    record = _record(call, work, entity)
    number, verb = record["id"], call.form.get("verb", "")
    address = link(_address(entity, record.get("display") or "list"), [("view", str(number))])
    if verb in ("default", "plain"):
        wanted = number if verb == "default" else None
        return change(call, work, lambda w: views.make_default(w, entity, wanted), address)
    if verb == "delete":
        return change(
            call, work, lambda w: records.delete(w, SAVED, number), link(f"/{entity.slug}", [("view", ALL)])
        )
    values: Mapping[str, Any] = (
        {"query": call.form.get("query", "")} if verb == "replace" else _given(call, entity)
    )
    address = link(_address(entity, values.get("display") or record["display"]), [("view", str(number))])
    try:
        return change(
            call, work, lambda w: records.update(w, SAVED, number, values, version=version_in(call)), address
        )
    except CrmError as error:
        if isinstance(error, NotFound):
            raise
        data = _form(view, entity, {**record, **values}, record.get("query") or "", error, record=record)
        return Reply(data, "saved_view.html", error.status)


def _record(call: Call, work: UnitOfWork, entity: Entity) -> dict[str, Any]:
    record = records.get(work, SAVED, call.path["id"])
    if record.get("entity") != entity.name:
        raise NotFound(entity=work.schema.entity(SAVED).label, id=call.path["id"])
    return record


def _given(call: Call, entity: Entity) -> dict[str, str]:
    names = ("name", "visibility", "position")
    given = {name: call.form[name].strip() for name in names if name in call.form}
    display = "board" if entity.board and call.form.get("display") == "board" else "list"
    return {**given, "display": display}


def _form(
    view: View,
    entity: Entity,
    values: Mapping[str, Any],
    query: str,
    error: CrmError | None = None,
    *,
    record: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    saved = view.work.schema.entity(SAVED)
    field = view.work.schema.fields(saved)["visibility"]
    offered = [each.value for each in VISIBILITIES if each.value != "team" or view.work.actor.team_ids]
    default = views.default_of(view.work, entity) if record is not None else None
    return {
        "view": view,
        "entity": entity,
        "record": record,
        "values": values,
        "query": query,
        "visibilities": [(each, cells.choice_label(view, field, each)) for each in offered],
        "is_default": record is not None and default == record["id"],
        "problems": form.general_messages(view, error, ["name"]),
        "name_errors": [view.message(p) for p in form.problems_of(error) if p.field == "name"],
        "action": f"/{entity.slug}/views/{record['id'] if record else 'new'}",
        "cancel": link(_address(entity, str(values.get("display") or "list")), _back(record, query)),
    }


def _back(record: Mapping[str, Any] | None, query: str) -> Pairs:
    return [("view", str(record["id"]))] if record else views.pairs_of(query)
