"""Mails with a link to an account.

They are not queued as other mails are: a link lies in the database as a hash only. The job makes the link and hands
the mail over itself; every attempt makes another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from crmframe.core.access import throttle
from crmframe.core.access.links import LASTS, has_recent_link, make_link
from crmframe.core.access.models import User
from crmframe.core.contributions import LongJob
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import JobRun
from crmframe.core.mail.transport import Letter, deliver
from crmframe.core.work import UnitOfWork

SEND = "core.send_account_link"
WELCOME, KEY = "/welcome", "key"
NOBODY = 0
# Whoever asks for somebody else fills no mailbox, and does not end the link that was just sent.
QUIET = timedelta(minutes=5)
_user: Any = User.__table__

SUBJECTS = {"invite": "Your account at {company}", "reset": "A new password for {company}"}
TEXTS = {
    "invite": "You are invited to work with crmframe at {company}. Choose your password here within {days} days:",
    "reset": "Somebody, most likely you, asked for a new password. Choose it here within an hour:",
}
ENDS = {
    "invite": "The link counts once. If you do not know what this is about, leave it.",
    "reset": "The link counts once. If it was not you, do nothing: your password stays as it is.",
}


def mail_invitation(work: UnitOfWork, user_id: int) -> None:
    """Mail an invitation after the commit; the link that was shown counts, too, until one of them is used."""
    enqueue(work, SEND, {"kind": "invite", "user_id": user_id})


def ask_for_link(work: UnitOfWork, name: str, address: str) -> None:
    """Mail a link to the user with this login name or e-mail address, if there is one.

    It does the same work for every name, so that neither the answer nor its time tells which names exist.

    Raises:
        TooManyAttempts: Too early after others from this address.
    """
    name = name.strip().replace("\x00", "").encode("utf-8", "replace").decode()
    throttle.begin_attempt(work.connection, throttle.attempt_of(f"link for {name}", address), work.now)
    rows = work.connection.execute(BY_NAME, {"name": name.lower()}).all()
    user_id = rows[0].id if len(rows) == 1 else NOBODY
    enqueue(work, SEND, {"kind": "reset", "user_id": user_id})


def send_link(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a link and hand in the mail; does nothing for nobody."""
    application: Any = run.application
    kind, user_id = payload["kind"], payload["user_id"]
    with application.work(door="job") as work:
        run.renew(work.connection)
        user = work.connection.execute(sa.select(_user).where(_user.c.id == user_id)).one_or_none()
        if user is None or not user.is_active or not user.email:
            return {"sent": 0}
        is_first = kind == "reset" and run.attempt == 1
        if is_first and has_recent_link(work.connection, user_id, work.now - QUIET):
            return {"sent": 0}
        secret = make_link(work.connection, kind, user_id, work.now, ends_others=kind == "reset")
        company = work.setting("core.company_name") or "crmframe"
        locale = user.locale or work.settings.locale
    deliver(application.mail_server, _letter(application, kind, user, company, (locale, secret, run.id)))
    return {"sent": 1}


def _letter(application: Any, kind: str, user: Any, company: str, how: tuple[str, str, int]) -> Letter:
    locale, secret, number = how

    def say(msgid: str, **data: Any) -> str:
        text: str = application.translator.translate("core", locale, msgid, **data)
        return text

    lines = [
        say("Hello {name},", name=user.name),
        say(TEXTS[kind], company=company, days=LASTS["invite"].days),
        link_of(application.settings.public_url, secret),
        say(ENDS[kind]),
    ]
    return Letter(
        f"account-{number}", user.email, say(SUBJECTS[kind], company=company), "\n\n".join(lines), ""
    )


def link_of(public_url: str, secret: str) -> str:
    """Return the address that a link leads to; a path only where nobody said what the site is called.

    Never the host that a request names: whoever sends it chooses it.
    """
    return f"{public_url.rstrip('/')}{WELCOME}?{urlencode({KEY: secret})}"


BY_NAME = (
    sa.select(_user.c.id)
    .where(
        sa.or_(
            sa.func.lower(_user.c.login) == sa.bindparam("name"),
            sa.func.lower(_user.c.email) == sa.bindparam("name"),
        )
    )
    .limit(2)
)
JOBS = (LongJob(SEND, send_link),)
