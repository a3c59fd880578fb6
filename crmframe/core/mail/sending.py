"""The job that sends: each mail claimed in a transaction of its own, handed over outside of any."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.core.contributions import Job, LongJob
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import JobRun
from crmframe.core.mail.queue import SEND
from crmframe.core.mail.tables import outgoing
from crmframe.core.mail.transport import Delayed, Letter, MailServer, Refused, Unanswered, deliver
from crmframe.core.storage.dialect import lock_rows
from crmframe.core.work import UnitOfWork

LEASE = timedelta(minutes=2)
# A server that is down for a night is waited for; then somebody should look.
DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 480))
KEPT = timedelta(days=30)
OFF = "No mail server is set: see the settings mail_host and mail_sender."


def send_waiting(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send what is due, one after the other; returns how many ended in which state."""
    _ = payload
    application: Any = run.application
    server: MailServer = application.mail_server
    counts: dict[str, int] = {}
    while (claimed := _claim(run, application)) is not None:
        state, error = _attempt(server, claimed)
        with application.database.write() as connection:
            run.renew(connection)
            ended = _end(connection, claimed, state, error, application.clock())
        counts[ended] = counts.get(ended, 0) + 1
    return counts


def _claim(run: JobRun, application: Any) -> Any:
    """Take the next mail; what an attempt before left in the middle is of unknown fate."""
    now = application.clock()
    with application.database.write() as connection:
        run.renew(connection)
        lost = sa.and_(outgoing.c.state == "sending", outgoing.c.lease_until < now)
        unknown = {"state": "unknown", "error": "The program stopped while it was sent.", "finished_at": now}
        connection.execute(sa.update(outgoing).where(lost).values(unknown))
        due = sa.select(outgoing).where(outgoing.c.state == "queued", outgoing.c.run_at <= now)
        row = connection.execute(
            lock_rows(due.order_by(outgoing.c.run_at, outgoing.c.id).limit(1), to="change")
        ).one_or_none()
        if row is not None:
            taken = {"state": "sending", "attempts": row.attempts + 1, "lease_until": now + LEASE}
            connection.execute(sa.update(outgoing).where(outgoing.c.id == row.id).values(taken))
    return row


def _attempt(server: MailServer, row: Any) -> tuple[str, str]:
    if not server.host or not server.sender:
        return "failed", OFF
    letter = Letter(f"mail-{row.id}", row.recipient, row.subject, row.text, row.html)
    try:
        deliver(server, letter)
    except Refused as error:
        return "failed", str(error)
    except Delayed as error:
        return "queued", str(error)
    except Unanswered as error:
        return "unknown", str(error)
    return "sent", ""


def _end(connection: sa.Connection, row: Any, state: str, error: str, now: datetime) -> str:
    if state == "queued" and row.attempts >= len(DELAYS):
        state = "failed"
    values: dict[str, Any] = {"state": state, "error": error, "lease_until": None}
    if state == "queued":
        values["run_at"] = now + DELAYS[row.attempts]
    else:
        values["finished_at"] = now
    connection.execute(sa.update(outgoing).where(outgoing.c.id == row.id).values(values))
    return state


def wake(work: UnitOfWork, payload: Mapping[str, Any]) -> None:
    """Queue the sending when something is due again, and forget what was sent long ago."""
    _ = payload
    overdue = sa.or_(
        sa.and_(outgoing.c.state == "queued", outgoing.c.run_at <= work.now),
        sa.and_(outgoing.c.state == "sending", outgoing.c.lease_until < work.now),
    )
    if work.connection.scalar(sa.select(outgoing.c.id).where(overdue).limit(1)) is not None:
        enqueue(work, SEND, unique_key=SEND)
    old = sa.and_(outgoing.c.state == "sent", outgoing.c.finished_at < work.now - KEPT)
    work.connection.execute(sa.delete(outgoing).where(old))


JOBS = (LongJob(SEND, send_waiting), Job("core.wake_mail", wake, cron="* * * * *"))
