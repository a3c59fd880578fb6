"""Who may do what: permissions by scope for each role, and the roles, teams and passwords of users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.accounts import PasswordChange, change_password, set_password
from crmframe.core.access.scopes import SCOPES
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import InvalidInput, NotFound
from crmframe.web.pages import lookup
from crmframe.web.pages.actions import label_of
from crmframe.web.pages.doing import change
from crmframe.web.pages.plugins import require_admin
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

VERBS = {"read": "See", "create": "Create", "update": "Change", "delete": "Delete", "assign": "Assign"}
SCOPE_LABELS = {
    "own": "own",
    "team": "of the team",
    "team_tree": "of the team and those below",
    "parent": "as the record it belongs to",
    "all": "all",
}


def show_roles(call: Call, work: UnitOfWork) -> Reply:
    """Show the roles, and who has them."""
    view = require_admin(call, work)
    role, link = _table(work, "core.role"), _table(work, "core.user_role")
    rows = work.rows(sa.select(role.c.id, role.c.name, role.c.summary).order_by(role.c.id))
    counts = dict(work.rows(sa.select(link.c.role_id, sa.func.count()).group_by(link.c.role_id)))
    roles = [(row.id, row.name, row.summary or "", counts.get(row.id, 0)) for row in rows]
    return Reply({"view": view, "roles": roles, "users": _users(view)}, "roles.html")


def _table(work: UnitOfWork, name: str) -> sa.Table:
    table: sa.Table = work.registry.entity(name).table
    return table


def _users(view: View) -> list[dict[str, Any]]:
    user, role, link = (_table(view.work, n) for n in ("core.user", "core.role", "core.user_role"))
    names: dict[int, list[str]] = defaultdict(list)
    held = sa.select(link.c.user_id, role.c.name).join(role, role.c.id == link.c.role_id)
    for user_id, name in view.work.rows(held.order_by(role.c.id)):
        names[user_id].append(name)
    rows = view.work.rows(sa.select(user).order_by(user.c.name_key).limit(500))
    return [
        {
            "id": r.id,
            "name": r.name,
            "login": r.login,
            "roles": names[r.id],
            "active": r.is_active,
            "admin": r.is_admin,
        }
        for r in rows
    ]


def show_role(call: Call, work: UnitOfWork) -> Reply:
    """Show what a role may do, entity by entity."""
    view = require_admin(call, work)
    role = records.get(work, "core.role", call.path["id"])
    held = _held(work, role["id"])
    entities = [_row(view, entity, held) for entity in work.registry.public_entities()]
    others = [p.name for p in call.site.application.permissions]
    extra = [(p, view.say(p), "all" in held.get(p, ())) for p in others]
    data = {
        "view": view,
        "role": role,
        "rows": entities,
        "extra": extra,
        "verbs": [view.say(v) for v in VERBS.values()],
    }
    return Reply(data, "role.html")


def _held(work: UnitOfWork, role_id: int) -> Mapping[str, set[str]]:
    grant = _table(work, "core.role_grant")
    held: dict[str, set[str]] = defaultdict(set)
    for permission, scope in work.rows(
        sa.select(grant.c.permission, grant.c.scope).where(grant.c.role_id == role_id)
    ):
        held[permission].add(scope)
    return held


def _row(view: View, entity: Entity, held: Mapping[str, set[str]]) -> dict[str, Any]:
    scopes = _scopes(entity)
    return {
        "label": view.plural(entity),
        "name": entity.name,
        "cells": [
            _cell(view, f"{entity.name}.{verb}", scopes, held) if _has(entity, verb) else None
            for verb in VERBS
        ],
        "actions": [
            (label_of(view, entity, action), _cell(view, f"{entity.name}.{name}", scopes, held))
            for name, action in view.work.registry.actions.get(entity.name, {}).items()
        ],
    }


def _has(entity: Entity, verb: str) -> bool:
    return verb != "assign" or entity.is_owned


def _scopes(entity: Entity) -> list[str]:
    own = ["own", "team", "team_tree"] if entity.is_owned else ["own"]
    return [*own, *(["parent"] if entity.access_through else []), "all"]


def _cell(view: View, permission: str, scopes: Iterable[str], held: Mapping[str, set[str]]) -> dict[str, Any]:
    now = "+".join(sorted(held.get(permission, ())))
    options = ["", *scopes]
    if now not in options:
        options.append(now)
    return {
        "name": permission,
        "now": now,
        "options": [(value, _scope_label(view, value), value == now) for value in options],
    }


def _scope_label(view: View, value: str) -> str:
    if not value:
        return view.say("no")
    return " + ".join(view.say(SCOPE_LABELS.get(each, each)) for each in value.split("+"))


def save_role(call: Call, work: UnitOfWork) -> Reply:
    """Write the grants that differ."""
    require_admin(call, work)
    role_id = call.path["id"]
    wanted = {
        name[6:]: set(filter(None, value.split("+")))
        for name, value in call.form.items()
        if name.startswith("grant:")
    }
    return change(call, work, lambda w: _save(w, role_id, wanted), f"/admin/roles/{role_id}")


def _save(work: UnitOfWork, role_id: int, wanted: Mapping[str, set[str]]) -> None:
    records.get(work, "core.role", role_id)
    grant = _table(work, "core.role_grant")
    rows = work.rows(
        sa.select(grant.c.id, grant.c.permission, grant.c.scope).where(grant.c.role_id == role_id)
    )
    gone = [row.id for row in rows if row.permission in wanted and row.scope not in wanted[row.permission]]
    there = {(row.permission, row.scope) for row in rows}
    new = [pair for pair in _pairs(wanted) if pair not in there]
    if gone:
        records.delete_many(work, "core.role_grant", gone)
    if new:
        given = [{"role_id": role_id, "permission": p, "scope": s} for p, s in new]
        records.create_many(work, "core.role_grant", given)


def _pairs(wanted: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    for permission, scopes in wanted.items():
        yield from ((permission, scope) for scope in sorted(scopes & {*SCOPES, "all", "parent"}))


# --- users --------------------------------------------------------------------------------------------


def show_access(call: Call, work: UnitOfWork) -> Reply:
    """Show a user's roles and teams, and the way to a new password."""
    return Reply(_access(require_admin(call, work), call.path["id"]), "access.html")


