"""``crmframe role``: what roles permit. Creating and changing them works as for every record type."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.entity import named_entity
from crmframe.cli.entity_write import create_command
from crmframe.cli.people import role_id, user_id
from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.access.models import Role, RoleGrant, User, UserRole
from crmframe.core.errors import NotFound, PermissionDenied
from crmframe.core.work import UnitOfWork

_role: Any = Role.__table__
_grant: Any = RoleGrant.__table__
_user: Any = User.__table__
_held: Any = UserRole.__table__


@click.group("role", cls=named_entity("core.role"))
def role() -> None:
    """Roles and what they permit."""


@role.command("create", context_settings={"ignore_unknown_options": True})
@click.argument("values", metavar="FIELD=VALUE…", nargs=-1, required=True)
@click.pass_context
def create(ctx: click.Context, values: tuple[str, ...]) -> None:
    """Create a role, such as: crmframe role create name=Support."""
    ctx.invoke(create_command(ctx.obj.application.registry.entity("core.role")), values=values)


@role.command("show")
@click.argument("name", metavar="ROLE")
@json_option
@pass_console
def show(console: Console, name: str) -> None:
    """Show what a role permits and who has it."""
    with console.work(write=False) as work:
        require_to_ask(work)
        wanted = role_id(work.connection, name)
        record = records.get(work, "core.role", wanted)
        grants = _grants(work, wanted)
        logins = _holders(work, wanted)
    if console.as_json:
        held = [{"permission": permission, "scope": scope} for permission, scope in grants]
        console.data({"id": wanted, "name": record.get("name", name), "users": logins, "grants": held})
        return
    console.say("{name}: {summary}", name=record.get("name", name), summary=record.get("summary") or "-")
    console.say("Users: {users}", users=", ".join(logins) or "-")
    console.rows(["Permission", "Scope"], grants)


def require_to_ask(work: UnitOfWork) -> None:
    """Refuse whoever may not look at everybody's rights.

    Raises:
        PermissionDenied: Names the permission.
    """
    for permission in ("core.role.read", "core.role_grant.read", "core.user_role.read", "core.user.read"):
        entity = work.schema.entity(permission.rpartition(".")[0])
        shown = {"permission", "scope", "login"} & entity.fields.keys()
        if "all" not in work.actor.scopes_of(permission) or shown - readable_fields(work, entity):
            raise PermissionDenied(permission=permission)


def _grants(work: UnitOfWork, wanted: int) -> list[tuple[str, str]]:
    chosen = sa.select(_grant.c.permission, _grant.c.scope).where(_grant.c.role_id == wanted)
    return [(row[0], row[1]) for row in work.rows(chosen.order_by(_grant.c.permission, _grant.c.scope))]


def _holders(work: UnitOfWork, wanted: int) -> list[str]:
    joined = _user.join(_held, _held.c.user_id == _user.c.id)
    chosen = sa.select(_user.c.login).select_from(joined).where(_held.c.role_id == wanted)
    return [row[0] for row in work.rows(chosen.order_by(_user.c.login))]


@role.command("grant")
@click.argument("name", metavar="ROLE")
@click.argument("permission", metavar="PERMISSION")
@click.option("--scope", default="all", show_default=True, help="own, team, team_tree, parent, all.")
@pass_console
def grant(console: Console, name: str, permission: str, scope: str) -> None:
    """Let a role permit something, such as: crmframe role grant Support sales.deal.read --scope team."""
    with console.work() as work:
        require_permission(console, permission)
        wanted = role_id(work.connection, name)
        if (permission, scope) not in _grants(work, wanted):
            records.create(
                work, "core.role_grant", {"role_id": wanted, "permission": permission, "scope": scope}
            )
    console.say("{role} now gives {permission} on {scope}.", role=name, permission=permission, scope=scope)


def require_permission(console: Console, permission: str) -> None:
    """Refuse a permission that nothing asks for: most likely it is misspelled.

    Raises:
        NotFound: No enabled plugin knows it.
    """
    application = console.application
    entity = application.registry.entities.get(permission.rpartition(".")[0])
    verbs = {"create", "read", "update", "delete", "assign"}
    if entity is not None and permission.rpartition(".")[2] in verbs | set(
        application.registry.actions[entity.name]
    ):
        return
    if permission not in {each.name for each in application.permissions}:
        raise NotFound(entity="permission", id=permission)


@role.command("revoke")
@click.argument("name", metavar="ROLE")
@click.argument("permission", metavar="PERMISSION")
@click.option("--scope", help="Only on this scope.")
@pass_console
def revoke(console: Console, name: str, permission: str, scope: str | None) -> None:
    """Take a permission from a role."""
    with console.work() as work:
        mine = sa.and_(_grant.c.role_id == role_id(work.connection, name), _grant.c.permission == permission)
        chosen = sa.select(_grant.c.id).where(mine, *([_grant.c.scope == scope] if scope else []))
        ids = [row[0] for row in work.rows(chosen)]
        if not ids:
            raise NotFound(entity="grant", id=permission)
        records.delete_many(work, "core.role_grant", ids)
    console.say("{role} no longer gives {permission}.", role=name, permission=permission)


@role.command("give")
@click.argument("name", metavar="ROLE")
@click.argument("login", metavar="USER")
@pass_console
def give(console: Console, name: str, login: str) -> None:
    """Give a user a role."""
    with console.work() as work:
        held = {"role_id": role_id(work.connection, name), "user_id": user_id(work.connection, login)}
        mine = sa.and_(*(_held.c[key] == value for key, value in held.items()))
        if work.scalar(sa.select(_held.c.id).where(mine)) is None:
            records.create(work, "core.user_role", held)
    console.say("{user} has the role {role}.", user=login, role=name)


@role.command("take")
@click.argument("name", metavar="ROLE")
@click.argument("login", metavar="USER")
@pass_console
def take(console: Console, name: str, login: str) -> None:
    """Take a role from a user."""
    with console.work() as work:
        held = {"role_id": role_id(work.connection, name), "user_id": user_id(work.connection, login)}
        mine = sa.and_(*(_held.c[key] == value for key, value in held.items()))
        ids = [row[0] for row in work.rows(sa.select(_held.c.id).where(mine))]
        if ids:
            records.delete_many(work, "core.user_role", ids)
    console.say("{user} no longer has the role {role}.", user=login, role=name)
