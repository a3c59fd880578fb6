"""What people keep at hand of records: favorites, tags, and what they looked at last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.access.policy import targets
from crmframe.core.access.term import ALL, Term
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.filters import Condition
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import InvalidInput
from crmframe.core.records import Query, rights
from crmframe.core.storage.dialect import in_set
from crmframe.web.auth import local_path
from crmframe.web.pages import lookup
from crmframe.web.pages.doing import change
from crmframe.web.pages.inputs import reference_options
from crmframe.web.pages.listing import Listing
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

FAVORITE, LINK, TAG = "core.favorite", "core.tag_link", "core.tag"
MOST = 20
NOTHING_KEPT: Mapping[str, Any] = {"tags": [], "is_favorite": False, "may_favor": False, "may_tag": False}


def kept_of(view: View, entity: Entity, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return whether the record is a favorite of the reader's, and its tags: one statement."""
    work, about = view.work, f"{entity.name}:{record['id']}"
    parts, values = _parts(work), {"about": about, "me": work.actor.id}
    for _, *terms in parts:
        for term in terms:
            values |= term.values
    tags, star = [], False
    if parts:
        for place, number, name, tone in work.connection.execute(_statement(work, parts), values):
            if place == 0:
                star = True
            else:
                tags.append((number, name, tone))
    taggable = entity.group != "administration" and view.may(f"{LINK}.create")
    return {
        "tags": tags,
        "is_favorite": star,
        "may_favor": may_favor(view, entity),
        "may_tag": taggable and view.may(f"{TAG}.read"),
    }


def may_favor(view: View, entity: Entity) -> bool:
    """Return whether the reader may make records of the entity favorites."""
    if not view.is_signed_in or not view.may(f"{FAVORITE}.create") or not _reads_favorites(view):
        return False
    return entity in targets(view.work, view.work.schema.entity(FAVORITE))


def _reads_favorites(view: View) -> bool:
    needed = {"user_id", "about"}
    return view.may(f"{FAVORITE}.read") and needed <= records.readable(view.work, FAVORITE)


def stars_of(view: View, entity: Entity, found: Listing) -> dict[str, Any]:
    """Return which records of a page of a list are favorites of the reader's: one statement, by the unique index."""
    ids = [] if found.query.as_of is not None else [row["id"] for row in found.rows]
    if not ids or not may_favor(view, entity):
        return {"may_favor": False, "starred": frozenset()}
    favorite = view.work.schema.entity(FAVORITE).table
    mine = favorite.c.user_id == sa.bindparam("me", type_=favorite.c.user_id.type)
    chosen = sa.select(favorite.c.about).where(mine, in_set(favorite.c.about, "abouts"))
    values = {"me": view.work.actor.id, "abouts": [f"{entity.name}:{number}" for number in ids]}
    abouts = view.work.connection.execute(chosen, values).scalars()
    return {"may_favor": True, "starred": frozenset(int(about.rpartition(":")[2]) for about in abouts)}


def show_at_hand(call: Call, work: UnitOfWork) -> Reply:
    """Answer with the favorites and what was looked at last, for the sidebar, which asks when it is opened."""
    return Reply(at_hand(view_of(call, work)), "_hand.html")


def _parts(work: UnitOfWork) -> list[tuple[int, Term, Term]]:
    """Return which of the two to ask for, each with the actor's policy on it."""
    found = []
    if work.actor.may(f"{FAVORITE}.read"):
        found.append((0, rights.granted(work, work.schema.entity(FAVORITE), "read"), ALL))
    link, tag = work.schema.entity(LINK), work.schema.entity(TAG)
    named = {"name", "tone"} <= readable_fields(work, tag)
    if work.actor.may(f"{LINK}.read") and work.actor.may(f"{TAG}.read") and named:
        found.append((1, rights.granted(work, link, "read"), rights.granted(work, tag, "read")))
    return found


def _statement(work: UnitOfWork, parts: Iterable[tuple[int, Term, Term]]) -> Any:
    key = ("kept_of_record", *((place, *(term.shape for term in terms)) for place, *terms in parts))
    statement = work.schema.statements.get(key)
    if statement is None:
        statement = work.schema.statements[key] = sa.union_all(*(_part(work, *part) for part in parts))
    return statement


