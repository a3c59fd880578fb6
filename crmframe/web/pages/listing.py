"""A list of records: what the URL asks for, the rows as cells, and the links that ask for something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.contributions import Badge
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import Instant, ParseContext, ValueProblem
from crmframe.core.records import Page, Query
from crmframe.core.search.searching import narrowed_by
from crmframe.web.pages import cells, lookup, table

if TYPE_CHECKING:
    from markupsafe import Markup

    from crmframe.core.work import UnitOfWork
    from crmframe.web.pages.view import View

OWN = frozenset({"done", "sums", "add_field", "add_operator", "add_value", "open", "column"})
SIZE = 50
UNSORTABLE = frozenset({"long_text", "json", "multi_choice", "any_reference"})
# Where a value stands on the card that a row becomes on a small screen.
AREAS = {"choice": "st", "reference": "ow", "money": "am", "date": "la", "instant": "la"}
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list, read."""

    entity: Entity
    query: Query
    pairs: Pairs
    fields: Sequence[Field]
    page: Page
    rows: Sequence[Mapping[str, Any]]


def read(view: View, entity: Entity) -> Listing:
    """Read the page of a list that the URL asks for.

    Raises:
        InvalidFilter: An unknown field, operator or sort; names the allowed ones.
    """
    pairs = [pair for pair in view.call.query if pair[0] not in OWN]
    fields = shown_fields(view, entity)
    columns = list(dict.fromkeys(("id", *cells.needed_columns(fields))))
    readable = readable_fields(view.work, entity)
    query = Query(
        where=where_of(view.work, entity, pairs),
        order=_order(view, entity, readable),
        columns=tuple(name for name in columns if name in readable),
        limit=SIZE,
        after=view.call.parameter("after") or None,
        archived=view.call.parameter("archived") == "true",
        as_of=moment_of(view),
        matching=narrowed_by(view.work, entity, view.call.parameter("q")),
    )
    page = records.select(view.work, entity.name, query)
    return Listing(entity, query, pairs, fields, page, page.records())


def where_of(work: UnitOfWork, entity: Entity, pairs: Pairs) -> filters.Node | None:
    """Return the filter in a URL."""
    return filters.parse_params(
        work.schema, entity, pairs, filter_context(work), readable=lambda each: readable_fields(work, each)
    )


def filter_context(work: UnitOfWork) -> ParseContext:
    """Return what ``me`` and ``mine`` mean to this reader."""
    return replace(work.parse_context(), actor_id=work.actor.id, team_ids=work.actor.team_ids)


def _order(view: View, entity: Entity, readable: frozenset[str]) -> tuple[str, ...]:
    given = tuple(name for name in view.call.parameter("order").split(",") if name)
    # The entity's own order may name a field that this reader may not read.
    return given or tuple(n for n in entity.order if n.lstrip("-") in readable) or ("id",)


def shown_fields(view: View, entity: Entity) -> list[Field]:
    """Return the columns: those of the URL, else the entity's own with what admins and plugins added first."""
    readable = readable_fields(view.work, entity)
    known = view.work.schema.fields(entity)
    given = [name for name in view.call.parameter("columns").split(",") if name]
    names = [field.name for name in given if (field := view.work.schema.find_field(entity, name))]
    chosen = [known[name] for name in names or entity.in_list if name in readable and name in known]
    return chosen or [known[name] for name in (entity.title, "id") if name in readable]


def columns_offered(view: View, entity: Entity, chosen: Sequence[Field]) -> list[tuple[str, str, bool]]:
    """Return the fields that can be columns: those that are first, then the others by declaration."""
    readable, names = readable_fields(view.work, entity), [field.name for field in chosen]
    known = view.work.schema.fields(entity)
    others = [n for n, f in known.items() if n in readable and n not in names and f.kind.name != "json"]
    return [(name, view.field_label(known[name]), name in names) for name in (*names, *others)]


