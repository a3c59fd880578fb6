"""The page of one record: facts, actions, what plugins add, timeline, and what is related."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.contributions import Badge, Button, TimelineItem
from crmframe.core.entities import filters
from crmframe.core.entities.entity import STAMPS, Entity
from crmframe.core.entities.field import Field
from crmframe.core.errors import NotFound
from crmframe.core.records import Query, rights
from crmframe.kernel.dispatch import Notice
from crmframe.web.pages import actions, cells, lookup
from crmframe.web.pages.doing import entity_at
from crmframe.web.pages.listing import moment_of
from crmframe.web.pages.tones import mark_of, tone_of
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

SHOWN_ACTIVITIES = 30
SHOWN_RELATED = 5
MOST_FACTS = 6
ACTIVITY = "core.activity"
KIND_ICONS = {"call": "phone", "meeting": "users", "message": "message-square", "visit": "map-pin"}
# Kinds of fields that say by themselves which record it is.
NAMES = frozenset({"text", "long_text", "email", "phone"})


def show(call: Call, work: UnitOfWork) -> Reply:
    """Show a record, as it is or as it was."""
    view, entity = view_of(call, work), entity_at(call, work)
    moment = moment_of(view)
    record = _record(work, entity, call.path["id"], moment)
    return Reply(_page(view, entity, record, moment), "record.html")


def _record(work: UnitOfWork, entity: Entity, record_id: int, moment: datetime | None) -> dict[str, Any]:
    if moment is None:
        return records.get(work, entity.name, record_id)
    past = records.as_of(work, entity.name, record_id, moment)
    if past is None:
        raise NotFound(entity=entity.label, id=record_id)
    return past


def _page(view: View, entity: Entity, record: dict[str, Any], moment: datetime | None) -> dict[str, Any]:
    fields = _shown(view, entity, record)
    activities = [] if moment else _activities(view, entity, record["id"])
    titles = lookup.titles_of(view.work, _wanted(view, fields, record, activities))
    context = view.context(entity=entity, record=record)
    title = str(record.get(entity.title) or record["id"])
    facts = [_fact(view, entity, field, record, titles) for field in fields]
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
        "url": f"/{entity.slug}/{record['id']}",
        **_parts(view, entity, record, context, moment),
        **_timeline(view, entity, activities, titles, context, moment),
    }


def _shown(view: View, entity: Entity, record: Mapping[str, Any]) -> list[Field]:
    known = view.work.schema.fields(entity)
    hidden = {"id", "version", "archived_at", entity.title}
    currencies = {getattr(field.kind, "currency", "") for field in known.values()}
    return [known[name] for name in record if name in known and name not in {*hidden, *currencies}]


def _wanted(
    view: View, fields: Sequence[Field], record: Mapping[str, Any], activities: Sequence[Mapping[str, Any]]
) -> dict[str, set[int]]:
    wanted = lookup.wanted_of(fields, [record])
    people = {row["by_id"] for row in activities if row.get("by_id")}
    if people:
        wanted.setdefault("core.user", set()).update(people)
    return wanted


def _fact(
    view: View, entity: Entity, field: Field, record: Mapping[str, Any], titles: lookup.Titles
) -> dict[str, Any]:
    value = record[field.name]
    show = cells.renderer(view, entity, field, titles)
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
    view: View, entity: Entity, record: Mapping[str, Any], context: Any, moment: datetime | None
) -> dict[str, Any]:
    if moment is not None:
        return {
            "actions": [],
            "buttons": [],
            "badges": [],
            "panels": [],
            "related": [],
            "may": {"update": False, "delete": False},
        }
    hooks = view.work.hooks
    buttons = [b for _, b in hooks.contribute("record_buttons", context) if isinstance(b, Button)]
    rows = view.context(entity=entity, rows=[record])
    badges = [b for _, b in hooks.contribute("row_badges", rows) if isinstance(b, Badge)]
    verbs = ("update", "delete", *view.work.registry.actions.get(entity.name, {}))
    allowed = allowed_verbs(view, entity, record["id"], verbs)
    return {
        "actions": [b for b in actions.buttons_of(view, entity, record["id"]) if b["verb"] in allowed],
        "buttons": [b for b in buttons if not b.permission or view.may(b.permission)],
        "badges": badges,
        "panels": panels_of(view, entity, context),
        "related": _related(view, entity, record["id"]),
        "may": {verb: verb in allowed for verb in ("update", "delete")},
    }


def allowed_verbs(view: View, entity: Entity, record_id: int, verbs: Sequence[str]) -> set[str]:
    """Return which of *verbs* the reader may use on this very record, in one statement."""
    asked = [verb for verb in verbs if view.may(f"{entity.name}.{verb}")]
    if not asked:
        return set()
    table = entity.table
    values: dict[str, Any] = {}
    columns = []
    for verb in asked:
        term = rights.granted(view.work, entity, verb)
        columns.append(term.build(table).label(f"may_{verb}"))
        values |= term.values
    statement = sa.select(*columns).where(table.c.id == sa.bindparam("record", type_=sa.BigInteger))
    row = view.work.connection.execute(statement, {"record": record_id, **values}).first()
    return {verb for verb, may in zip(asked, row or (), strict=False) if may}


def panels_of(view: View, entity: Entity, context: Any) -> list[dict[str, Any]]:
    """Return the panels of plugins; one that fails becomes a notice in its place."""
    found = []
    for plugin, panels in view.work.hooks.collect("panels"):  # type: ignore[attr-defined]
        for panel in panels:
            if panel.entity == entity.name and (not panel.permission or view.may(panel.permission)):
                html = part_of(view, plugin, panel, context)
                if html:
                    found.append({"label": view.text(plugin, panel.label), "html": html})
    return found


def part_of(view: View, plugin: str, part: Any, context: Any) -> Any:
    """Return a panel or widget as HTML, a ``Notice`` when it fails, None when it has nothing to show."""
    render = view.call.site.renderer.part  # type: ignore[attr-defined]

    def shown(given: Any) -> Any:
        data = part.view(given)
        return None if data is None else render(view, part.template, data)

    return view.work.hooks.isolate(plugin, part.key, shown, context)  # type: ignore[attr-defined]


def _related(view: View, entity: Entity, record_id: int) -> list[dict[str, Any]]:
    """Return the first records that refer to this one, in one statement."""
    links = [
        (child, field)
        for child, field in view.work.registry.references_to(entity.name)
        if _is_shown(view, child, field)
    ]
    if not links:
        return []
    parts, values = [], {"record": record_id}
    for number, (child, field) in enumerate(links):
        term = rights.granted(view.work, child, "read")
        table = child.table
        name = child.title if child.title in readable_fields(view.work, child) else "id"
        title = sa.cast(table.c[name], sa.String).label("title")
        place = sa.literal_column(str(number), sa.Integer).label("place")
        mine = table.c[field.name] == sa.bindparam("record", type_=sa.BigInteger)
        part = sa.select(place, table.c.id, title).where(mine, term.build(table))
        part = part.order_by(table.c.id.desc()).limit(SHOWN_RELATED + 1)
        parts.append(sa.select(part.subquery()))
        values |= term.values
    rows: dict[int, list[Any]] = {}
    for place, child_id, title in view.work.connection.execute(sa.union_all(*parts), values):
        rows.setdefault(place, []).append((child_id, title))
    return [_group(view, links[n], found, record_id) for n, found in sorted(rows.items())]


def _is_shown(view: View, child: Entity, field: Field) -> bool:
    own = field.kind.name == "reference" and child.name not in view.work.registry.extended
    noise = field.name in ("owner_id", "team_id", "by_id", "created_by", "updated_by")
    return own and not noise and view.may(f"{child.name}.read") and _has_name(child)


def _has_name(child: Entity) -> bool:
    field = child.fields.get(child.title)
    return field is not None and field.source == "column" and field.kind.name in NAMES


def _group(view: View, link: tuple[Entity, Field], found: list[Any], record_id: int) -> dict[str, Any]:
    child, field = link
    new = f"/{child.slug}/new?{field.name}={record_id}"
    own = field.label == view.work.registry.entity(field.kind.entity).label  # type: ignore[attr-defined]
    return {
        "label": view.plural(child) if own else f"{view.plural(child)} · {view.field_label(field)}",
        "items": [(f"/{child.slug}/{i}", title or str(i)) for i, title in found[:SHOWN_RELATED]],
        "all": f"/{child.slug}?{field.name}={record_id}" if len(found) > SHOWN_RELATED else "",
        "new": new if view.may(f"{child.name}.create") else "",
    }


# --- timeline -----------------------------------------------------------------------------------------


def _activities(view: View, entity: Entity, record_id: int) -> Sequence[Mapping[str, Any]]:
    if not entity.has_timeline or not view.may(f"{ACTIVITY}.read"):
        return []
    about = filters.Condition("about", "eq", f"{entity.name}:{record_id}")
    names = ("id", "kind", "at", "by_id", "text", "next_step_at")
    readable = readable_fields(view.work, view.work.schema.entity(ACTIVITY))
    if not readable >= {"about", "at", "kind"}:
        return []
    columns = tuple(name for name in names if name in readable)
    query = Query(where=about, order=("-at",), columns=columns, limit=SHOWN_ACTIVITIES)
    return [{**dict.fromkeys(names), **row} for row in records.select(view.work, ACTIVITY, query).records()]


def _timeline(
    view: View,
    entity: Entity,
    activities: Sequence[Mapping[str, Any]],
    titles: lookup.Titles,
    context: Any,
    moment: datetime | None,
) -> dict[str, Any]:
    found = view.work.hooks.contribute("timeline", context) if moment is None else []
    items = [_activity(view, row, titles) for row in activities]
    items += [_contributed(item) for _, item in found if isinstance(item, TimelineItem)]
    items.sort(key=lambda item: item["at"], reverse=True)
    days: list[dict[str, Any]] = []
    for item in items:
        day = view.formats.day(view.formats.local_day(item["at"]))
        item["time"] = view.formats.time(item["at"])
        if not days or days[-1]["day"] != day:
            days.append({"day": day, "items": []})
        days[-1]["items"].append(item)
    failing = [item.plugin for _, item in found if isinstance(item, Notice)]
    composes = entity.has_timeline and moment is None and view.may(f"{ACTIVITY}.create")
    return {"days": days, "failing": failing, "composer": _composer(view) if composes else []}


def _composer(view: View) -> list[tuple[str, str, str]]:
    activity = view.work.registry.entity(ACTIVITY)
    field = activity.fields["kind"]
    names = [choice.value for choice in field.kind.choices]
    return [(n, cells.choice_label(view, field, n), KIND_ICONS.get(n, "sticky-note")) for n in names]


def _activity(view: View, row: Mapping[str, Any], titles: lookup.Titles) -> dict[str, Any]:
    field = view.work.registry.entity(ACTIVITY).fields["kind"]
    choice = field.kind.choice(row["kind"])
    return {
        "at": row["at"],
        "who": titles.get("core.user", {}).get(row["by_id"], ""),
        "title": cells.choice_label(view, field, row["kind"]),
        "text": row["text"],
        "note": "",
        "next": view.formats.instant(row["next_step_at"]) if row["next_step_at"] else "",
        "icon": KIND_ICONS.get(row["kind"], "sticky-note"),
        "tone": choice.tone if choice else "grey",
        "url": f"/activities/{row['id']}",
    }


def _contributed(item: TimelineItem) -> dict[str, Any]:
    return {
        "at": item.at,
        "who": "",
        "title": item.title,
        "text": "",
        "note": item.text,
        "next": "",
        "icon": item.icon,
        "tone": item.tone,
        "url": item.url,
    }
