"""What happened: the history of a record, the journal of everything, and undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import CrmError, NotFound, UndoConflict
from crmframe.core.journal.tables import change as change_table
from crmframe.core.journal.tables import operation
from crmframe.core.records import Entry, FieldChange
from crmframe.core.storage.dialect import in_set
from crmframe.web.auth import local_path
from crmframe.web.pages import cells, lookup, sentences
from crmframe.web.pages.doing import change
from crmframe.web.pages.tones import mark_of, tone_of
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

SIZE = 50
SHOWN_RECORDS = 10
MOST_CHANGES = 500
MOST_PREVIEWED = 50
LONGEST_TITLE = 60


def show_history(call: Call, work: UnitOfWork) -> Reply:
    """Show every change of a record that the reader may see, newest first."""
    view, entity = view_of(call, work), entity_at(call, work)
    record_id = call.path["id"]
    entries = records.history(work, entity.name, record_id)
    title = records.titles(work, entity.name, [record_id]).get(record_id, str(record_id))
    data = {
        "view": view,
        "entity": entity,
        "title": title,
        "plural": view.plural(entity),
        "url": f"/{entity.slug}/{record_id}",
        "entries": entries_of(view, entity, entries),
    }
    return Reply(data, "history.html")


def entries_of(view: View, entity: Entity, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return history entries as a template shows them."""
    titles = lookup.titles_of(view.work, _wanted(entries))
    return [
        {
            "operation_id": entry.operation_id,
            "who": sentences.who(view, entry.actor_name),
            "mark": mark_of(entry.actor_name),
            "tone": tone_of(entry.actor_name),
            "deed": sentences.deed(view, entry.verb),
            "at": view.formats.precise(entry.at),
            "door": sentences.door(view, entry.door),
            "reason": entry.reason,
            "state": entry.state,
            "changes": steps_of(view, entity, entry.changes, titles),
        }
        for entry in entries
    ]


def _wanted(entries: Sequence[Entry]) -> dict[str, set[int]]:
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        for step in entry.changes:
            rows = [{step.field.name: step.was}, {step.field.name: step.now}]
            for name, ids in lookup.wanted_of([step.field], rows).items():
                wanted.setdefault(name, set()).update(ids)
    return wanted


def steps_of(
    view: View, entity: Entity, steps: Sequence[FieldChange], titles: lookup.Titles
) -> list[dict[str, Any]]:
    """Return each changed field with its value before and after."""
    shown = []
    for step in steps:
        show = cells.renderer(view, entity, step.field, titles, exact=True)
        label = view.field_label(step.field)
        shown.append({"label": label, "was": show(step.was, {}), "now": show(step.now, {})})
    return shown


# --- the journal --------------------------------------------------------------------------------------


def show_journal(call: Call, work: UnitOfWork) -> Reply:
    """Show what was done, newest first: administrators see everything, others their own."""
    view = view_of(call, work)
    rows = work.rows(_journal(view).limit(SIZE + 1))
    days = operations_by_day(view, rows[:SIZE])
    pairs = [pair for pair in call.query if pair[0] not in ("before", "done")]
    following = (
        f"/journal?{urlencode([*pairs, ('before', str(rows[SIZE - 1].id))])}" if len(rows) > SIZE else ""
    )
    data = {
        "view": view,
        "days": days,
        "next": following,
        "people": _people(view),
        "kinds": [
            (e.name, view.plural(e)) for e in work.registry.public_entities() if view.may(f"{e.name}.read")
        ],
        "actor": call.parameter("actor"),
        "kind": call.parameter("entity"),
        "since": call.parameter("since"),
    }
    return Reply(data, "journal.html")


def _journal(view: View) -> sa.Select[Any]:
    call, work = view.call, view.work
    statement = sa.select(operation).order_by(operation.c.id.desc())
    if not work.actor.is_admin:
        statement = statement.where(operation.c.actor_id == work.actor.id)
    before, actor = plain_number(call.parameter("before")), plain_number(call.parameter("actor"))
    if before:
        statement = statement.where(operation.c.id < before)
    if actor:
        statement = statement.where(operation.c.actor_id == actor)
    kind = call.parameter("entity")
    if kind:
        about = sa.and_(change_table.c.operation_id == operation.c.id, change_table.c.entity == kind)
        statement = statement.where(sa.exists().where(about))
    since = _day(call.parameter("since"))
    if since:
        start = datetime.combine(since, time(), view.zone)
        statement = statement.where(operation.c.started_at >= start)
    return statement


