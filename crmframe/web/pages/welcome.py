"""Pages behind links for people who cannot sign in yet, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.access.accounts import choose_password
from crmframe.core.access.links import AccountLink, LinkEnded, find_link
from crmframe.core.access.passwords import MIN_LENGTH, require_good_password
from crmframe.core.errors import InvalidInput, Problem
from crmframe.web.locales import LOCALES
from crmframe.web.pages.view import view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmframe.core.work import UnitOfWork

PAGE = "/welcome"
KEY = "key"
# The address of the page is the secret: it must not go along to whatever is opened from here.
SILENT = {"referrer-policy": "no-referrer"}
ASKED = ("name", "locale", "zone")


def show_welcome(call: Call, work: UnitOfWork) -> Reply:
    """Ask for a password and, at an invitation, for what else belongs to the account. Changes nothing."""
    try:
        found = find_link(work.connection, call.parameter(KEY), work.now)
    except LinkEnded as error:
        return _ended(call, work, error)
    return _form(call, work, found, {"name": found.name, "locale": call.locale})


def accept(call: Call, work: UnitOfWork) -> Reply:
    """Spend the link and store the password; the person signs in with it next."""
    given = call.form
    try:
        found = find_link(work.connection, given.get(KEY, ""), work.now)
        _require_twice(given)
        require_good_password(given.get("password", ""), found.login, found.name)
        password_hash = call.site.hasher.hash(given.get("password", ""))
        reason = "Invitation accepted" if found.kind == "invite" else "Password forgotten"
        with call.site.application.work(door="web", reason=reason) as writing:
            choose_password(writing, found, password_hash)
            if found.kind == "invite":
                records.update(writing, "core.user", found.user_id, _about(given))
    except LinkEnded as error:
        return _ended(call, work, error)
    except InvalidInput as error:
        return _form(call, work, found, given, error)
    return Reply(location="/login?saved=1")


def _require_twice(given: Mapping[str, str]) -> None:
    if given.get("password", "") != given.get("again", ""):
        raise InvalidInput([Problem("again", "not_the_same", "The two passwords are not the same.")])


def _about(given: Mapping[str, str]) -> dict[str, Any]:
    return {name: given[name] for name in ASKED if given.get(name)}


def _form(
    call: Call,
    work: UnitOfWork,
    found: AccountLink,
    given: Mapping[str, Any],
    error: InvalidInput | None = None,
) -> Reply:
    view = view_of(call, work)
    data = {
        "view": view,
        "account": found,
        "key": call.form.get(KEY) or call.parameter(KEY),
        "given": given,
        "locales": LOCALES,
        "workspace_zone": work.settings.zone.key,
        "minimum": MIN_LENGTH,
        "problems": [view.message(problem) for problem in error.problems] if error else [],
    }
    return Reply(data, "welcome.html", error.status if error else 200, headers=SILENT)


def _ended(call: Call, work: UnitOfWork, error: LinkEnded) -> Reply:
    view = view_of(call, work)
    data = {"view": view, "text": view.message(error), "contact": work.setting("core.help_contact")}
    return Reply(data, "forgotten.html", error.status, headers=SILENT)


def show_forgotten(call: Call, work: UnitOfWork) -> Reply:
    """Say who helps."""
    data = {"view": view_of(call, work), "text": "", "contact": work.setting("core.help_contact")}
    return Reply(data, "forgotten.html")
