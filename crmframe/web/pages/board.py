"""A board: a column per choice or referred record, cards with a way to move them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.access.fields import readable_fields, writable_fields
from crmframe.core.contributions import Action
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.records import Query
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages import cells, conditions, listing, lookup, views
from crmframe.web.pages.missing import missing_for
from crmframe.web.pages.tones import mark_of, tone_of
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

CARDS = 20
COLUMNS = 12
KIND_TONES = {"won": "green", "lost": "red"}
Column = tuple[Any, str, str]
"""A column's value, its label and its tone."""


def show_board(call: Call, work: UnitOfWork) -> Reply:
    """Show the board of an entity that names a field for it."""
    view, entity = view_of(call, work), entity_at(call, work)
    if not entity.board or entity.board not in readable_fields(work, entity):
        raise NoSuchPage(path=call.url)
    here = views.opened(call, work, entity, "board")
    if here.elsewhere:
        return Reply(location=here.elsewhere)
    return Reply(_board(replace(view, call=here.call), entity, here), "board.html")


def _board(view: View, entity: Entity, here: views.Opened) -> dict[str, Any]:
    field = view.work.schema.field(entity, entity.board)
    fields = _card_fields(view, entity)
    pairs = [pair for pair in view.call.query if pair[0] not in listing.OWN]
    where = listing.where_of(view.work, entity, pairs)
    columns = _columns(view, field)
    pages = [_page(view, entity, where, field, value, fields) for value, *_ in columns]
    rows = [row for page, _ in pages for row in page]
    titles = lookup.titles_of(view.work, lookup.wanted_of(fields, rows))
    badges = listing.badges_of(view, _as_listing(view, entity, where, fields, rows))
    show = _Cards(view, entity, fields, titles, badges)
    targets = [(str(value), label) for value, label, _ in columns]
    return {
        "view": view,
        "entity": entity,
        "title": view.plural(entity),
        "columns": [
            {
                "value": value,
                "label": label,
                "tone": tone,
                "count": f"{len(found)}{'+' if more else ''}",
                "cards": [show.card(row) for row in found],
                "more": listing.link(f"/{entity.slug}", pairs, **{field.name: str(value)}) if more else "",
            }
            for (value, label, tone), (found, more) in zip(columns, pages, strict=True)
        ],
        "move": _way_to_move(view, entity, field),
        "targets": targets,
        "base": f"/{entity.slug}",
        **views.tabs_of(view, entity, here, "board"),
        "here": listing.link(view.call.url, pairs),
        "list_link": listing.link(f"/{entity.slug}", pairs),
        "parts": conditions.parts_of(view, _as_listing(view, entity, where, fields, rows)),
        "may_create": view.may(f"{entity.name}.create"),
        "missing": [] if rows else missing_for(view, entity),
    }


def _as_listing(
    view: View,
    entity: Entity,
    where: filters.Node | None,
    fields: Sequence[Field],
    rows: Sequence[Mapping[str, Any]],
) -> listing.Listing:
    pairs = [pair for pair in view.call.query if pair[0] not in listing.OWN]
    page = records.Page((), (), None)
    return listing.Listing(entity, Query(where=where), pairs, fields, page, rows)


def _columns(view: View, field: Field) -> list[Column]:
    if field.kind.name == "choice":
        return [
            (c.value, cells.choice_label(view, field, c.value), c.tone)
            for c in field.kind.choices  # type: ignore[attr-defined]
        ]
    target = view.work.registry.entity(field.kind.entity)  # type: ignore[attr-defined]
    readable = readable_fields(view.work, target)
    wanted = tuple(n for n in ("id", target.title, "kind") if n in readable)
    query = Query(columns=wanted, limit=COLUMNS)
    rows = records.select(view.work, target.name, query).records()
    return [
        (
            row["id"],
            str(row.get(target.title) or row["id"]),
            KIND_TONES.get(row.get("kind", ""), tone_of(str(row["id"]))),
        )
        for row in rows
    ]


def _card_fields(view: View, entity: Entity) -> list[Field]:
    known, readable = view.work.schema.fields(entity), readable_fields(view.work, entity)
    wanted = [n for n in entity.in_list if n in readable and n not in (entity.title, entity.board)]
    currencies = {getattr(known[name].kind, "currency", "") for name in wanted}
    return [known[name] for name in wanted if name not in currencies]


def _page(
    view: View, entity: Entity, where: filters.Node | None, field: Field, value: Any, fields: Sequence[Field]
) -> tuple[list[dict[str, Any]], bool]:
    mine = filters.Condition(field.name, "eq", value)
    node = filters.all_of([mine, where]) if where is not None else mine
    readable = readable_fields(view.work, entity)
    move = _move_of(view, entity)
    state = move.filled if move is not None else ()
    columns = dict.fromkeys(("id", "version", entity.title, *state, *cells.needed_columns(fields)))
    query = Query(where=node, columns=tuple(n for n in columns if n in readable), limit=CARDS)
    page = records.select(view.work, entity.name, query)
    return page.records(), page.next is not None


def _move_of(view: View, entity: Entity) -> Action | None:
    found: Action | None = view.work.registry.actions.get(entity.name, {}).get("move")
    return found


def _way_to_move(view: View, entity: Entity, field: Field) -> dict[str, str] | None:
    """Return where the "move to" control of a card posts: the action for it, or a plain change."""
    action = _move_of(view, entity)
    if action is not None and action.input and field.name in action.input.model_fields:
        return {"verb": "move", "name": field.name, "field": ""} if view.may(f"{entity.name}.move") else None
    if view.may(f"{entity.name}.update") and field.name in writable_fields(view.work, entity):
        return {"verb": "set", "name": "value", "field": field.name}
    return None


class _Cards:
    """Makes cards: name, the record it belongs to, amount, dates, the owner's mark."""

    def __init__(
        self,
        view: View,
        entity: Entity,
        fields: Sequence[Field],
        titles: lookup.Titles,
        badges: Mapping[int, Any],
    ) -> None:
        self.entity, self.badges = entity, badges
        self.move = _move_of(view, entity)
        self.shows = [(f, cells.renderer(view, entity, f, titles)) for f in fields]

    def card(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a card."""
        title = str(row.get(self.entity.title) or row["id"])
        shown = [
            (f, cell) for f, show in self.shows if (cell := show(row.get(f.name), row)) is not cells.EMPTY
        ]
        people = [cell for f, cell in shown if _is_person(f)]
        parents = [cell for f, cell in shown if f.kind.name == "reference" and not _is_person(f)]
        amounts = [cell for f, cell in shown if f.kind.name == "money"]
        rest = [cell for f, cell in shown if f.kind.name not in ("reference", "money")]
        return {
            "id": row["id"],
            "movable": self.move is None or self.move.is_offered(row),
            "version": row.get("version", ""),
            "title": title,
            "href": f"/{self.entity.slug}/{row['id']}",
            "parent": parents[0] if parents else None,
            "parent_mark": mark_of(parents[0].text) if parents else "",
            "parent_tone": tone_of(parents[0].text) if parents else "",
            "amount": amounts[0].text if amounts else "",
            "rest": rest[:3],
            "person": people[0].text if people else "",
            "person_mark": mark_of(people[0].text) if people else "",
            "person_tone": tone_of(people[0].text) if people else "",
            "badges": self.badges.get(row["id"], []),
        }


def _is_person(field: Field) -> bool:
    return field.kind.name == "reference" and field.kind.entity == "core.user"  # type: ignore[attr-defined]
