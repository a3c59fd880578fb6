"""What the reader was told, and how it should come by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.notifications import notify as told
from crmframe.core.notifications.tables import notification
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

PAGE, CHOICES = "/notifications", "/account/notifications"
WAYS = {"now": "At once", "digest": "Once a day", "off": "Never"}


def show_notifications(call: Call, work: UnitOfWork) -> Reply:
    """Show the newest, and the way to older ones."""
    view = view_of(call, work)
    before = call.parameter("before")
    found = told.own(work, before=int(before) if before.isdecimal() and len(before) < 19 else None)
    data = {
        "view": view,
        "lines": [_line(view, each) for each in found],
        "older": found[-1].id if len(found) == told.SHOWN else None,
    }
    return Reply(data, "notifications.html")


def _line(view: View, each: told.Told) -> dict[str, Any]:
    is_hidden = bool(each.about) and each.title is None
    return {
        "id": each.id,
        "text": _text(view, each) if each.kind and not is_hidden else view.say(told.GONE),
        "tone": each.kind.tone if each.kind and not is_hidden else "grey",
        "icon": each.kind.icon if each.kind else "bell",
        "when": view.formats.ago(each.at, view.say),
        "is_read": each.is_read,
        "leads_on": bool(each.about) and not is_hidden,
    }


def _text(view: View, each: told.Told) -> str:
    if each.kind is None:
        return ""
    domain = each.kind.key.partition(".")[0]
    data = {**each.data, "record": each.title or ""}
    text = view.translator.translate(domain, view.locale, each.kind.template, **data)
    name = each.data.get(told.STANDS_FOR)
    return view.say(told.FOR, name=name, text=text) if name else text


def open_notification(call: Call, work: UnitOfWork) -> Reply:
    """Mark one as read and lead to its record; another's leads nowhere."""
    mine = sa.and_(notification.c.id == call.path["id"], notification.c.user_id == work.actor.id)
    about = work.connection.scalar(sa.select(notification.c.about).where(mine))
    told.mark_read(work, [call.path["id"]])
    is_known = bool(about) and str(about).rpartition(":")[0] in work.registry.entities
    return Reply(location=told.path_of(work.registry, str(about)) if is_known else PAGE)


def read_all(call: Call, work: UnitOfWork) -> Reply:
    """Mark all of them as read."""
    told.mark_read(work)
    return Reply(location=PAGE)


def show_choices(call: Call, work: UnitOfWork) -> Reply:
    """Show what there is to be told, and how the reader wants it."""
    view = view_of(call, work)
    chosen = told.choices_of(work)
    kinds = [
        (key, view.text(key.partition(".")[0], kind.label), chosen[key])
        for key, kind in told.kinds_of(work).items()
    ]
    data = {
        "view": view,
        "kinds": kinds,
        "ways": [(way, view.say(label)) for way, label in WAYS.items()],
        "has_address": _has_address(work),
        "is_off": not call.site.application.settings.mail_host,
    }
    return Reply(data, "notification_choices.html")


def _has_address(work: UnitOfWork) -> bool:
    user: Any = work.registry.entity("core.user").table
    return bool(work.connection.scalar(sa.select(user.c.email).where(user.c.id == work.actor.id)))


def save_choices(call: Call, work: UnitOfWork) -> Reply:
    """Remember how the reader wants each kind."""
    told.choose(work, call.form)
    return Reply(location=CHOICES)
