"""What can be done with several records of a list at once: asked for, tried out, done, and undone with one click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.contributions import FormView
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.filters import Condition
from crmframe.core.entities.kinds import Instant, ValueProblem
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import CrmError, InvalidInput
from crmframe.core.everyday import bulk
from crmframe.core.everyday.bulk import AT_ONCE, Wish
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.tables import job
from crmframe.core.records import Query
from crmframe.core.search.searching import narrowed_by
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages import cells, form, listing, lists, lookup, views
from crmframe.web.pages.doing import change, ids_in, list_url
from crmframe.web.pages.inputs import reference_options
from crmframe.web.pages.shell import DONE
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

VERBS = {
    "set": "update",
    "archive": "archive",
    "unarchive": "unarchive",
    "delete": "delete",
    "tag": "tag",
    "untag": "untag",
}
ASKS = ("edit", "assign", "tags")
OWNERSHIP = ("owner_id", "team_id")
TRIED, SHOWN, NAMED = 500, 20, 30
TO = "to."


@dataclass(frozen=True, slots=True)
class Chosen:
    """Records that were ticked in a list, or all that match its filter."""

    ids: Sequence[int]
    is_all: bool


def change_several(call: Call, work: UnitOfWork) -> Reply:
    """Ask what to change, show what would change, or change it: each step is a page of its own."""
    view, entity, verb = view_of(call, work), entity_at(call, work), call.form.get("verb", "")
    chosen = _chosen(call, work, entity)
    if not chosen.ids:
        return Reply(location=list_url(call, entity))
    if verb in ASKS or (verb == "set" and not call.form_lists.get("field")):
        return Reply(_asking(view, entity, chosen, verb if verb in ASKS else "edit"), "several.html")
    if verb not in VERBS:
        raise NoSuchPage(path=call.url)
    wish = _wish(view, entity, verb)
    if not call.form.get("sure"):
        return Reply(_preview(view, entity, chosen, wish), "several.html")
    return _done(view, entity, chosen, wish)


def _chosen(call: Call, work: UnitOfWork, entity: Entity) -> Chosen:
    if not call.form.get("all"):
        return Chosen(ids_in(call), is_all=False)
    pairs = [pair for pair in call.query if pair[0] not in listing.OWN]
    archived = call.parameter("archived") == "true"
    where, matching = listing.where_of(work, entity, pairs), narrowed_by(work, entity, call.parameter("q"))
    query = Query(where=where, archived=archived, matching=matching)
    return Chosen(bulk.matching(work, entity, query), is_all=True)


def _wish(view: View, entity: Entity, verb: str) -> Wish:
    call = view.call
    if verb in ("tag", "untag"):
        return Wish(entity.name, verb, {"tag_id": plain_number(call.form.get("tag_id", "")) or 0})
    if verb != "set":
        return Wish(entity.name, VERBS[verb])
    known, offered = view.work.schema.fields(entity), form.form_of(view, entity).fields
    ticked = [known[name] for name in call.form_lists["field"] if name in offered and name in known]
    lists_given = {field.name: call.form_lists.get(f"{TO}{field.name}", [""]) for field in ticked}
    return Wish(entity.name, "update", form.posted(replace(call, form_lists=lists_given), view, ticked))


# --- asking -------------------------------------------------------------------------------------------


def _frame(view: View, entity: Entity, chosen: Chosen) -> dict[str, Any]:
    titles = records.titles(view.work, entity.name, list(chosen.ids[:NAMED]))
    return {
        "view": view,
        "entity": entity,
        "title": view.plural(entity),
        "query": listing.link("", [pair for pair in view.call.query if pair[0] != DONE]),
        "ids": () if chosen.is_all else chosen.ids,
        "is_all": chosen.is_all,
        "total": len(chosen.ids),
        "named": [(i, titles[i]) for i in chosen.ids[:NAMED] if i in titles],
        "has_more": len(chosen.ids) > NAMED,
        "moment": view.work.now.isoformat(),
        "preview": None,
        "controls": [],
        "tags": [],
    }


def _asking(view: View, entity: Entity, chosen: Chosen, verb: str) -> dict[str, Any]:
    asked = {"verb": verb, **_frame(view, entity, chosen)}
    if verb == "tags":
        offered = lookup.offers_of(view.work, ["core.tag"]).get("core.tag", {})
        return asked | {"tags": reference_options(offered, None)[1:]}
    names = form.form_of(view, entity).fields
    fields = [name for name in names if verb == "edit" or name in OWNERSHIP]
    controls = form.controls_of(view, FormView(entity, fields), {})
    for control in controls:
        control |= {"field": control["name"], "name": f"{TO}{control['name']}", "required": False}
    return asked | {"controls": controls}


# --- trying out ---------------------------------------------------------------------------------------


class _Tried(Exception):
    """The end of a trial: takes back what was only for show."""


def _preview(
    view: View, entity: Entity, chosen: Chosen, wish: Wish, *, stale: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what would happen: it is done to the first records, and taken back."""
    call, tried = view.call, list(chosen.ids[:TRIED])
    names = _fields(view, entity, wish)
    before = _rows(view.work, entity, tried, names)
    outcome, after = bulk.Outcome(), {}
    with suppress(_Tried), call.site.application.work(view.work.actor, door="web") as trial:
        outcome = bulk.apply(trial, wish, tried)
        after = _rows(trial, entity, outcome.changed[:SHOWN], names)
        raise _Tried
    refused = [(i, _title(entity, before, i), view.message(_first(e))) for i, e in outcome.refused.items()]
    found = {
        "tried": len(tried),
        "changing": len(outcome.changed),
        "same": len(tried) - len(outcome.changed) - len(outcome.refused),
        "refused": len(refused),
        "reasons": refused[:SHOWN],
        "columns": [view.field_label(field) for field in names],
        "rows": _steps(view, entity, names, before, after),
    }
    return {
        "verb": next((verb for verb, means in VERBS.items() if means == wish.verb)),
        **_frame(view, entity, chosen),
        "preview": found,
        "stale": stale,
        "wished": [(f"{TO}{name}", each) for name, value in wish.values.items() for each in _texts(value)],
        "ticked": list(wish.values) if wish.verb == "update" else [],
        "tag_id": wish.values.get("tag_id"),
    }


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] or [""] if isinstance(value, list) else [str(value)]


