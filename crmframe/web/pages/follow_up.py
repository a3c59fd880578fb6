"""The form that logs a follow-up: what happened, what comes next, and what else follows, saved in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.access.fields import writable_fields
from crmframe.core.activities.around import following
from crmframe.core.activities.follow_up import LOG
from crmframe.core.contributions import Action, FormView, LogPart
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import CrmError, NotFound, PermissionDenied, Problem, Unavailable
from crmframe.web.auth import local_path
from crmframe.web.errors import NoSuchPage
from crmframe.web.formats import at_zone
from crmframe.web.pages import actions, cells, form
from crmframe.web.pages.doing import change, version_in
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

ACTIVITY = "core.activity"
OWN = ("kind", "text", "at", "next_at", "next_what")
MOMENTS = ("at", "next_at")
# How the form names what is not its own: "then.move.stage_id", "values.amount".
THEN, VALUES = "then", "values"
KIND_ICONS = {"call": "phone", "meeting": "users", "message": "message-square", "visit": "map-pin"}


def composer_of(view: View, entity: Entity, record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the short form on a record's page asks for; None for those who may not log."""
    if not entity.has_timeline or not view.may(f"{ACTIVITY}.create"):
        return None
    return {
        "kinds": kinds_of(view),
        "plans": view.may("core.task.create"),
        "parts": _parts(view, entity, record, {}),
    }


def kinds_of(view: View) -> list[tuple[str, str, str]]:
    """Return the kinds of activities: value, label, icon."""
    field = view.work.schema.fields(view.work.registry.entity(ACTIVITY))["kind"]
    names = [choice.value for choice in field.kind.choices]  # type: ignore[attr-defined]
    return [(n, cells.choice_label(view, field, n), KIND_ICONS.get(n, "sticky-note")) for n in names]


def show(call: Call, work: UnitOfWork) -> Reply:
    """Show the whole form."""
    view, entity = view_of(call, work), entity_at(call, work)
    if not entity.has_timeline:
        raise NotFound(entity="action", id=LOG)
    if not view.may(f"{ACTIVITY}.create"):
        raise PermissionDenied(permission=f"{ACTIVITY}.create")
    record = records.get(work, entity.name, call.path["id"])
    return Reply(_page(view, entity, record, dict(call.query)), "log.html")


def save(call: Call, work: UnitOfWork) -> Reply:
    """Log it; when something is missing, ask for it in the same form, with everything that was typed."""
    view, entity, record_id = view_of(call, work), entity_at(call, work), call.path["id"]
    if not entity.has_timeline:
        raise NotFound(entity="action", id=LOG)
    data, version = _posted(view, entity, call.form), version_in(call)
    url = f"/{entity.slug}/{record_id}"
    try:
        return change(
            call, work, lambda w: records.run(w, entity.name, record_id, LOG, data, version=version), url
        )
    except (PermissionDenied, NotFound, Unavailable):
        raise
    except CrmError as error:
        record = records.get(work, entity.name, record_id)
        return Reply(_page(view, entity, record, call.form, error), "log.html", error.status)


def _posted(view: View, entity: Entity, given: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {name: given[name] for name in OWN if given.get(name)}
    for name in MOMENTS:
        if name in data:
            data[name] = at_zone(data[name], view.zone)
    fields = form.posted(view.call, view, list(view.work.schema.fields(entity).values()), f"{VALUES}.")
    data[VALUES] = {name: value for name, value in fields.items() if value not in ("", [])}
    data[THEN] = {}
    for part, action in _declared(view, entity):
        own = _inner(given, f"{THEN}.{part.action}.")
        if any(own.get(name) for name in part.fields):
            data[THEN][part.action] = actions.posted(view, action.input, own)
    return data


def _inner(given: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): text for name, text in given.items() if name.startswith(prefix)}


def _declared(
    view: View, entity: Entity, record: Mapping[str, Any] | None = None
) -> list[tuple[LogPart, Action]]:
    """Return what plugins add to the form, as far as the reader may run it and *record* is in the state for it."""
    found = [part for _, parts in view.work.hooks.collect("log_parts") for part in parts]
    known = view.work.registry.actions.get(entity.name, {})
    return [
        (part, known[part.action])
        for part in found
        if part.entity == entity.name and part.action in known and view.may(f"{entity.name}.{part.action}")
    ]


