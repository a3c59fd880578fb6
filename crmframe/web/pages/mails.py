"""Outgoing mail for administrators: what waits, what failed, and trying it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.mail.queue import send_again
from crmframe.core.mail.tables import outgoing
from crmframe.web.pages.admitting import require_admin
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.pages.view import View

PAGE = "/admin/mail"
SHOWN = 100
STATES = {
    "queued": ("waiting", "blue"),
    "sending": ("being sent", "teal"),
    "sent": ("sent", "green"),
    "failed": ("failed", "red"),
    "unknown": ("perhaps sent", "amber"),
}


def show_mails(call: Call, work: UnitOfWork) -> Reply:
    """Show the newest mails by state; their texts are for their readers only."""
    view = require_admin(call, work)
    state = call.parameter("state")
    columns = [c for c in outgoing.c if c.name not in ("text", "html")]
    newest = sa.select(*columns).order_by(outgoing.c.id.desc()).limit(SHOWN)
    rows = work.rows(newest.where(outgoing.c.state == state) if state in STATES else newest)
    counted = sa.select(outgoing.c.state, sa.func.count()).group_by(outgoing.c.state)
    counts = {row[0]: row[1] for row in work.rows(counted)}
    server = call.site.application.mail_server
    data = {
        "view": view,
        "state": state,
        "states": [(n, view.say(label), tone, counts.get(n, 0)) for n, (label, tone) in STATES.items()],
        "mails": [_mail(view, row) for row in rows],
        "server": f"{server.host}:{server.port}" if server.host else "",
        "sender": server.sender,
    }
    return Reply(data, "mails.html")


def _mail(view: View, row: Any) -> dict[str, Any]:
    label, tone = STATES[row.state]
    return {
        "id": row.id,
        "to": row.recipient,
        "subject": row.subject,
        "label": view.say(label),
        "tone": tone,
        "at": view.formats.instant(row.created_at),
        "error": row.error,
        "again": row.state in ("failed", "unknown"),
    }


def try_again(call: Call, work: UnitOfWork) -> Reply:
    """Queue a mail once more."""
    require_admin(call, work)
    send_again(work, call.path["id"])
    return Reply(location=PAGE)