def _part(work: UnitOfWork, place: int, term: Term, of_tag: Term) -> sa.Select[Any]:
    number = sa.literal_column(str(place), sa.Integer).label("place")
    about = sa.bindparam("about", type_=sa.String)
    if place == 0:
        favorite = work.schema.entity(FAVORITE).table
        nothing = sa.cast(sa.null(), sa.String)
        mine = favorite.c.user_id == sa.bindparam("me", type_=favorite.c.user_id.type)
        chosen = sa.select(number, favorite.c.id, nothing, nothing)
        return chosen.where(favorite.c.about == about, mine, term.build(favorite))
    link, tag = work.schema.entity(LINK).table, work.schema.entity(TAG).table
    joined = link.join(tag, tag.c.id == link.c.tag_id)
    chosen = sa.select(number, link.c.id, tag.c.name, tag.c.tone).select_from(joined)
    return chosen.where(link.c.about == about, term.build(link), of_tag.build(tag))


def toggle_favorite(call: Call, work: UnitOfWork) -> Reply:
    """Make a record a favorite, or none any more."""
    entity, record_id = entity_at(call, work), call.path["id"]
    records.get(work, entity.name, record_id, columns=("id",))
    about = f"{entity.name}:{record_id}"
    mine = [Condition("about", "eq", about), Condition("user_id", "eq", work.actor.id)]
    found = records.select(work, FAVORITE, Query(where=filters.all_of(mine), limit=1)).records()

    def write(writing: UnitOfWork) -> None:
        if found:
            records.delete(writing, FAVORITE, found[0]["id"])
        else:
            records.create(writing, FAVORITE, {"about": about})

    back = local_path(call.form.get("back", ""))
    return change(call, work, write, back if back != "/" else f"/{entity.slug}/{record_id}")


def show_tags(call: Call, work: UnitOfWork) -> Reply:
    """Show the tags of a record, and ask for one more."""
    view, entity = view_of(call, work), entity_at(call, work)
    return Reply(_tags(view, entity), "tags.html")


def change_tags(call: Call, work: UnitOfWork) -> Reply:
    """Put a tag on a record, or take one off."""
    view, entity, record_id = view_of(call, work), entity_at(call, work), call.path["id"]
    here = f"/{entity.slug}/{record_id}"
    taken = plain_number(call.form.get("remove", ""))
    if taken is not None:
        return change(call, work, lambda w: records.delete(w, LINK, taken), here)
    values = {"tag_id": call.form.get("tag_id", ""), "about": f"{entity.name}:{record_id}"}
    try:
        return change(call, work, lambda w: records.create(w, LINK, values), here)
    except InvalidInput as error:
        problem = view.message(error.problems[0])
        return Reply(_tags(view, entity) | {"problem": problem}, "tags.html", error.status)


def _tags(view: View, entity: Entity) -> dict[str, Any]:
    record = records.get(view.work, entity.name, view.call.path["id"])
    offered = lookup.offers_of(view.work, [TAG]).get(TAG, {})
    return {
        "view": view,
        "entity": entity,
        "title": str(record.get(entity.title) or record["id"]),
        "url": f"/{entity.slug}/{record['id']}",
        "options": reference_options(offered, None)[1:],
        "search": "/tags/options?field=id" if len(offered) >= lookup.OFFERED else "",
        "may_make": view.may(f"{TAG}.create"),
        "problem": "",
        **kept_of(view, entity, record),
    }


# --- the home page ------------------------------------------------------------------------------------


def at_hand(view: View) -> dict[str, Any]:
    """Return the reader's favorites and what the reader looked at last, for the home page."""
    work = view.work
    if not view.is_signed_in:
        return {"favorites": [], "recent": []}
    favorites: list[str] = []
    if _reads_favorites(view):
        mine = Condition("user_id", "eq", work.actor.id)
        query = Query(where=mine, columns=("id", "about"), limit=MOST)
        favorites = [row["about"] for row in records.select(work, FAVORITE, query).records()]
    recent = view.call.site.recent.of(work.connection, work.actor.id or 0)
    titles = lookup.titles_of(work, lookup.ids_by_entity((*favorites, *recent)))
    return {"favorites": _links(view, favorites, titles), "recent": _links(view, recent, titles)}


def _links(view: View, abouts: Iterable[str], titles: lookup.Titles) -> list[tuple[str, str, str, str]]:
    """Return icon, name, what it is and address of the records that the reader may see."""
    found = []
    for about in abouts:
        name, _, number = about.partition(":")
        title = titles.get(name, {}).get(int(number))
        entity = view.work.registry.entities.get(name)
        if title is not None and entity is not None:
            found.append((entity.icon, title, view.label(entity), f"/{entity.slug}/{number}"))
    return found