def with_columns(view: View, entity: Entity) -> str:
    """Return the address of the list with the columns that were ticked; empty when none were asked for."""
    ticked = [value for name, value in view.call.query if name == "column"]
    if not ticked:
        return ""
    kept = [pair for pair in view.call.query if pair[0] not in ("column", "columns", "done")]
    return link(f"/{entity.slug}", kept, columns=",".join(ticked))


def moment_of(view: View) -> datetime | None:
    """Return the moment of the past to show; a day means its end."""
    text = view.call.parameter("as_of")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _instant(view, text)
    if day >= view.work.today:
        return None
    return datetime.combine(day + timedelta(days=1), time(), view.work.settings.zone) - timedelta(
        microseconds=1
    )


def _instant(view: View, text: str) -> datetime | None:
    try:
        return Instant().parse(text, view.work.parse_context())
    except ValueProblem:
        return None


def link(url: str, pairs: Pairs, **changes: str | None) -> str:
    """Return a link with some parameters exchanged; None takes one away."""
    kept = [(name, value) for name, value in pairs if name not in changes and name != "after"]
    kept += [(name, value) for name, value in changes.items() if value is not None]
    return f"{url}?{urlencode(kept)}" if kept else url


# --- what the template shows --------------------------------------------------------------------------


def columns_of(view: View, listing: Listing) -> list[dict[str, Any]]:
    """Return the heads of the columns, each with the link that sorts by it."""
    base, order = f"/{listing.entity.slug}", listing.query.order
    first = order[0] if order else ""
    heads = []
    for field in listing.fields:
        is_sorted = first.lstrip("-") in (field.name, field.short_name)
        descending = is_sorted and first.startswith("-")
        name = field.name if descending or not is_sorted else f"-{field.name}"
        sortable = field.kind.name not in UNSORTABLE
        heads.append(
            {
                "label": view.field_label(field),
                "css": cells.css_of(field),
                "href": link(base, listing.pairs, order=name) if sortable else "",
                "sort": ("descending" if descending else "ascending") if is_sorted else "",
            }
        )
    return heads


def rows_of(view: View, listing: Listing) -> list[tuple[int, str, Markup]]:
    """Return per row: id, name, and its cells as HTML."""
    titles = lookup.titles_of(view.work, lookup.wanted_of(listing.fields, listing.rows))
    areas = _areas(listing)
    columns = [
        (cells.renderer(view, listing.entity, field, titles), field.name, table.column(area))
        for field, area in zip(listing.fields, areas, strict=True)
    ]
    badges = badges_of(view, listing)
    base = f"/{listing.entity.slug}"
    main = next((n for n, f in enumerate(listing.fields) if f.name == listing.entity.title), 0)
    name_of, title, _ = columns[main]
    rows = []
    for row in listing.rows:
        name, number = name_of(row.get(title), row).text, row["id"]
        line = [html(show(row.get(column), row)) for show, column, html in columns]
        line[main] = table.main_cell(name, f"{base}/{number}", badges.get(number, ()))
        rows.append((number, name, table.joined(line)))
    return rows


def _areas(listing: Listing) -> list[str]:
    taken: set[str] = set()
    areas = []
    for field in listing.fields:
        area = "" if field.name == listing.entity.title else AREAS.get(field.kind.name, "in")
        areas.append("" if area in taken else area)
        taken.add(area)
    return areas


def badges_of(view: View, listing: Listing) -> dict[int, list[Badge]]:
    """Return the marks that plugins put on the rows; what a failing plugin would have put is left out."""
    context = view.context(entity=listing.entity, rows=listing.rows)
    found: dict[int, list[Badge]] = {}
    for _, badge in view.work.hooks.contribute("row_badges", context) if listing.rows else ():
        if isinstance(badge, Badge):
            found.setdefault(badge.record_id, []).append(badge)
    return found


def total_of(view: View, listing: Listing) -> str:
    """Return how many match: counted only when the page does not tell it itself."""
    number = view.formats.number
    if listing.page.next is None and listing.query.after is None:
        return number(len(listing.rows))
    if listing.query.as_of is not None:
        return ""
    found = records.count(view.work, listing.entity.name, replace(listing.query, after=None))
    return f"{number(found.value)}+" if found.capped else number(found.value)