def _access(view: View, user_id: int, problems: Iterable[str] = ()) -> dict[str, Any]:
    user = records.get(view.work, "core.user", user_id)
    offers = lookup.offers_of(view.work, ["core.role", "core.team"])
    held = {
        name: set(view.work.connection.scalars(sa.select(table.c[column]).where(table.c.user_id == user_id)))
        for name, table, column in _links(view.work)
    }
    return {
        "view": view,
        "user": user,
        "roles": [(i, title, i in held["core.user_role"]) for i, title in offers["core.role"].items()],
        "teams": [(i, title, i in held["core.membership"]) for i, title in offers["core.team"].items()],
        "problems": list(problems),
    }


def _links(work: UnitOfWork) -> list[tuple[str, sa.Table, str]]:
    return [(n, _table(work, n), column) for n, column in LINKS.items()]


LINKS = {"core.user_role": "role_id", "core.membership": "team_id"}


def save_access(call: Call, work: UnitOfWork) -> Reply:
    """Write the roles and teams of a user."""
    require_admin(call, work)
    user_id = call.path["id"]
    wanted = {
        "core.user_role": {int(t) for t in call.form_lists.get("role", []) if t.isdigit()},
        "core.membership": {int(t) for t in call.form_lists.get("team", []) if t.isdigit()},
    }
    return change(call, work, lambda w: _link(w, user_id, wanted), f"/admin/users/{user_id}")


def _link(work: UnitOfWork, user_id: int, wanted: Mapping[str, set[int]]) -> None:
    for name, table, column in _links(work):
        rows = work.rows(
            sa.select(table.c.id, table.c[column].label("other")).where(table.c.user_id == user_id)
        )
        gone = [row.id for row in rows if row.other not in wanted[name]]
        new = sorted(wanted[name] - {row.other for row in rows})
        if gone:
            records.delete_many(work, name, gone)
        if new:
            records.create_many(work, name, [{"user_id": user_id, column: i} for i in new])


def save_password(call: Call, work: UnitOfWork) -> Reply:
    """Give a user a password that they have to change."""
    view, user_id = require_admin(call, work), call.path["id"]
    password = call.form.get("password", "")
    try:
        with call.site.application.work(work.actor, door="web") as writing:
            set_password(writing, user_id, password, hasher=call.site.hasher, must_change=True)
    except InvalidInput as error:
        return Reply(_access(view, user_id, map(view.message, error.problems)), "access.html", error.status)
    return Reply(location=f"/admin/users/{user_id}?saved=1")


def show_own_password(call: Call, work: UnitOfWork) -> Reply:
    """Ask for the present and a new password."""
    return Reply({"view": view_of(call, work), "problems": []}, "password.html")


def save_own_password(call: Call, work: UnitOfWork) -> Reply:
    """Change the own password; the other sessions end."""
    view = view_of(call, work)
    if work.actor.id is None:
        raise NotFound(entity="user", id="")
    wish = PasswordChange(work.actor.id, call.form.get("current", ""), call.form.get("new", ""))
    try:
        change_password(work.database, wish, now=work.now, keep=call.session, hasher=call.site.hasher)
    except InvalidInput as error:
        problems = [view.message(problem) for problem in error.problems]
        return Reply({"view": view, "problems": problems}, "password.html", error.status)
    return Reply(location="/")