def _parts(
    view: View,
    entity: Entity,
    record: Mapping[str, Any],
    given: Mapping[str, str],
    problems: Sequence[Problem] = (),
) -> list[dict[str, Any]]:
    """Return the controls of what plugins add: the fields they name, and those that were found missing."""
    wrong = {problem.field for problem in problems}
    shown = []
    for part, action in _declared(view, entity, record):
        prefix = f"{THEN}.{part.action}."
        own = _inner(given, prefix)
        for made in actions.controls_of(view, entity, action, own, problems):
            if made["name"] in {*part.fields, *wrong, *own}:
                shown.append(_renamed(made, prefix))  # noqa: PERF401 - reads better than nested in one
    return shown


def _renamed(control: dict[str, Any], prefix: str) -> dict[str, Any]:
    name = f"{prefix}{control['name']}"
    return {**control, "name": name, "id": f"f-{name.replace('.', '-')}", "required": False}


def _missing(
    view: View,
    entity: Entity,
    record: Mapping[str, Any],
    given: Mapping[str, str],
    problems: Sequence[Problem],
) -> list[dict[str, Any]]:
    """Return the controls of the record's own fields that were asked for, so that they are filled in right here."""
    known = view.work.schema.fields(entity)
    writable = writable_fields(view.work, entity)
    typed = _inner(given, f"{VALUES}.")
    named = {field.name for p in problems if (field := view.work.schema.find_field(entity, p.field))}
    names = [n for n, f in known.items() if n in named | typed.keys() and n in writable and not f.written_by]
    made = form.controls_of(view, FormView(entity, names), {**record, **typed}, problems)
    return [_renamed(each, f"{VALUES}.") for each in made]


def _page(
    view: View,
    entity: Entity,
    record: Mapping[str, Any],
    given: Mapping[str, str],
    error: CrmError | None = None,
) -> dict[str, Any]:
    problems = form.problems_of(error)
    parts = _parts(view, entity, record, given, problems)
    missing = _missing(view, entity, record, given, problems)
    shown = [*OWN, *(each["name"].rpartition(".")[2] for each in (*parts, *missing))]
    own: dict[str, list[str]] = {
        name: [view.message(p) for p in problems if p.field == name and not _is_of(p, missing)]
        for name in OWN
    }
    return {
        "view": view,
        "entity": entity,
        "record": record,
        "title": str(record.get(entity.title) or record["id"]),
        "kinds": kinds_of(view),
        "values": {name: given.get(name, "") for name in OWN},
        "errors": own,
        "plans": view.may("core.task.create"),
        "parts": parts,
        "missing": missing,
        "problems": form.general_messages(view, error, shown),
        "url": f"/{entity.slug}/{record['id']}",
    }


def _is_of(problem: Problem, controls: Sequence[Mapping[str, Any]]) -> bool:
    return any(each["name"] == f"{VALUES}.{problem.field}" for each in controls)


# --- comments and followers ---------------------------------------------------------------------------


def comment(call: Call, work: UnitOfWork) -> Reply:
    """Say something to an activity."""
    entity, record_id = entity_at(call, work), call.path["id"]
    if entity.name != ACTIVITY:
        raise NoSuchPage(path=call.url)
    values = {"activity_id": record_id, "text": call.form.get("text", "")}
    back = local_path(call.form.get("back", ""))
    url = f"/{entity.slug}/{record_id}" if back == "/" else back
    return change(call, work, lambda w: records.create(w, "core.comment", values), url)


def follow(call: Call, work: UnitOfWork) -> Reply:
    """Let the reader follow a record, or no longer."""
    entity, record_id = entity_at(call, work), call.path["id"]
    records.get(work, entity.name, record_id, columns=("id",))
    about = f"{entity.name}:{record_id}"
    held = following(work, about)

    def write(writing: UnitOfWork) -> None:
        if held is None:
            records.create(writing, "core.follower", {"about": about})
        else:
            records.delete(writing, "core.follower", held)

    return change(call, work, write, f"/{entity.slug}/{record_id}")
