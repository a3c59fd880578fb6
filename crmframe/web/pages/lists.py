"""The list of an entity, and what can be done with several of its records at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crmframe.core.entities.entity import Entity
from crmframe.core.errors import PermissionDenied
from crmframe.core.records.summing import CAP, summable, sums
from crmframe.web.pages import conditions, keeping, listing, lookup, quick, views
from crmframe.web.pages.inputs import reference_options
from crmframe.web.pages.missing import missing_for
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmframe.core.entities.field import Field
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
    return Reply(list_of(replace(view, call=here.call), entity, here), "list.html")


def list_of(view: View, entity: Entity, here: views.Opened) -> dict[str, Any]:
    """Return what the page of a list shows."""
    found = listing.read(view, entity)
    base = f"/{entity.slug}"
    more = [("after", found.page.next), *found.pairs] if found.page.next else []
    following = listing.link(base, [p for p in more if p[0] != "after"], after=found.page.next)
    asked = view.call.parameter("add_field")
    is_bare = not (found.page.rows or found.query.where or found.query.archived or found.query.matching)
    return {
        "problem": "",
        "chosen": frozenset(),
        "missing": missing_for(view, entity) if is_bare else [],
        "view": view,
        "entity": entity,
        "title": view.plural(entity),
        "quick": quick.links_of(view, entity),
        "columns": listing.columns_of(view, found),
        "rows": listing.rows_of(view, found),
        "total": listing.total_of(view, found),
        "next": following if found.page.next else "",
        "first": listing.link(base, found.pairs) if found.query.after else "",
        "parts": conditions.parts_of(view, found),
        "adding": asked or view.call.parameter("open") == "condition",
        "searched": view.call.parameter("q").strip() if found.query.matching else "",
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
        **_sums(view, found),
        "columns_offered": listing.columns_offered(view, entity, found.fields),
        "without_columns": [p for p in found.pairs if p[0] not in ("after", "columns")],
        **views.tabs_of(view, entity, here, "list"),
        **_rights(view, entity, found),
    }


def _sums(view: View, found: listing.Listing) -> dict[str, Any]:
    """Return the sums at the foot of the list when they are asked for, and else the link that asks."""
    fields = summable(found.fields)
    if not fields or not found.rows or found.query.as_of is not None:
        return {"sums": [], "sums_link": "", "sums_capped": ""}
    if not view.call.parameter("sums"):
        link = listing.link(f"/{found.entity.slug}", found.pairs, sums="1")
        return {"sums": [], "sums_link": link, "sums_capped": ""}
    totals, capped = sums(view.work, found.entity, replace(found.query, columns=(), after=None), fields)
    shown = [(view.field_label(f), _total(view, f, totals[f.name])) for f in fields]
    return {"sums": shown, "sums_link": "", "sums_capped": view.formats.number(CAP) if capped else ""}


def _total(view: View, field: Field, totals: Mapping[str, Any]) -> list[str]:
    if field.kind.name == "money":
        usual = view.work.settings.currency
        return [view.formats.money(total, currency or usual) for currency, total in sorted(totals.items())]
    return [view.formats.number(total) for total in totals.values()]


def _rights(view: View, entity: Entity, found: listing.Listing) -> dict[str, Any]:
    verbs = {verb: view.may(f"{entity.name}.{verb}") for verb in ("create", "update", "delete")}
    tags = entity.in_menu and view.may("core.tag_link.create") and view.may("core.tag.read")
    return {
        **keeping.stars_of(view, entity, found),
        "may_tag": tags,
        "may_create": verbs["create"],
        "may_update": verbs["update"],
        "may_delete": verbs["delete"],
    }


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
