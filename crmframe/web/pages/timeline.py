"""The timeline of a record's page: what happened, with comments, page by page; and what is planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from crmframe.core.activities import timeline
from crmframe.core.activities.timeline import ACTIVITY, APPOINTMENT, TASK, Entry, Place
from crmframe.core.contributions import TimelineItem
from crmframe.core.entities.entity import Entity
from crmframe.kernel.dispatch import Notice
from crmframe.web.pages import cells, lookup
from crmframe.web.pages.follow_up import KIND_ICONS
from crmframe.web.pages.tones import mark_of, tone_of

if TYPE_CHECKING:
    from crmframe.web.pages.view import View

SHOWN = 30
BEFORE = "before"
FIELDS: Mapping[str, str] = {ACTIVITY: "kind", APPOINTMENT: "state"}
ICONS: Mapping[str, str] = {**KIND_ICONS, "done": "circle-check"}


@dataclass(frozen=True, slots=True)
class Past:
    """One page of a timeline, read.

    Attributes:
        entries: One more than is shown when there are more.
        added: What plugins contribute, each at its place.
    """

    entries: Sequence[Entry]
    comments: Mapping[int, Sequence[Any]]
    added: Sequence[tuple[Place, TimelineItem]]
    failing: Sequence[str]
    before: Place | None

    @property
    def people(self) -> set[int]:
        """Return the users whose names are wanted."""
        found = {entry.by_id for entry in self.entries}
        found |= {row.created_by for rows in self.comments.values() for row in rows}
        return {each for each in found if each is not None}


def read(view: View, entity: Entity, record_id: int, context: Any) -> Past:
    """Read the page that the URL asks for, the newest unless it says otherwise."""
    before = Place.parse(view.call.parameter(BEFORE))
    found: Sequence[Entry] = ()
    if entity.has_timeline:
        found = timeline.entries(view.work, f"{entity.name}:{record_id}", SHOWN + 1, before)
    given = view.work.hooks.contribute("timeline", context)
    items = [item for _, item in given if isinstance(item, TimelineItem)]
    placed = [(Place(item.at, 0, len(items) - n), item) for n, item in enumerate(items)]
    return Past(
        found,
        timeline.comments(view.work, [e.place.number for e in found if e.entity == ACTIVITY]),
        [(place, item) for place, item in placed if before is None or place < before],
        [item.plugin for _, item in given if isinstance(item, Notice)],
        before,
    )


def shown(view: View, past: Past, titles: lookup.Titles, url: str) -> dict[str, Any]:
    """Return the page as its template shows it: by day, newest first."""
    given: list[tuple[Place, dict[str, Any]]] = [
        (entry.place, _entry(view, entry, past, titles))
        for entry in past.entries
        if not _is_covered(entry, [item for _, item in past.added])
    ]
    given += [(place, _contributed(item)) for place, item in past.added]
    given.sort(key=lambda pair: pair[0], reverse=True)
    more = len(given) > SHOWN or len(past.entries) > SHOWN
    page = given[:SHOWN]
    older = f"{url}?{urlencode({BEFORE: str(page[-1][0])})}" if more and page else ""
    return {
        "days": _by_day(view, page),
        "failing": past.failing,
        "older": older,
        "newest": url if past.before else "",
        "comments": view.may("core.comment.create"),
    }


def _by_day(view: View, page: Sequence[tuple[Place, dict[str, Any]]]) -> list[dict[str, Any]]:
    days: list[dict[str, Any]] = []
    for place, item in page:
        day = view.formats.day(view.formats.local_day(place.at))
        if not days or days[-1]["day"] != day:
            days.append({"day": day, "items": []})
        days[-1]["items"].append({**item, "time": view.formats.time(place.at)})
    return days


def _is_covered(entry: Entry, added: Sequence[TimelineItem]) -> bool:
    """Return whether an entry of a plugin says in the reader's language what this note was written to say."""
    is_note = entry.entity == ACTIVITY and entry.kind == "note"
    return is_note and any(i.covers and i.at == entry.place.at and i.covers in entry.text for i in added)


def _entry(view: View, entry: Entry, past: Past, titles: lookup.Titles) -> dict[str, Any]:
    entity = view.work.registry.entity(entry.entity)
    users = titles.get("core.user", {})
    is_activity = entry.entity == ACTIVITY
    label, tone = _label(view, entity, entry.kind)
    rows = past.comments.get(entry.place.number, ()) if is_activity else ()
    return {
        "id": entry.place.number if is_activity else None,
        "who": users.get(entry.by_id or 0, ""),
        "title": label,
        "text": entry.text,
        "note": "",
        "next": view.formats.instant(entry.next_at) if entry.next_at and is_activity else "",
        "icon": ICONS.get(entry.kind, "sticky-note" if is_activity else entity.icon),
        "tone": tone,
        "url": f"/{entity.slug}/{entry.place.number}",
        "comments": [_comment(view, row, users) for row in rows],
    }


def _label(view: View, entity: Entity, kind: str) -> tuple[str, str]:
    """Return what an entry is called, and its tone."""
    if entity.name == TASK:
        return view.say("Task done"), "green"
    field = view.work.schema.fields(entity)[FIELDS[entity.name]]
    choice = field.kind.choice(kind)  # type: ignore[attr-defined]
    label = cells.choice_label(view, field, kind)
    text = label if entity.name == ACTIVITY else f"{view.label(entity)} · {label}"
    return text, choice.tone if choice else "grey"


def _comment(view: View, row: Any, users: Mapping[int, str]) -> dict[str, Any]:
    name = users.get(row.created_by or 0, "")
    return {
        "who": name,
        "mark": mark_of(name),
        "tone": tone_of(name),
        "text": row.text,
        "at": view.formats.instant(row.created_at),
        "url": f"/comments/{row.id}",
    }


def _contributed(item: TimelineItem) -> dict[str, Any]:
    return {
        "id": None,
        "who": "",
        "title": item.title,
        "text": "",
        "note": item.text,
        "next": "",
        "icon": item.icon,
        "tone": item.tone,
        "url": item.url,
        "comments": (),
    }


def plans_of(view: View, entity: Entity, record_id: int) -> dict[str, Any] | None:
    """Return what is to come of a record; None where nothing can be planned."""
    if not entity.has_timeline or not (view.may("core.task.read") or view.may("core.appointment.read")):
        return None
    about = f"{entity.name}:{record_id}"
    items = [_plan(view, row) for row in timeline.planned(view.work, about)]
    new = [
        (view.one(e), f"/{e.slug}/new?{urlencode({'about': about})}", e.icon)
        for name in (TASK, APPOINTMENT)
        if view.may(f"{name}.create") and (e := view.work.registry.entity(name))
    ]
    return {"items": items, "new": new} if items or new else None


def _plan(view: View, row: Any) -> dict[str, Any]:
    entity = view.work.registry.entity(row.entity)
    is_task = row.entity == TASK
    return {
        "title": row.title,
        "url": f"/{entity.slug}/{row.id}",
        "icon": entity.icon,
        "at": view.formats.instant(row.at) if row.at else "",
        "late": row.at is not None and row.at < view.work.now,
        "complete": f"/tasks/{row.id}/complete" if is_task and view.may(f"{TASK}.complete") else "",
    }
