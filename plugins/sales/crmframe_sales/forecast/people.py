"""Whose figures the actor works with: the people of the own teams, or of all."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records


@dataclass(frozen=True, slots=True)
class Person:
    """A user, with the first team joined."""

    id: int
    name: str
    team_id: int | None


def people(work: UnitOfWork, permission: str, team_ids: set[int] | None = None) -> list[Person]:
    """Return the active people about whom the actor holds *permission*, by name.

    Everybody who is in a team, where it holds on all records; those of the own teams and the teams below, or of the
    own teams, where it holds on theirs; else the actor alone.

    Args:
        team_ids: Only the members of these teams.
    """
    scopes = work.actor.scopes_of(permission)
    member, user = work.registry.entity("core.membership").table, records.visible(work, "core.user")
    statement = (
        sa.select(user.c.id, user.c.name, user.c.name_key, sa.func.min(member.c.id).label("first"))
        .outerjoin_from(user, member, member.c.user_id == user.c.id)
        .where(user.c.is_active)
        .group_by(user.c.id, user.c.name, user.c.name_key)
        .order_by(user.c.name_key, user.c.id)
    )
    if "all" not in scopes:
        statement = statement.where(
            sa.or_(user.c.id == work.actor.id, member.c.team_id.in_(_teams(work, scopes)))
        )
    if team_ids is not None:
        statement = statement.where(member.c.team_id.in_(sorted(team_ids)))
    rows = work.rows(statement)
    firsts = [row.first for row in rows if row.first is not None]
    teams = work.rows(sa.select(member.c.id, member.c.team_id).where(member.c.id.in_(firsts)))
    team_of = {row.id: row.team_id for row in teams}
    return [Person(row.id, row.name, team_of.get(row.first)) for row in rows]


def _teams(work: UnitOfWork, scopes: frozenset[str]) -> tuple[int, ...]:
    if "team_tree" in scopes:
        return work.actor.tree_ids
    return work.actor.team_ids if "team" in scopes else ()