def _first(error: CrmError) -> Any:
    return error.problems[0] if isinstance(error, InvalidInput) and error.problems else error


def _fields(view: View, entity: Entity, wish: Wish) -> list[Any]:
    known = view.work.schema.fields(entity)
    return [known[name] for name in wish.values if name in known] if wish.verb == "update" else []


def _rows(work: UnitOfWork, entity: Entity, ids: Sequence[int], fields: Sequence[Any]) -> dict[int, Any]:
    if not ids:
        return {}
    allowed = readable_fields(work, entity)
    wanted = dict.fromkeys(("id", entity.title, *cells.needed_columns(fields)))
    query = Query(
        where=Condition("id", "in", tuple(ids)),
        columns=tuple(name for name in wanted if name in allowed),
        order=("id",),
        limit=TRIED,
        archived=None,
    )
    return {row["id"]: row for row in records.select(work, entity.name, query).records()}


def _title(entity: Entity, rows: Mapping[int, Any], record_id: int) -> str:
    return str(rows.get(record_id, {}).get(entity.title) or record_id)


def _steps(
    view: View, entity: Entity, fields: Sequence[Any], before: Mapping[int, Any], after: Mapping[int, Any]
) -> list[tuple[int, str, list[tuple[Any, Any]]]]:
    """Return id, name, and old and new cells of the records that would change."""
    rows = [*before.values(), *after.values()]
    titles = lookup.titles_of(view.work, lookup.wanted_of(fields, rows))
    show = [(field.name, cells.renderer(view, entity, field, titles)) for field in fields]
    return [
        (
            i,
            _title(entity, before, i),
            [(each(before[i].get(n), before[i]), each(row.get(n), row)) for n, each in show],
        )
        for i, row in after.items()
        if i in before
    ]


# --- doing it -----------------------------------------------------------------------------------------


def _done(view: View, entity: Entity, chosen: Chosen, wish: Wish) -> Reply:
    """Change the records and return to the list as it was; ask again when they are no longer what was shown."""
    call, work = view.call, view.work
    changed = _changed_meanwhile(view, entity, chosen)
    if changed is not None:
        return Reply(_preview(view, entity, chosen, wish, stale=changed), "several.html", 409)
    if len(chosen.ids) > AT_ONCE:
        with call.site.application.work(work.actor, door="web") as queueing:
            number = enqueue(queueing, bulk.JOB, bulk.payload_of([(wish, chosen.ids)]))
        return Reply(location=f"/{entity.slug}/several/{number}")
    write = bulk.apply if call.form.get("partly") else bulk.apply_strictly
    try:
        return change(call, work, lambda w: write(w, wish, chosen.ids), list_url(call, entity))
    except CrmError as error:
        return _refused(view, entity, chosen, error)


def _changed_meanwhile(view: View, entity: Entity, chosen: Chosen) -> list[str] | None:
    """Return the names of records that changed since they were shown, None when none did."""
    try:
        moment: datetime | None = Instant().parse(view.call.form.get("moment"), view.work.parse_context())
    except ValueProblem:
        moment = None
    if moment is None:
        return None
    ids = bulk.changed_since(view.work, entity, chosen.ids, moment)
    count = plain_number(view.call.form.get("count", ""))
    if not ids and (count is None or count == len(chosen.ids)):
        return None
    titles = records.titles(view.work, entity.name, ids)
    return [titles.get(i, str(i)) for i in ids]


def _refused(view: View, entity: Entity, chosen: Chosen, error: CrmError) -> Reply:
    """Show the list again with the reason and the selection."""
    shown = view_of(replace(view.call, url=f"/{entity.slug}"), view.work)
    here = views.opened(shown.call, view.work, entity, "list")
    data = lists.list_of(shown, entity, here)
    data |= {"problem": view.message(_first(error)), "chosen": frozenset(chosen.ids)}
    return Reply(data, "list.html", error.status)


def show_job(call: Call, work: UnitOfWork) -> Reply:
    """Show how far a large change is, to whoever asked for it."""
    view, entity = view_of(call, work), entity_at(call, work)
    found = work.rows(sa.select(job).where(job.c.id == call.path["id"], job.c.name == bulk.JOB))
    if not found or (found[0].actor_id != work.actor.id and not work.actor.unlimited):
        raise NoSuchPage(path=call.url)
    row, so_far = found[0], found[0].result or {}
    data = {
        "view": view,
        "entity": entity,
        "title": view.plural(entity),
        "state": row.state,
        "total": row.payload["total"],
        "done": so_far.get("done", 0),
        "changed": so_far.get("changed", 0),
        "refused": so_far.get("refused", 0),
        "operation": so_far.get("operation"),
    }
    headers = {"refresh": "2"} if row.state in ("queued", "running") else {}
    return Reply(data, "several_job.html", headers=headers)
