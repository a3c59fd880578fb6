"""Pages that create and change one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.fields import writable_fields
from crmframe.core.contributions import FormView
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import (
    CrmError,
    InvalidInput,
    NotFound,
    PermissionDenied,
    Stale,
    Unavailable,
)
from crmframe.core.everyday.duplicating import copy_parts, values_like
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages import actions, cells, form, lookup, similar
from crmframe.web.pages.doing import change, version_in
from crmframe.web.pages.missing import missing_for
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

AWAY = (PermissionDenied, NotFound, Unavailable)


def show_new(call: Call, work: UnitOfWork) -> Reply:
    """Show an empty form, filled with defaults and with what the link says."""
    view, entity = view_of(call, work), entity_at(call, work)
    _require(work, entity, "create")
    wanted = form.form_of(view, entity)
    source = plain_number(call.parameter("duplicate"))
    try:
        values = form.prefilled(call, work, wanted)
        values |= values_like(work, entity, source) if source is not None else {}
    except InvalidInput as error:
        return _refused_defaults(view, wanted, error)
    return Reply(_form(view, wanted, values), "form.html")


def _refused_defaults(view: View, wanted: FormView, error: InvalidInput) -> Reply:
    """Return what is missing before a record can be made; the form with the reason when no plugin says it."""
    shown = _form(view, wanted, {}, error)
    missing = missing_for(view, wanted.entity)
    if missing:
        return Reply({**shown, "missing": missing}, "missing.html")
    return Reply(shown, "form.html", error.status)


def create(call: Call, work: UnitOfWork) -> Reply:
    """Create a record; show the form again with everything that is wrong."""
    view, entity = view_of(call, work), entity_at(call, work)
    wanted = form.form_of(view, entity)
    values = form.posted(call, view, _fields(work, wanted))
    # What the form left empty gets its default.
    given = {name: value for name, value in values.items() if value not in ("", [])}
    source = plain_number(call.parameter("duplicate"))

    found = similar.to_ask_about(view, entity, given) if source is None else []
    if found:
        return Reply(_form(view, wanted, values) | {"similar": found}, "form.html", similar.STATUS)

    def write(writing: UnitOfWork) -> int:
        made: int = records.create(writing, entity.name, given)["id"]
        if source is not None:
            copy_parts(writing, entity, source, made)
        return made

    try:
        return change(call, work, write, lambda made: _back_or(call, f"/{entity.slug}/{made}"))
    except AWAY:
        raise
    except CrmError as error:
        return Reply(_form(view, wanted, values, error), "form.html", error.status)


def show_edit(call: Call, work: UnitOfWork) -> Reply:
    """Show a record in a form."""
    view, entity = view_of(call, work), entity_at(call, work)
    _require(work, entity, "update")
    record = records.get(work, entity.name, call.path["id"])
    wanted = form.form_of(view, entity, record)
    return Reply(_form(view, wanted, record, record=record), "form.html")


def update(call: Call, work: UnitOfWork) -> Reply:
    """Save the form; show it again when something is wrong, and both values when somebody else was faster."""
    view, entity = view_of(call, work), entity_at(call, work)
    record = records.get(work, entity.name, call.path["id"])
    wanted = form.form_of(view, entity, record)
    fields = _fields(work, wanted)
    values = form.posted(call, view, fields)
    changed = form.differing(view, fields, values, record)
    url = f"/{entity.slug}/{record['id']}"
    try:
        return change(
            call,
            work,
            lambda w: records.update(w, entity.name, record["id"], changed, version=version_in(call)),
            _back_or(call, url),
        )
    except AWAY:
        raise
    except Stale as error:
        return Reply(_merge(view, entity, changed, record["id"]), "merge.html", error.status)
    except CrmError as error:
        return Reply(
            _form(view, wanted, {**record, **values}, error, record=record), "form.html", error.status
        )


def _back_or(call: Call, url: str) -> str:
    """Return where the form came from, when it says so, or *url*."""
    return _local(call.form.get("back", "")) or url


def _local(url: str) -> str:
    return url if _is_local(url) else ""


def _is_local(url: str) -> bool:
    return url.startswith("/") and not url.startswith(("//", "/\\"))


def _form(
    view: View,
    wanted: FormView,
    values: Mapping[str, Any],
    error: CrmError | None = None,
    *,
    record: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    entity = wanted.entity
    controls = form.controls_of(view, wanted, values, form.problems_of(error))
    if not record:
        similar.let_ask(view, entity, controls)
    title = str(record.get(entity.title) or record["id"]) if record else ""
    back = _back_or(view.call, "") or _local(view.call.parameter("back"))
    return {
        "view": view,
        "entity": entity,
        "record": record,
        "title": title or view.say("New {entity}", entity=view.one(entity)),
        "controls": controls,
        "problems": form.general_messages(view, error, list(wanted.fields)),
        "failed": error is not None,
        "similar": (),
        "action": f"/{entity.slug}/{record['id']}/edit" if record else _new_address(view, entity),
        "back": back,
        "cancel": back or (f"/{entity.slug}/{record['id']}" if record else f"/{entity.slug}"),
    }


def _new_address(view: View, entity: Entity) -> str:
    """Return where the form of a new record posts to; a duplicate says of what it is one."""
    source = plain_number(view.call.parameter("duplicate"))
    return f"/{entity.slug}/new" if source is None else f"/{entity.slug}/new?duplicate={source}"


def _fields(work: UnitOfWork, wanted: FormView) -> list[Field]:
    known = work.schema.fields(wanted.entity)
    return [known[name] for name in wanted.fields if name in known]


def _require(work: UnitOfWork, entity: Entity, verb: str) -> None:
    permission = f"{entity.name}.{verb}"
    if not work.actor.may(permission):
        raise PermissionDenied(permission=permission)


def _merge(view: View, entity: Entity, changed: Mapping[str, Any], record_id: int) -> dict[str, Any]:
    """Return the choices between what this reader wrote and what somebody else has saved."""
    now = records.get(view.work, entity.name, record_id)
    known = view.work.schema.fields(entity)
    fields = [known[name] for name in changed]
    mine = {field.name: _parsed(view, field, changed[field.name]) for field in fields}
    titles = lookup.titles_of(view.work, lookup.wanted_of(fields, [now, mine]))
    rows = []
    for field in fields:
        show = cells.renderer(view, entity, field, titles)
        held = field.kind.to_text(now[field.name]) if now[field.name] is not None else ""
        given = changed[field.name]
        rows.append(
            {
                "name": field.name,
                "label": view.field_label(field),
                "theirs": (held, show(now[field.name], now)),
                "mine": (";".join(given) if isinstance(given, list) else given, show(mine[field.name], now)),
            }
        )
    return {
        "view": view,
        "entity": entity,
        "record": now,
        "title": str(now.get(entity.title) or record_id),
        "rows": rows,
    }


def _parsed(view: View, field: Field, given: Any) -> Any:
    try:
        return field.kind.parse(given, view.work.parse_context())
    except ValueError:
        return None


# --- one value, actions, putting away -----------------------------------------------------------------


def set_value(call: Call, work: UnitOfWork) -> Reply:
    """Write one field, as the "move to" control of a board does when the entity has no action for it."""
    entity, name = entity_at(call, work), call.form.get("field", "")
    if name not in writable_fields(work, entity):
        raise NoSuchPage(path=call.url)
    values, record_id = {name: call.form.get("value", "")}, call.path["id"]
    return change(
        call,
        work,
        lambda w: records.update(w, entity.name, record_id, values, version=version_in(call)),
        _back_or(call, f"/{entity.slug}/{record_id}"),
    )


def show_action(call: Call, work: UnitOfWork) -> Reply:
    """Ask for what an action needs."""
    view, entity, record_id = view_of(call, work), entity_at(call, work), call.path["id"]
    action = records.action_of(work, entity, call.path["verb"])
    _require(work, entity, action.name)
    record = records.get(work, entity.name, record_id)
    values = {**actions.prefilled(action, record), **dict(call.query)}
    return Reply(_action(view, entity, action, record, values), "action.html")


def run_action(call: Call, work: UnitOfWork) -> Reply:
    """Run an action; ask again when something is missing or wrong."""
    view, entity, record_id = view_of(call, work), entity_at(call, work), call.path["id"]
    action = records.action_of(work, entity, call.path["verb"])
    data = actions.posted(view, action.input, call.form)
    url = _back_or(call, f"/{entity.slug}/{record_id}")
    also = actions.also_asked(view, entity, action, call.form_lists.get("also", ()))
    missing = {name: text for name, text in form.posted(call, view, also).items() if text}
    version = version_in(call)

    def run(writing: UnitOfWork) -> str:
        writing.journal.name_verb(f"{entity.name}.{action.name}")
        if missing:
            records.update(writing, entity.name, record_id, missing, version=version)
        read = None if missing else version
        made = records.run(writing, entity.name, record_id, action.name, data, version=read)
        is_told = bool(action.makes) and view.may(f"{action.makes}.read")
        return f"/{work.registry.entity(action.makes).slug}/{made}" if is_told else url

    try:
        return change(call, work, run, lambda leads_to: leads_to)
    except AWAY:
        raise
    except CrmError as error:
        record = records.get(work, entity.name, record_id)
        wanted = [*(field.name for field in also), *(p.field for p in form.problems_of(error))]
        shown = _action(view, entity, action, record, call.form, error)
        more = _missing(view, entity, actions.also_asked(view, entity, action, wanted), call.form, error)
        controls = [*more, *shown["controls"]]  # what is missing comes first
        problems = form.general_messages(view, error, [each["name"] for each in controls])
        asked = {"also": [each["name"] for each in more], "controls": controls, "problems": problems}
        return Reply(shown | {"back": url} | asked, "action.html", error.status)


def _missing(
    view: View, entity: Entity, fields: list[Field], values: Mapping[str, Any], error: CrmError
) -> list[dict[str, Any]]:
    """Return controls for fields of the record that an action asks to be filled first."""
    asked = FormView(entity, [field.name for field in fields])
    return form.controls_of(view, asked, values, form.problems_of(error))


def _action(
    view: View,
    entity: Entity,
    action: Any,
    record: Mapping[str, Any],
    values: Mapping[str, Any],
    error: CrmError | None = None,
) -> dict[str, Any]:
    controls = actions.controls_of(view, entity, action, values, form.problems_of(error))
    url = f"/{entity.slug}/{record['id']}"
    plugin = actions.owner_of(view, entity, action)
    return {
        "view": view,
        "entity": entity,
        "record": record,
        "title": str(record.get(entity.title) or record["id"]),
        "label": actions.label_of(view, entity, action),
        "confirm": view.text(plugin, action.confirm) if action.confirm else "",
        "tone": action.tone,
        "controls": controls,
        "problems": form.general_messages(view, error, [each["name"] for each in controls]),
        "url": f"{url}/{action.name}",
        "back": url,
        "undoable": action.undoable,
        "also": (),
    }


def show_delete(call: Call, work: UnitOfWork) -> Reply:
    """Ask whether to delete, and say what else is touched."""
    view, entity, record_id = view_of(call, work), entity_at(call, work), call.path["id"]
    _require(work, entity, "delete")
    record = records.get(work, entity.name, record_id)
    title = str(record.get(entity.title) or record_id)
    touched = _touched(view, entity, record_id)
    return Reply(
        {"view": view, "entity": entity, "record": record, "title": title, "touched": touched, "problem": ""},
        "delete.html",
    )


def _touched(view: View, entity: Entity, record_id: int) -> list[tuple[str, str, str]]:
    """Return what refers to the record: how many of what, and what happens to them."""
    registry = view.work.registry
    links = [
        (child, field)
        for child, field in registry.references_to(entity.name)
        if child.name in registry.extended or view.may(f"{child.name}.read")
    ]
    if not links:
        return []
    keys = {"record": record_id, "link": f"{entity.name}:{record_id}"}
    counts = [_counted(child.table.c[field.name], field, n) for n, (child, field) in enumerate(links)]
    found = []
    for place, number in view.work.connection.execute(sa.union_all(*counts), keys):
        child, field = links[place]
        if number:
            fate = view.say(FATES.get(field.kind.on_delete, "stands in the way"))
            found.append((view.formats.number(number), view.plural(child), fate))
    return found


def _counted(column: sa.ColumnElement[Any], field: Field, place: int) -> Any:
    linked = field.kind.name == "any_reference"
    key = sa.bindparam("link", type_=sa.String) if linked else sa.bindparam("record", type_=sa.BigInteger)
    return sa.select(sa.literal_column(str(place), sa.Integer), sa.func.count()).where(column == key)


FATES = {"cascade": "deleted with it", "clear": "kept, without the link", "restrict": "stands in the way"}


def put_away(call: Call, work: UnitOfWork) -> Reply:
    """Delete, archive or take out of the archive."""
    view, entity, record_id = view_of(call, work), entity_at(call, work), call.path["id"]
    verb, version = call.url.rsplit("/", 1)[1], version_in(call)
    write = {"delete": records.delete, "archive": records.archive, "unarchive": records.unarchive}[verb]
    url = _above(work, entity, record_id) if verb == "delete" else f"/{entity.slug}/{record_id}"
    try:
        return change(call, work, lambda w: write(w, entity.name, record_id, version=version), url)
    except AWAY:
        raise
    except CrmError as error:
        shown = show_delete(call, work).data | {"problem": view.message(error)}
        return Reply(shown, "delete.html", error.status)


def _above(work: UnitOfWork, entity: Entity, record_id: int) -> str:
    """Return where one is once a record is gone: with what it was part of, else in the list."""
    parents = [] if entity.in_menu else [entity.fields[name] for name in entity.access_through]
    kinds = [each for each in parents if each.kind.name == "reference"]
    if len(kinds) == 1:
        try:
            held = records.get(work, entity.name, record_id).get(kinds[0].name)
        except AWAY:
            held = None  # whether it may be deleted is asked elsewhere
        if held:
            return f"/{work.registry.entity(kinds[0].kind.entity).slug}/{held}"  # type: ignore[attr-defined]
    return f"/{entity.slug}"


def add_activity(call: Call, work: UnitOfWork) -> Reply:
    """Log an activity about the record."""
    view, entity, record_id = view_of(call, work), entity_at(call, work), call.path["id"]
    activity = work.schema.entity("core.activity")
    given = form.posted(call, view, list(work.schema.fields(activity).values()))
    values = {name: value for name, value in given.items() if value} | {"about": f"{entity.name}:{record_id}"}
    url = f"/{entity.slug}/{record_id}"
    try:
        return change(call, work, lambda w: records.create(w, "core.activity", values), url)
    except InvalidInput as error:
        wanted = form.form_of(view, activity)
        return Reply(_form(view, wanted, values, error), "form.html", error.status)
