"""Pages behind links for people who cannot sign in yet, or no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.access.accounts import choose_password
from crmframe.core.access.links import AccountLink, LinkEnded, find_link
from crmframe.core.access.passwords import MIN_LENGTH, require_good_password
from crmframe.core.errors import CrmError, InvalidInput, Problem, TooManyAttempts
from crmframe.core.mail.account_letters import KEY, ask_for_link
from crmframe.web.locales import LOCALES
from crmframe.web.pages.view import view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmframe.core.work import UnitOfWork

FORGOTTEN = "/login/forgotten"
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
            writing.publish("core.password_chosen", {"user_id": found.user_id})
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
    return _helping(call, work, error, text=view_of(call, work).message(error))


def show_forgotten(call: Call, work: UnitOfWork) -> Reply:
    """Ask for the name, or say who helps where no mail goes out."""
    return _helping(call, work)


def ask(call: Call, work: UnitOfWork) -> Reply:
    """Mail a link to whoever the name belongs to; the answer is the same for every name."""
    if not mails_go_out(call):
        return _helping(call, work)
    try:
        with call.site.application.work(door="web") as writing:
            ask_for_link(writing, call.form.get("name", ""), call.address)
    except TooManyAttempts as error:
        return _helping(call, work, error)
    return _helping(call, work, is_asked=True)


def mails_go_out(call: Call) -> bool:
    """Return whether links can be mailed: there is a mail server, and it is known what this site is called."""
    application = call.site.application
    server = application.mail_server
    return bool(server.host and server.sender and application.settings.public_url)


def _helping(
    call: Call, work: UnitOfWork, error: CrmError | None = None, *, text: str = "", is_asked: bool = False
) -> Reply:
    data = {
        "view": view_of(call, work),
        "text": text,
        "contact": work.setting("core.help_contact"),
        "mails": mails_go_out(call),
        "is_asked": is_asked,
        "error": error,
        "name": call.form.get("name", ""),
    }
    return Reply(data, "forgotten.html", error.status if error else 200, headers=SILENT)
