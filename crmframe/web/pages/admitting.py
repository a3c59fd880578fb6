"""Who is let into the pages of the administration: each page asks for the permission that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmframe.core.access.fields import readable_fields
from crmframe.core.access.policy import ALL, policy
from crmframe.core.errors import PermissionDenied
from crmframe.web.pages.view import View, view_of

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.respond import Call

Shown = Mapping[str, tuple[str, ...]]

PLUGINS = "core.plugins"
SEE_PLUGINS = "core.plugins.read"
SEE_JOBS = "core.jobs.read"
CHANGE_JOBS = "core.jobs.update"
# What the pages about permissions show of each entity, read past the policies: all of it, or nothing.
ROLES: Shown = {"core.role": ("name", "summary")}
GRANTS: Shown = {**ROLES, "core.role_grant": ("permission", "scope")}
USERS: Shown = {"core.user": ("name", "login", "is_active", "is_admin")}
HELD: Shown = {**ROLES, **USERS, "core.user_role": ("user_id", "role_id")}
MEMBERS: Shown = {**HELD, "core.team": ("name",), "core.membership": ("user_id", "team_id")}


def require(call: Call, work: UnitOfWork, permission: str) -> View:
    """Return the view of a page for those who hold *permission*."""
    if not work.actor.may(permission):
        raise PermissionDenied(permission=permission)
    return view_of(call, work)


def require_sight(call: Call, work: UnitOfWork, shown: Shown) -> View:
    """Return the view of a page for those who see all records of the entities *shown*, with these fields."""
    for name, fields in shown.items():
        if not sees_all(work, name, fields):
            raise PermissionDenied(permission=f"{name}.read")
    return view_of(call, work)


def sees_all(work: UnitOfWork, name: str, fields: tuple[str, ...]) -> bool:
    """Return whether every record of an entity is there for the actor, with these fields."""
    entity = work.registry.entity(name)
    return policy(work, entity, "read") is ALL and readable_fields(work, entity).issuperset(fields)


def sees(work: UnitOfWork, shown: Shown) -> bool:
    """Return whether ``require_sight`` would let the actor in."""
    return all(sees_all(work, name, fields) for name, fields in shown.items())


def require_admin(call: Call, work: UnitOfWork) -> View:
    """Return the view of what only administrators may do, whatever their roles say."""
    if not work.actor.is_admin:
        raise PermissionDenied(permission=PLUGINS)
    return view_of(call, work)