def operations_by_day(view: View, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return operations grouped by the reader's day, each with the record that it was about."""
    subjects = _subjects(view, rows)
    days: list[dict[str, Any]] = []
    for row in rows:
        day = view.formats.day(view.formats.local_day(row.started_at))
        if not days or days[-1]["day"] != day:
            days.append({"day": day, "operations": []})
        days[-1]["operations"].append({**operation_of(view, row), **subjects.get(row.id, NO_SUBJECT)})
    return days


NO_SUBJECT: Mapping[str, Any] = {"title": "", "url": "", "others": ""}


def _subjects(view: View, operations: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """Return what each operation was about: the record that its verb names, and how many others it changed."""
    if not operations:
        return {}
    found = view.work.connection.execute(_TOUCHED, {"ids": [row.id for row in operations]})
    touched: dict[int, list[Any]] = {}
    for row in found:
        touched.setdefault(row.operation_id, []).append(row)
    named = {row.id: _named(touched[row.id], row.verb) for row in operations if row.id in touched}
    wanted: dict[str, set[int]] = {}
    for row in named.values():
        wanted.setdefault(row.entity, set()).add(row.record_id)
    titles = lookup.titles_of(view.work, wanted)
    return {
        each: _subject(view, row, sum(other.number for other in touched[each]), titles)
        for each, row in named.items()
    }


def _touched() -> sa.Select[Any]:
    """Return the first record of each entity that operations changed, the earliest first, and how many there are."""
    c = change_table.c
    columns = (c.operation_id, c.entity, c.record_id, c.last_id)
    once = sa.select(*columns, sa.func.min(c.id).label("first")).where(in_set(c.operation_id, "ids"))
    records_once = once.group_by(*columns).subquery()
    number = sa.func.sum(records_once.c.last_id - records_once.c.record_id + 1).label("number")
    grouped = sa.select(sa.func.min(records_once.c.first).label("first"), number)
    found = grouped.group_by(records_once.c.operation_id, records_once.c.entity).subquery()
    statement = sa.select(c.operation_id, c.entity, c.record_id, c.kind, c.before, found.c.number)
    return statement.join(found, found.c.first == c.id).order_by(c.id)


_TOUCHED = _touched()


def _named(rows: Sequence[Any], verb: str) -> Any:
    """Return the row of the entity in the verb: what is deleted along with a record is written before it."""
    entity = verb.rpartition(".")[0]
    return next((row for row in rows if row.entity == entity), rows[0])


def _subject(view: View, row: Any, number: int, titles: lookup.Titles) -> dict[str, Any]:
    entity = view.work.registry.entities.get(row.entity)
    title = titles.get(row.entity, {}).get(row.record_id, "")
    url = f"/{entity.slug}/{row.record_id}" if entity and title else ""
    if entity and not title and row.kind == "delete":
        title = _title_of_deleted(view, entity, row)
    more = view.formats.number(int(number) - 1)
    others = view.say("and {number} more", number=more) if number > 1 else ""
    return {
        "title": " ".join(title.split())[:LONGEST_TITLE],
        "url": url,
        "others": others,
    }


def _title_of_deleted(view: View, entity: Entity, row: Any) -> str:
    """Return what a record was called that is no longer there, for those who might have read it."""
    may_read = view.may(f"{entity.name}.read") and entity.title in readable_fields(view.work, entity)
    return str((row.before or {}).get(entity.title) or "") if may_read else ""


def operation_of(view: View, row: Any) -> dict[str, Any]:
    """Return an operation as a template shows it."""
    return {
        "id": row.id,
        "time": view.formats.time(row.started_at),
        "who": sentences.who(view, row.actor_name),
        "mark": mark_of(row.actor_name),
        "tone": tone_of(row.actor_name),
        "deed": sentences.deed(view, row.verb),
        "door": sentences.door(view, row.door),
        "reason": row.reason,
        "cause": row.cause,
        "state": row.state,
        "can_undo": row.state == "done" and row.undoable,
    }


def _people(view: View) -> list[tuple[str, str]]:
    if not view.work.actor.is_admin:
        return []
    found = lookup.offers_of(view.work, ["core.user"]).get("core.user", {})
    return [(str(i), name) for i, name in found.items()]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def show_operation(call: Call, work: UnitOfWork) -> Reply:
    """Show what one operation changed, and what undoing it would do."""
    view = view_of(call, work)
    row = _operation(work, call.path["id"])
    groups, more = _changed(view, row.id)
    preview = _preview(view, row) if more <= MOST_PREVIEWED else {"undone": more, "kept": []}
    data = {"view": view, "operation": operation_of(view, row), "at": view.formats.precise(row.started_at)}
    return Reply({**data, "groups": groups, "more": more, "preview": preview}, "operation.html")


def _operation(work: UnitOfWork, operation_id: int) -> Any:
    rows = work.rows(sa.select(operation).where(operation.c.id == operation_id))
    if not rows or not (work.actor.is_admin or rows[0].actor_id == work.actor.id):
        raise NotFound(entity="operation", id=operation_id)
    return rows[0]


def _changed(view: View, operation_id: int) -> tuple[list[dict[str, Any]], int]:
    """Return the first records that an operation changed, and how many more there are."""
    columns = [change_table.c[n] for n in ("entity", "record_id", "last_id", "kind")]
    statement = sa.select(*columns).where(change_table.c.operation_id == operation_id)
    found: dict[tuple[str, int], str] = {}
    total = 0
    for row in view.work.rows(statement.order_by(change_table.c.id).limit(MOST_CHANGES)):
        total += row.last_id - row.record_id
        for record_id in range(row.record_id, min(row.last_id, row.record_id + SHOWN_RECORDS) + 1):
            found.setdefault((row.entity, record_id), row.kind)
    shown = list(found.items())[:SHOWN_RECORDS]
    wanted: dict[str, set[int]] = {}
    for (name, record_id), _ in shown:
        wanted.setdefault(name, set()).add(record_id)
    titles = lookup.titles_of(view.work, wanted)
    groups = [_group(view, key, kind, titles, operation_id) for key, kind in shown]
    return groups, max(len(found), total + 1) - len(shown)


def _group(
    view: View, key: tuple[str, int], kind: str, titles: lookup.Titles, operation_id: int
) -> dict[str, Any]:
    name, record_id = key
    entity, title = view.work.registry.entities.get(name), titles.get(name, {}).get(record_id)
    shown = {
        "label": view.label(entity) if entity else name,
        "title": title or f"#{record_id}",
        "url": f"/{entity.slug}/{record_id}" if entity and title else "",
        "kind": KINDS.get(kind, kind),
    }
    # A create holds no values, and a record that is gone has no history that could be read.
    if entity is None or title is None or kind == "create" or name in view.work.registry.extended:
        return {**shown, "changes": []}
    own = [each for each in records.history(view.work, name, record_id) if each.operation_id == operation_id]
    steps = [step for entry in own for step in entry.changes]
    return {**shown, "changes": steps_of(view, entity, steps, lookup.titles_of(view.work, _wanted(own)))}


KINDS = {
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "restore": "restored",
    "archive": "archived",
    "unarchive": "taken out of the archive",
}


def _preview(view: View, row: Any) -> dict[str, Any] | None:
    if row.state != "done" or not row.undoable:
        return None
    try:
        result = records.preview_undo(view.work, row.id)
    except CrmError:
        return None
    return {"undone": result.undone, "kept": _kept(view, result.kept)}


def _kept(view: View, kept: Sequence[Any]) -> list[dict[str, str]]:
    wanted: dict[str, set[int]] = {}
    for each in kept:
        wanted.setdefault(each.entity, set()).add(each.record_id)
    titles = lookup.titles_of(view.work, wanted)
    found = []
    for each in kept:
        entity = view.work.registry.entities.get(each.entity)
        title = titles.get(each.entity, {}).get(each.record_id, f"#{each.record_id}")
        url = f"/{entity.slug}/{each.record_id}" if entity else ""
        found.append({"title": title, "url": url, "reason": view.say(each.reason)})
    return found


def undo(call: Call, work: UnitOfWork) -> Reply:
    """Undo an operation; when something stands in the way, show it and offer the rest."""
    view, operation_id = view_of(call, work), call.path["id"]
    partly = bool(call.form.get("partly"))
    back = local_path(call.form.get("back", ""))
    url = back if back != "/" or call.form.get("back") == "/" else "/journal"
    try:
        return change(call, work, lambda w: records.undo(w, operation_id, partly=partly), url)
    except UndoConflict as error:
        row = _operation(work, operation_id)
        groups, more = _changed(view, row.id)
        preview = {"undone": 0, "kept": _kept(view, error.data["conflicts"])}
        preview["undone"] = (_preview(view, row) or preview)["undone"]
        data = {
            "view": view,
            "operation": operation_of(view, row),
            "at": view.formats.precise(row.started_at),
        }
        return Reply(
            {**data, "groups": groups, "more": more, "preview": preview}, "operation.html", error.status
        )
