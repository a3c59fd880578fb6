"""The job that sends mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmframe.core.contributions import Job, LongJob
from crmframe.core.jobs.effects import Effects
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import JobRun
from crmframe.core.mail.queue import SEND
from crmframe.core.mail.tables import outgoing
from crmframe.core.mail.transport import Delayed, Letter, MailServer, Refused, Unanswered, deliver
from crmframe.core.work import UnitOfWork

OFF = "No mail server is set: see the settings mail_host and mail_sender."


def _attempt(application: Any, rows: Sequence[Any]) -> tuple[str, str]:
    server: MailServer = application.mail_server
    if not server.host or not server.sender:
        return "failed", OFF
    (row,) = rows
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


MAILS = Effects(outgoing, _attempt)


def send_waiting(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send what is due, one after the other; returns how many ended in which state."""
    _ = payload
    return MAILS.send(run)


def wake(work: UnitOfWork, payload: Mapping[str, Any]) -> None:
    """Queue the sending when something is due again."""
    _ = payload
    if MAILS.is_due(work):
        enqueue(work, SEND, unique_key=SEND)


JOBS = (LongJob(SEND, send_waiting), Job("core.wake_mail", wake, cron="* * * * *"))
