"""The page of one record: facts, actions, what plugins add, timeline, and what is related."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.contributions import Badge, Button
from crmframe.core.entities.entity import STAMPS, Entity
from crmframe.core.entities.field import Field
from crmframe.core.errors import NotFound
from crmframe.core.workspace.maps import map_link
from crmframe.kernel.dispatch import Notice
from crmframe.web.pages import actions, cells, lookup, timeline
from crmframe.web.pages.files import files_of
from crmframe.web.pages.follow_up import composer_of
from crmframe.web.pages.keeping import NOTHING_KEPT, kept_of
from crmframe.web.pages.listing import moment_of
from crmframe.web.pages.related import related_of
from crmframe.web.pages.tones import mark_of, tone_of
from crmframe.web.pages.view import View, view_of
from crmframe.web.pdf import can_pdf
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

MOST_FACTS = 6
NO_TIMELINE: Mapping[str, Any] = {"days": [], "failing": [], "older": "", "newest": ""}


def show(call: Call, work: UnitOfWork) -> Reply:
    """Show a record, as it is or as it was."""
    view, entity = view_of(call, work), entity_at(call, work)
    moment = moment_of(view)
    record, allowed = record_of(work, entity, call.path["id"], moment)
    if moment is None and work.actor.id is not None:
        call.site.recent.note(work.actor.id, f"{entity.name}:{record['id']}", work.now)
    return Reply(page_of(view, entity, record, allowed, moment), "record.html")


def record_of(
    work: UnitOfWork, entity: Entity, record_id: int, moment: datetime | None
) -> tuple[dict[str, Any], set[str]]:
    """Return the record, and which of its verbs the reader may use on it; none in the past."""
    if moment is None:
        verbs = ("update", "delete", *work.registry.actions.get(entity.name, {}))
        return records.get_and_verbs(work, entity.name, record_id, verbs)
    past = records.as_of(work, entity.name, record_id, moment)
    if past is None:
        raise NotFound(entity=entity.label, id=record_id)
    return past, set()


def page_of(
    view: View,
    entity: Entity,
    record: dict[str, Any],
    allowed: set[str],
    moment: datetime | None,
    *,
    exact: bool = False,
) -> dict[str, Any]:
    """Return what the page of a record shows, and its printed sheet, where moments are *exact*: paper stays."""
    fields = _shown(view, entity, record)
    context, url = view.context(entity=entity, record=record), f"/{entity.slug}/{record['id']}"
    past = None if moment else timeline.read(view, entity, record["id"], context)
    titles = lookup.titles_of(view.work, _wanted(fields, record, past))
    title = str(record.get(entity.title) or record["id"])
    facts = [_fact(view, entity, field, record, titles, exact) for field in fields]
    head = [fact for fact in facts if fact["name"] in entity.in_list and fact["cell"] is not cells.EMPTY]
    return {
        "view": view,
        "entity": entity,
        "record": record,
        "title": title,
        "mark": mark_of(title),
        "tone": tone_of(title),
        "plural": view.plural(entity),
        "pills": [fact for fact in head if fact["cell"].tone],
        "head": [fact for fact in head if not fact["cell"].tone][:MOST_FACTS],
        "facts": [fact for fact in facts if fact["cell"] is not cells.EMPTY and not fact["stamp"]],
        "blank": [fact for fact in facts if fact["cell"] is cells.EMPTY and not fact["stamp"]],
        "stamps": [fact for fact in facts if fact["stamp"]],
        "moment": view.formats.precise(moment) if moment else "",
        "as_of": view.call.parameter("as_of"),
        "can_pdf": can_pdf(),
        "map": dict(zip(("field", "url"), map_link(view.work, entity, record), strict=True)),
        **(kept_of(view, entity, record) if moment is None else NOTHING_KEPT),
        "url": url,
        "composer": None if moment else composer_of(view, entity, record),
        "plans": None if moment else timeline.plans_of(view, entity, record["id"]),
        **_parts(view, entity, record, allowed, context, moment),
        **(timeline.shown(view, past, titles, url) if past else NO_TIMELINE),
    }


def _shown(view: View, entity: Entity, record: Mapping[str, Any]) -> list[Field]:
    known = view.work.schema.fields(entity)
    hidden = {"id", "version", "archived_at", entity.title}
    currencies = {getattr(field.kind, "currency", "") for field in known.values()}
    return [known[name] for name in record if name in known and name not in {*hidden, *currencies}]


def _wanted(
    fields: Sequence[Field], record: Mapping[str, Any], past: timeline.Past | None
) -> dict[str, set[int]]:
    wanted = lookup.wanted_of(fields, [record])
    if past is not None and past.people:
        wanted.setdefault("core.user", set()).update(past.people)
    return wanted


def _fact(
    view: View, entity: Entity, field: Field, record: Mapping[str, Any], titles: lookup.Titles, exact: bool
) -> dict[str, Any]:
    value = record[field.name]
    show = cells.renderer(view, entity, field, titles, exact=exact)
    cell = show(value, record)
    long = field.kind.name == "long_text" and value
    return {
        "name": field.name,
        "label": view.field_label(field),
        "cell": cell,
        "long": value if long else "",
        "stamp": field.name in STAMPS,
    }


# --- what plugins and other records add ---------------------------------------------------------------


def _parts(
    view: View,
    entity: Entity,
    record: Mapping[str, Any],
    allowed: set[str],
    context: Any,
    moment: datetime | None,
) -> dict[str, Any]:
    if moment is not None:
        return {
            "actions": [],
            "buttons": [],
            "badges": [],
            "panels": [],
            "files": None,
            "related": [],
            "may": {"update": False, "delete": False},
        }
    hooks = view.work.hooks
    buttons = [b for _, b in hooks.contribute("record_buttons", context) if isinstance(b, Button)]
    rows = view.context(entity=entity, rows=[record])
    panels = panels_of(view, entity, context)
    shown = {panel["shows"] for panel in panels}
    badges = [b for _, b in hooks.contribute("row_badges", rows) if isinstance(b, Badge)]
    return {
        "actions": [b for b in actions.buttons_of(view, entity, record) if b["verb"] in allowed],
        "buttons": [b for b in buttons if not b.permission or view.may(b.permission)],
        "badges": badges,
        "panels": panels,
        "files": files_of(view, entity, record),
        "related": [g for g in related_of(view, entity, record["id"]) if g["entity"] not in shown],
        "may": {verb: verb in allowed for verb in ("update", "delete")},
    }


def panels_of(view: View, entity: Entity, context: Any) -> list[dict[str, Any]]:
    """Return the panels of plugins; one that fails becomes a notice in its place."""
    found = []
    for plugin, panels in view.work.hooks.collect("panels"):
        for panel in panels:
            if panel.entity == entity.name and (not panel.permission or view.may(panel.permission)):
                html = part_of(view, plugin, panel, context)
                if html:
                    shows = "" if isinstance(html, Notice) else panel.shows
                    label = view.text(plugin, panel.label)
                    found.append({"label": label, "html": html, "shows": shows})
    return found


def part_of(view: View, plugin: str, part: Any, context: Any) -> Any:
    """Return a panel or widget as HTML, a ``Notice`` when it fails, None when it has nothing to show."""
    render = view.call.site.renderer.part  # type: ignore[attr-defined]

    def shown(given: Any) -> Any:
        data = part.view(given)
        return None if data is None else render(view, part.template, data)

    return view.work.hooks.isolate(plugin, part.key, shown, context)  # type: ignore[attr-defined]
