"""Saved views: which ones somebody has for an entity, and what is left of one for a reader of other rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.filters import Condition
from crmframe.core.errors import InvalidFilter
from crmframe.core.records import Query

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

SAVED, DEFAULT = "core.saved_view", "core.default_view"
MOST, MOST_PARAMETERS = 60, 200
# Where in a list, when, and under which name somebody stood is no part of a view.
PASSING = frozenset({"after", "page", "limit", "as_of", "view"})
NAMING = ("order", "columns")
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class OpenView:
    """A view for one reader: ``pairs`` are the parameters of its list, ``lost`` those the reader cannot ask for."""

    id: int
    name: str
    display: str
    pairs: Pairs
    visibility: str
    is_own: bool
    version: int
    position: int
    lost: tuple[str, ...] = ()


def views_of(work: UnitOfWork, entity: Entity) -> list[OpenView]:
    """Return the views of *entity* that are the actor's, or shown to the actor by others."""
    who = work.actor
    if who.id is None or not who.may(f"{SAVED}.read"):
        return []
    mine = [Condition("owner_id", "eq", who.id), Condition("visibility", "eq", "all")]
    if who.team_ids:
        team = Condition("team_id", "in", who.team_ids)
        mine.append(filters.all_of([Condition("visibility", "eq", "team"), team]))  # type: ignore[arg-type]
    where = filters.all_of([Condition("entity", "eq", entity.name), filters.any_of(mine)])
    try:
        rows = records.select(work, SAVED, Query(where=where, order=("position", "id"), limit=MOST)).records()
    except InvalidFilter:  # a role hides a field that tells whose a view is
        return []
    return [_view(work, row) for row in rows]


def _view(work: UnitOfWork, row: Any) -> OpenView:
    return OpenView(
        row["id"],
        row.get("name") or str(row["id"]),
        row.get("display") or "list",
        pairs_of(row.get("query") or ""),
        row.get("visibility") or "mine",
        row.get("owner_id") == work.actor.id,
        row["version"],
        row.get("position") or 0,
    )


def default_of(work: UnitOfWork, entity: Entity) -> int | None:
    """Return the view that the actor's list of *entity* opens with."""
    if work.actor.id is None or not work.actor.may(f"{DEFAULT}.read"):
        return None
    where = [Condition("entity", "eq", entity.name), Condition("user_id", "eq", work.actor.id)]
    query = Query(where=filters.all_of(where), columns=("id", "view_id"), limit=1)
    try:
        rows = records.select(work, DEFAULT, query).records()
    except InvalidFilter:
        return None
    return rows[0]["view_id"] if rows else None


def make_default(work: UnitOfWork, entity: Entity, view_id: int | None) -> None:
    """Let the actor's list of *entity* open with a view; None lets it open with everything."""
    where = [Condition("entity", "eq", entity.name), Condition("user_id", "eq", work.actor.id)]
    found = records.select(work, DEFAULT, Query(where=filters.all_of(where), limit=1)).records()
    if view_id is None:
        records.delete_many(work, DEFAULT, [row["id"] for row in found])
    elif found:
        records.update(work, DEFAULT, found[0]["id"], {"view_id": view_id})
    else:
        records.create(work, DEFAULT, {"entity": entity.name, "view_id": view_id})


def pairs_of(query: str) -> Pairs:
    """Return the parameters of a view's query; what is none is left out."""
    try:
        return parse_qsl(query, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return []


def query_of(pairs: Pairs) -> str:
    """Return what a view keeps of a list's parameters."""
    return urlencode([(name, value) for name, value in pairs if name not in PASSING and value])


def fitted(work: UnitOfWork, entity: Entity, view: OpenView) -> OpenView:
    """Return the view without what its reader may not ask for, or what is no longer there."""
    kept: list[tuple[str, str]] = []
    lost: list[str] = []
    for name, value in view.pairs:
        if name in NAMING:
            names = value.split(",")
            left = [each for each in names if _is_readable(work, entity, each.removeprefix("-"))]
            lost += [each.removeprefix("-") for each in names if each not in left]
            kept += [(name, ",".join(left))] if left else []
        elif _is_askable(work, entity, name, value):
            kept.append((name, value))
        else:
            lost.append("where" if name == "where" else name.partition("__")[0])
    return replace(view, pairs=kept, lost=tuple(dict.fromkeys(lost)))


def _is_readable(work: UnitOfWork, entity: Entity, name: str) -> bool:
    field = work.schema.find_field(entity, name)
    return field is not None and field.name in readable_fields(work, entity)


def _is_askable(work: UnitOfWork, entity: Entity, name: str, value: str) -> bool:
    context = replace(work.parse_context(), actor_id=work.actor.id, team_ids=work.actor.team_ids)
    try:
        filters.parse_params(
            work.schema, entity, [(name, value)], context, readable=lambda each: readable_fields(work, each)
        )
    except InvalidFilter:
        return False
    return True
