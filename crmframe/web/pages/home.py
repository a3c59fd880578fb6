"""The first page: what plugins have to say, their tiles, and what was done last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.journal.tables import operation
from crmframe.core.workspace.settings import IS_SAMPLE
from crmframe.web.auth import local_path
from crmframe.web.locales import COOKIE, LOCALES
from crmframe.web.pages.detail import part_of
from crmframe.web.pages.first_run import PAGE as SETUP
from crmframe.web.pages.first_run import is_wanted
from crmframe.web.pages.histories import operations_by_day
from crmframe.web.pages.keeping import at_hand
from crmframe.web.pages.samples import PAGE as SAMPLE
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

RECENT = 12
MOST_STARTS = 4
YEAR_SECONDS = 365 * 24 * 3600


def show_first(call: Call, work: UnitOfWork) -> Reply:
    """Show the home page, or lead to the one that a plugin has for this user."""
    if is_wanted(work):
        return Reply(location=SETUP)
    other = work.hooks.first("home_page", view_of(call, work).context())
    return Reply(location=local_path(other)) if other else show_home(call, work)


def show_home(call: Call, work: UnitOfWork) -> Reply:
    """Show the home page, whatever plugins would rather show first."""
    view = view_of(call, work)
    context = view.context()
    data = {
        "view": view,
        "today": view.formats.day(view.formats.now.date()),
        "hello": _hello(view),
        "notices": [text for _, text in work.hooks.contribute("notices", context) if isinstance(text, str)],
        "is_sample": work.setting(IS_SAMPLE),
        "sample_page": SAMPLE if work.actor.is_admin else "",
        "widgets": _widgets(view, context),
        "days": _recent(view),
        "starts": _starts(view),
        **at_hand(view),
    }
    return Reply(data, "home.html")


def _hello(view: View) -> str:
    hour = view.formats.now.hour
    greeting = (
        "Good morning, {name}"
        if hour < 12
        else "Good afternoon, {name}"
        if hour < 18
        else "Good evening, {name}"
    )
    return view.say(greeting, name=view.work.actor.name)


def _widgets(view: View, context: Any) -> list[dict[str, Any]]:
    found = []
    for plugin, widgets in view.work.hooks.collect("widgets"):
        for widget in widgets:
            if not widget.permission or view.may(widget.permission):
                html = part_of(view, plugin, widget, context)
                if html:
                    found.append({"label": view.text(plugin, widget.label), "html": html})
    return found


def _recent(view: View) -> list[dict[str, Any]]:
    mine = operation.c.actor_id == view.work.actor.id
    rows = view.work.rows(sa.select(operation).where(mine).order_by(operation.c.id.desc()).limit(RECENT))
    return operations_by_day(view, rows)


def _starts(view: View) -> list[tuple[str, str, str]]:
    """Return what to begin with: the entities of the menu that the reader may create."""
    wanted = [e for e in view.work.registry.public_entities() if e.in_menu and e.group != "administration"]
    return [
        (view.say("New {entity}", entity=view.one(e)), f"/{e.slug}/new", e.icon)
        for e in wanted
        if view.may(f"{e.name}.create")
    ][:MOST_STARTS]


def choose_language(call: Call, work: UnitOfWork) -> Reply:
    """Remember the language in this browser."""
    wanted = call.form.get("locale", "")
    back = local_path(call.form.get("back", "/"))
    if wanted not in LOCALES:
        return Reply(location=back)
    secure = "; Secure" if call.secure else ""
    cookie = f"{COOKIE}={wanted}; Path=/; Max-Age={YEAR_SECONDS}; SameSite=Lax; HttpOnly{secure}"
    return Reply(location=back, headers={"set-cookie": cookie})
