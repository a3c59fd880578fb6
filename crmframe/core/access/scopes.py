"""The kinds of scope: on which records a permission holds. Open: a further kind is one more entry of SCOPES."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access.lending import absent_ids
from crmframe.core.access.term import ALL, NONE, Term
from crmframe.core.entities.entity import Entity
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.types import Id

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

ScopeRule = Callable[["UnitOfWork", Entity], Term]

# The names are ours alone: SQLAlchemy reserves those of columns in an UPDATE.
ACTOR, TEAMS, TREE, ABSENT = "policy_actor", "policy_teams", "policy_tree", "policy_absent"
# What is personal does not come with standing in for somebody.
PERSONAL = frozenset({"personal", "view"})


def scoped(work: UnitOfWork, entity: Entity, scopes: Iterable[str]) -> Term:
    """Return the condition under which a record lies in one of *scopes*.

    A scope that nobody knows (of a plugin that is off) holds nothing.
    """
    held = set(scopes)
    if "all" in held:
        return ALL
    if "team_tree" in held:
        held -= {"team", "own"}
    if held & {"team", "parent"}:
        held -= {"own"}
    term = NONE
    for scope in sorted(held & SCOPES.keys()):
        term |= SCOPES[scope](work, entity)
    return term


def own(work: UnitOfWork, entity: Entity) -> Term:
    """Hold for the actor's own records, and those of whom the actor stands in for."""
    if work.actor.id is None:
        return NONE
    column = entity.holder
    mine = Term(
        f"own:{column}",
        lambda frm: frm.c[column] == sa.bindparam(ACTOR, type_=Id()),
        {ACTOR: work.actor.id},
    )
    absent = absent_ids(work) if entity.sort not in PERSONAL else []
    if not absent:
        return mine
    return mine | Term(f"absent:{column}", lambda frm: in_set(frm.c[column], ABSENT), {ABSENT: absent})


def team(work: UnitOfWork, entity: Entity) -> Term:
    """Hold for the records of the actor's own teams, and the actor's own."""
    return own(work, entity) | _of_teams(work, entity, TEAMS, work.actor.team_ids)


def team_tree(work: UnitOfWork, entity: Entity) -> Term:
    """Hold for the records of the actor's teams and of all teams below them."""
    return own(work, entity) | _of_teams(work, entity, TREE, work.actor.tree_ids)


def shown(work: UnitOfWork, entity: Entity) -> Term:
    """Hold for what its holder shows to everybody or to the team, and the own: saved views."""
    if "visibility" not in entity.fields:
        return own(work, entity)
    term = own(work, entity) | Term("shown:all", lambda frm: frm.c.visibility == "all")
    of_team = Term("shown:team", lambda frm: frm.c.visibility == "team")
    return term | (of_team & _of_teams(work, entity, TEAMS, work.actor.team_ids))


def everything(work: UnitOfWork, entity: Entity) -> Term:
    """Hold for every record."""
    return ALL


def parent(work: UnitOfWork, entity: Entity) -> Term:
    """Hold for the records that belong to another one, which decides; of the others, for the own ones."""
    columns = entity.access_through
    if not columns:
        return own(work, entity)
    if any(not entity.table.c[name].nullable for name in columns):
        return ALL
    attached = Term(
        f"attached:{','.join(columns)}",
        lambda frm: sa.or_(*(frm.c[name].is_not(None) for name in columns)),
    )
    return attached | own(work, entity)


def _of_teams(work: UnitOfWork, entity: Entity, name: str, ids: tuple[int, ...]) -> Term:
    if not ids:
        return NONE
    values = {name: list(ids)}
    if entity.is_owned:
        return Term(f"{name}:team_id", lambda frm: in_set(frm.c.team_id, name), values)
    members: Any = work.registry.entity("core.membership").table

    def held_by_member(frm: Any) -> sa.ColumnElement[bool]:
        others = members.alias()
        chosen = sa.select(others.c.user_id).where(in_set(others.c.team_id, name))
        return frm.c[entity.holder].in_(chosen)  # type: ignore[no-any-return]

    return Term(f"{name}:{entity.holder}", held_by_member, values)


SCOPES: Mapping[str, ScopeRule] = MappingProxyType(
    {
        "own": own,
        "team": team,
        "team_tree": team_tree,
        "parent": parent,
        "shown": shown,
        "names": everything,  # readable_fields shows no more than the open ones
        "all": everything,
    }
)
