"""The list of an entity, and what can be done with several of its records at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.contributions import FormView
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import CrmError, InvalidInput, PermissionDenied
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages import conditions, form, listing, lookup, views
from crmframe.web.pages.doing import change, entity_at, ids_in, list_url
from crmframe.web.pages.inputs import reference_options
from crmframe.web.pages.missing import missing_for
from crmframe.web.pages.shell import DONE
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

VERBS = ("archive", "unarchive", "delete")


def show_list(call: Call, work: UnitOfWork) -> Reply:
    """Show the records that the URL asks for."""
    view, entity = view_of(call, work), entity_at(call, work)
    complete = (
        conditions.added(view, entity)
        or conditions.without_blank_search(view, entity)
        or listing.with_columns(view, entity)
    )
    if complete:
        return Reply(location=complete)
    here = views.opened(call, work, entity, "list")
    if here.elsewhere:
        return Reply(location=here.elsewhere)
    return Reply(_list(replace(view, call=here.call), entity, here), "list.html")


def _list(view: View, entity: Entity, here: views.Opened) -> dict[str, Any]:
    found = listing.read(view, entity)
    base = f"/{entity.slug}"
    more = [("after", found.page.next), *found.pairs] if found.page.next else []
    following = listing.link(base, [p for p in more if p[0] != "after"], after=found.page.next)
    asked = view.call.parameter("add_field")
    is_bare = not found.page.rows and found.query.where is None and not found.query.archived
    return {
        "problem": "",
        "chosen": frozenset(),
        "missing": missing_for(view, entity) if is_bare else [],
        "view": view,
        "entity": entity,
        "title": view.plural(entity),
        "columns": listing.columns_of(view, found),
        "rows": listing.rows_of(view, found),
        "total": listing.total_of(view, found),
        "next": following if found.page.next else "",
        "first": listing.link(base, found.pairs) if found.query.after else "",
        "parts": conditions.parts_of(view, found),
        "adding": asked or view.call.parameter("open") == "condition",
        "search": conditions.search_of(view, entity, found.pairs),
        "askable": conditions.askable(view, entity),
        "asked": asked,
        "editor": conditions.editor(view, entity, asked),
        "pairs": [p for p in found.pairs if p[0] != "after"],
        "rest": [p for p in found.pairs if p[0] not in ("after", "as_of")],
        "base": base,
        "as_of": view.call.parameter("as_of"),
        "is_past": found.query.as_of is not None,
        "archived": bool(found.query.archived),
        "archived_link": listing.link(base, found.pairs, archived=None if found.query.archived else "true"),
        "query": listing.link("", found.pairs),
        "columns_offered": listing.columns_offered(view, entity, found.fields),
        "without_columns": [p for p in found.pairs if p[0] not in ("after", "columns")],
        **views.tabs_of(view, entity, here, "list"),
        **_rights(view, entity),
    }


def _rights(view: View, entity: Entity) -> dict[str, bool]:
    verbs = {verb: view.may(f"{entity.name}.{verb}") for verb in ("create", "update", "delete")}
    return {"may_create": verbs["create"], "may_update": verbs["update"], "may_delete": verbs["delete"]}


def show_condition(call: Call, work: UnitOfWork) -> Reply:
    """Answer with the rest of a condition once its field is chosen."""
    view, entity = view_of(call, work), entity_at(call, work)
    _require_read(work, entity)
    editor = conditions.editor(view, entity, call.parameter("add_field"))
    return Reply({"view": view, "editor": editor}, "_condition.html")


def show_options(call: Call, work: UnitOfWork) -> Reply:
    """Answer with the options of a reference whose names hold what was typed."""
    view, entity = view_of(call, work), entity_at(call, work)
    field = work.schema.find_field(entity, call.parameter("field"))
    target = work.registry.entity(field.kind.entity) if field and field.kind.name == "reference" else entity  # type: ignore[attr-defined]
    _require_read(work, target)
    found = lookup.found_by(work, target, call.parameter("q"))
    return Reply({"view": view, "options": reference_options(found, None)}, "_options.html")


def _require_read(work: UnitOfWork, entity: Entity) -> None:
    if not work.actor.may(f"{entity.name}.read"):
        raise PermissionDenied(permission=f"{entity.name}.read")


# --- several at once ----------------------------------------------------------------------------------


def change_several(call: Call, work: UnitOfWork) -> Reply:
    """Archive, delete or edit the selected records: the first step asks, the second does it."""
    view, entity, ids = view_of(call, work), entity_at(call, work), ids_in(call)
    verb = call.form.get("verb", "")
    if not ids:
        return Reply(location=list_url(call, entity))
    if verb == "set":
        return _set(call, work, entity, ids)
    if verb in VERBS and call.form.get("sure"):
        return _change(view, entity, ids, lambda w: _each(w, entity, ids, verb))
    if verb not in (*VERBS, "edit"):
        raise NoSuchPage(path=call.url)
    return Reply(_several(view, entity, ids, verb), "several.html")


def _each(work: UnitOfWork, entity: Entity, ids: list[int], verb: str) -> None:
    if verb == "delete":
        records.delete_many(work, entity.name, ids)
        return
    for record_id in ids:
        (records.archive if verb == "archive" else records.unarchive)(work, entity.name, record_id)


def _set(call: Call, work: UnitOfWork, entity: Entity, ids: list[int]) -> Reply:
    view = view_of(call, work)
    name = call.form.get("set_field", "")
    field = work.schema.find_field(entity, name)
    if field is None or name not in form.form_of(view, entity).fields or "set_value" not in call.form:
        return Reply(_several(view, entity, ids, "edit", name), "several.html")
    given = call.form_lists["set_value"] if field.kind.name == "multi_choice" else call.form["set_value"]
    changes = {record_id: {name: given} for record_id in ids}
    return _change(view, entity, ids, lambda w: records.update_many(w, entity.name, changes))


def _change(view: View, entity: Entity, ids: list[int], write: Callable[[UnitOfWork], Any]) -> Reply:
    """Change the records and return to the list as it was; with the reason and the selection when it is refused."""
    try:
        return change(view.call, view.work, write, list_url(view.call, entity))
    except CrmError as error:
        message = error.problems[0] if isinstance(error, InvalidInput) else error
        shown = view_of(replace(view.call, url=f"/{entity.slug}"), view.work)
        data = _list(shown, entity, views.opened(shown.call, view.work, entity, "list")) | {
            "problem": view.message(message),
            "chosen": frozenset(ids),
        }
        return Reply(data, "list.html", error.status)


def _several(view: View, entity: Entity, ids: list[int], verb: str, name: str = "") -> dict[str, Any]:
    titles = records.titles(view.work, entity.name, ids)
    wanted = form.form_of(view, entity) if verb == "edit" else None
    known = view.work.schema.fields(entity)
    fields = [(n, view.field_label(known[n])) for n in wanted.fields if n in known] if wanted else []
    controls = []
    if wanted is not None and name in known:
        controls = form.controls_of(view, FormView(entity, [name]), {})
        controls[0]["name"] = "set_value"
    return {
        "view": view,
        "entity": entity,
        "verb": verb,
        "title": view.plural(entity),
        "query": listing.link("", [pair for pair in view.call.query if pair[0] != DONE]),
        "titles": [(i, titles[i]) for i in ids if i in titles],
        "fields": fields,
        "chosen": name,
        "controls": controls,
    }
