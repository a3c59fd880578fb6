"""Who may do what: permissions by scope for each role, and the roles, teams and passwords of users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.accounts import PasswordChange, change_password, has_second_factor, set_password
from crmframe.core.access.policy import ASKS
from crmframe.core.access.scopes import SCOPES
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import InvalidInput, NotFound, PermissionDenied
from crmframe.web.pages import admitting, lookup
from crmframe.web.pages.actions import label_of
from crmframe.web.pages.doing import change, marked
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

GRANT, WITHDRAW = "core.role_grant.create", "core.role_grant.delete"
VERBS = {"read": "See", "create": "Create", "update": "Change", "delete": "Delete", "assign": "Assign"}
SCOPE_LABELS = {
    "own": "own",
    "team": "of the team",
    "team_tree": "of the team and those below",
    "parent": "as the record it belongs to",
    "shown": "own, and what others show",
    "all": "all",
}


def show_roles(call: Call, work: UnitOfWork) -> Reply:
    """Show the roles, and who has them."""
    view = admitting.require_sight(call, work, admitting.HELD)
    role, link = _table(work, "core.role"), _table(work, "core.user_role")
    rows = work.rows(sa.select(role.c.id, role.c.name, role.c.summary).order_by(role.c.id))
    counts = dict(work.rows(sa.select(link.c.role_id, sa.func.count()).group_by(link.c.role_id)))
    roles = [(row.id, row.name, row.summary or "", counts.get(row.id, 0)) for row in rows]
    further = {"grants": admitting.GRANTS, "members": admitting.MEMBERS}
    ways = {f"sees_{name}": admitting.sees(work, shown) for name, shown in further.items()}
    return Reply({"view": view, "roles": roles, "users": _users(view), **ways}, "roles.html")


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
    view = admitting.require_sight(call, work, admitting.GRANTS)
    role = records.get(work, "core.role", call.path["id"])
    held = _held(work, role["id"])
    entities = [_row(view, entity, held) for entity in work.registry.public_entities()]
    extra = [
        (each.name, view.text(plugin, each.label), "all" in held.get(each.name, ()))
        for plugin, items in work.hooks.collect("permissions")
        for each in items
    ]
    data = {
        "view": view,
        "role": role,
        "rows": entities,
        "extra": extra,
        "verbs": [view.say(v) for v in VERBS.values()],
        "may_save": view.may(GRANT) and view.may(WITHDRAW),
        "may_rename": view.may("core.role.update"),
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
            if name not in ASKS
        ],
    }


def _has(entity: Entity, verb: str) -> bool:
    return verb != "assign" or entity.is_owned


def _scopes(entity: Entity) -> list[str]:
    own = ["own", "team", "team_tree"] if entity.is_owned else ["own"]
    own += ["shown"] if entity.sort == "view" else []
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
    admitting.require(call, work, GRANT)
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
    view = admitting.require_sight(call, work, admitting.MEMBERS)
    return Reply(_access(view, call.path["id"]), "access.html")


def _access(
    view: View, user_id: int, problems: Iterable[str] = (), wanted: Mapping[str, set[int]] | None = None
) -> dict[str, Any]:
    work, saved = view.work, SAVED.get(view.call.parameter("saved"), "")
    user = records.get(work, "core.user", user_id)
    offers = lookup.offers_of(work, ["core.role", "core.team"])
    ticked = wanted or {
        name: set(work.connection.scalars(sa.select(table.c[column]).where(table.c.user_id == user_id)))
        for name, table, column in _links(work)
    }
    return {
        "view": view,
        "user": user,
        "roles": [(i, title, i in ticked["core.user_role"]) for i, title in offers["core.role"].items()],
        "teams": [(i, title, i in ticked["core.membership"]) for i, title in offers["core.team"].items()],
        "problems": list(problems),
        "saved": view.say(saved, name=user["name"]) if saved else "",
        "may_password": work.actor.is_admin,
        "may_save": _may_link(work),
        "has_second_factor": has_second_factor(work.connection, user_id),
    }


def _links(work: UnitOfWork) -> list[tuple[str, sa.Table, str]]:
    return [(n, _table(work, n), column) for n, column in LINKS.items()]


LINKS = {"core.user_role": "role_id", "core.membership": "team_id"}
BOXES = {"core.user_role": "role", "core.membership": "team"}
SAVED = {
    "access": "The roles and teams of {name} are saved.",
    "password": "{name} has a new password, and chooses another one after signing in. Roles and teams are saved, too.",
}


def save_access(call: Call, work: UnitOfWork) -> Reply:
    """Write the roles and teams of a user, and the password when one was typed: all of it or nothing."""
    view, user_id = admitting.require_sight(call, work, admitting.MEMBERS), call.path["id"]
    wanted = {
        name: {i for i in map(plain_number, call.form_lists.get(box, [])) if i is not None}
        for name, box in BOXES.items()
    }
    password, hasher = call.form.get("password", ""), call.site.hasher
    try:
        with call.site.application.work(work.actor, door="web") as writing:
            _link(writing, user_id, wanted)
            if password:
                set_password(writing, user_id, password, hasher=hasher, must_change=True)
    except InvalidInput as error:
        problems = map(view.message, error.problems)
        return Reply(_access(view, user_id, problems, wanted), "access.html", error.status)
    saved = f"/admin/users/{user_id}?saved={'password' if password else 'access'}"
    return Reply(location=marked(saved, writing.operation_id))


def _may_link(work: UnitOfWork) -> bool:
    return any(work.actor.may(f"{name}.create") for name in LINKS)


def _link(work: UnitOfWork, user_id: int, wanted: Mapping[str, set[int]]) -> None:
    if not _may_link(work):
        raise PermissionDenied(permission="core.user_role.create")
    records.get(work, "core.user", user_id)
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
