"""Notifications by mail: those of a minute in one mail, and a digest in the reader's morning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.models import User
from crmframe.core.contributions import LongJob
from crmframe.core.jobs.running import JobRun
from crmframe.core.mail.queue import queue_mail
from crmframe.core.notifications.notify import FOR, GONE, STANDS_FOR, Told, path_of, told_of
from crmframe.core.notifications.tables import digest, notification
from crmframe.core.work import UnitOfWork

MORNING = 8
MOST_LINES = 40
_user: Any = User.__table__


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a mail goes to."""

    id: int
    name: str
    email: str
    locale: str
    zone: str | None


def mail_at_once(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Queue one mail for each user who wants to know at once; what came in the same minute is in the same mail."""
    _ = payload
    sent = 0
    untold = sa.select(notification.c.user_id).where(notification.c.mail == "now").distinct()
    for reader in _readers(run, untold):
        with _as(run, reader) as work:
            sent += _tell(run, work, reader, "now")
            run.renew(work.connection)
    return {"mails": sent}


def mail_digests(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Queue the digest of everybody whose clock has passed eight and who has had none today."""
    _ = payload
    sent = 0
    waiting = sa.select(notification.c.user_id).where(
        notification.c.mail == "digest", notification.c.read_at.is_(None)
    )
    for reader in _readers(run, waiting.distinct()):
        with _as(run, reader) as work:
            local = work.now.astimezone(ZoneInfo(reader.zone) if reader.zone else work.settings.zone)
            if local.hour >= MORNING and _first_today(work, reader.id, local.date()):
                sent += _tell(run, work, reader, "digest")
            run.renew(work.connection)
    return {"mails": sent}


def _readers(run: JobRun, ids: sa.Select[Any]) -> list[Reader]:
    columns = (_user.c.id, _user.c.name, _user.c.email, _user.c.locale, _user.c.zone)
    wanted = sa.select(*columns).where(_user.c.id.in_(ids), _user.c.email.is_not(None), _user.c.is_active)
    with run.application.database.read() as connection:
        rows = connection.execute(wanted.order_by(_user.c.id)).all()
    return [Reader(row.id, row.name, row.email, row.locale or "en", row.zone) for row in rows]


def _as(run: JobRun, reader: Reader) -> AbstractContextManager[UnitOfWork]:
    """Open a unit of work with the reader's rights: a mail says no more than a page would."""
    with run.application.database.read() as connection:
        actor = actor_of_user(connection, reader.id)
    return run.application.work(actor, door="job")


def _first_today(work: UnitOfWork, user_id: int, day: Any) -> bool:
    held = work.connection.scalar(sa.select(digest.c.day).where(digest.c.user_id == user_id))
    if held is None:
        work.connection.execute(sa.insert(digest), {"user_id": user_id, "day": day})
    elif held < day:
        work.connection.execute(sa.update(digest).where(digest.c.user_id == user_id).values(day=day))
    return held is None or held < day


def _tell(run: JobRun, work: UnitOfWork, reader: Reader, mail: str) -> int:
    mine = sa.and_(notification.c.user_id == reader.id, notification.c.mail == mail)
    rows = work.connection.execute(
        sa.select(notification).where(mine, notification.c.read_at.is_(None)).order_by(notification.c.id)
    ).all()
    work.connection.execute(sa.update(notification).where(mine).values(mail="told"))
    if not rows:
        return 0
    say = Sayer(run.application, work.registry, reader.locale)
    told = told_of(work, rows)
    queue_mail(work, to=reader.email, subject=say.subject(told), text=say.text(reader, told))
    return 1


class Sayer:
    """Puts notifications into the reader's words."""

    def __init__(self, application: Any, registry: Any, locale: str) -> None:
        self.translator, self.registry, self.locale = application.translator, registry, locale
        self.url: str = application.settings.public_url.rstrip("/")

    def subject(self, told: Sequence[Told]) -> str:
        """Return what one notification says, or how many there are."""
        if len(told) == 1:
            return self.line(told[0])
        return self.say("{count} notifications", count=len(told))

    def text(self, reader: Reader, told: Sequence[Told]) -> str:
        """Return the mail: a line each, with the way to the record."""
        lines = [self.say("Hello {name},", name=reader.name), ""]
        for each in told[-MOST_LINES:]:
            lines.append(f"- {self.line(each)}")
            if link := self.link(each):
                lines.append(f"  {link}")
        if len(told) > MOST_LINES:
            lines.append(self.say("And {count} more.", count=len(told) - MOST_LINES))
        lines += ["", self.say("You choose what you get by mail on the page of your account.")]
        return "\n".join(lines)

    def line(self, each: Told) -> str:
        """Return what one notification says."""
        if each.kind is None or (each.about and each.title is None):
            return self.say(GONE)
        domain = each.kind.key.partition(".")[0]
        data = {**each.data, "record": each.title or ""}
        text: str = self.translator.translate(domain, self.locale, each.kind.template, **data)
        name = each.data.get(STANDS_FOR)
        return self.say(FOR, name=name, text=text) if name else text

    def link(self, each: Told) -> str:
        """Return where the record is, empty when the reader may not see it or nobody knows where this runs."""
        return (
            f"{self.url}{path_of(self.registry, each.about)}" if self.url and each.title is not None else ""
        )

    def say(self, msgid: str, **data: Any) -> str:
        """Return a text of the core in the reader's language."""
        text: str = self.translator.translate("core", self.locale, msgid, **data)
        return text


JOBS = (
    LongJob("core.mail_at_once", mail_at_once, cron="* * * * *"),
    LongJob("core.mail_digests", mail_digests, cron="*/10 * * * *"),
)
