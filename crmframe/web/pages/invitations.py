"""Inviting people, and helping those who forgot their password: links that administrators hand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.access.links import LASTS, make_link
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import InvalidInput, Problem
from crmframe.core.mail.account_letters import link_of, mail_invitation
from crmframe.web.pages import lookup, welcome
from crmframe.web.pages.admitting import require_admin
from crmframe.web.pages.view import View
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

PAGE = "/admin/invite"
LINKED = (("core.user_role", "role_id", "role"), ("core.membership", "team_id", "team"))


def show_invite(call: Call, work: UnitOfWork) -> Reply:
    """Ask whom to invite."""
    return _form(require_admin(call, work))


def invite(call: Call, work: UnitOfWork) -> Reply:
    """Make the user with roles and teams, and show the link that leads to the account."""
    view = require_admin(call, work)
    try:
        with call.site.application.work(work.actor, door="web") as writing:
            user = _made(writing, call)
            secret = make_link(writing.connection, "invite", user["id"], writing.now)
            if welcome.mails_go_out(call):
                mail_invitation(writing, user["id"])
    except InvalidInput as error:
        return _form(view, error)
    return _link(view, user, secret, "invite")


def _made(work: UnitOfWork, call: Call) -> Any:
    email = call.form.get("email", "").strip()
    if not email:
        raise InvalidInput([Problem("email", "required", "{field} is required.", {"field": "E-mail"})])
    values = {"login": email.lower(), "email": email, "name": call.form.get("name", "")}
    user = records.create(work, "core.user", values)
    for entity, column, box in LINKED:
        chosen = dict.fromkeys(map(plain_number, call.form_lists.get(box, [])))
        rows = [{"user_id": user["id"], column: each} for each in chosen if each is not None]
        if rows:
            records.create_many(work, entity, rows)
    return user


def help_out(call: Call, work: UnitOfWork) -> Reply:
    """Show a link with which a user chooses a new password; until it is used, the old one counts."""
    view = require_admin(call, work)
    user = records.get(work, "core.user", call.path["id"])
    with call.site.application.work(work.actor, door="web") as writing:
        secret = make_link(writing.connection, "reset", user["id"], writing.now)
        writing.publish("core.password_link_made", {"user_id": user["id"]})
    return _link(view, user, secret, "reset")


def _form(view: View, error: InvalidInput | None = None) -> Reply:
    form = view.call.form_lists
    offers = lookup.offers_of(view.work, ["core.role", "core.team"])
    ticked = {box: {plain_number(each) for each in form.get(box, [])} for _, _, box in LINKED}
    data = {
        "view": view,
        "given": view.call.form,
        "roles": [(i, title, i in ticked["role"]) for i, title in offers["core.role"].items()],
        "teams": [(i, title, i in ticked["team"]) for i, title in offers["core.team"].items()],
        "problems": [view.message(problem) for problem in error.problems] if error else [],
    }
    return Reply(data, "invite.html", error.status if error else 200)


def _link(view: View, user: Any, secret: str, kind: str) -> Reply:
    public = view.call.site.application.settings.public_url
    data = {
        "view": view,
        "user": user,
        "link": link_of(public, secret),
        "is_whole": bool(public),
        "is_invitation": kind == "invite",
        "is_mailed": kind == "invite" and welcome.mails_go_out(view.call),
        "until": view.formats.instant(view.work.now + LASTS[kind]),
    }
    return Reply(data, "account_link.html")
