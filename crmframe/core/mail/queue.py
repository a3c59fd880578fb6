"""Queueing mails, and what administrators do with those that did not go out."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.kinds import Email
from crmframe.core.entities.kinds_base import ValueProblem
from crmframe.core.errors import InvalidInput, NotFound, Problem
from crmframe.core.jobs.queue import enqueue
from crmframe.core.mail.tables import outgoing
from crmframe.core.work import UnitOfWork

SEND = "core.send_mail"
LONGEST_SUBJECT = 300


def queue_mail(
    work: UnitOfWork, *, to: str, subject: str, text: str, html: str = "", reference: str = ""
) -> int:
    """Queue a mail in this unit of work's transaction: it goes out exactly when the rest is committed.

    Args:
        to: One address.
        subject: Line breaks become blanks.
        text: What readers without HTML see; ``html`` says the same.
        reference: What it is about, such as ``sales.quote:3``.

    Returns:
        The mail's number in the queue.

    Raises:
        InvalidInput: The address is none.
    """
    row = {
        "recipient": _address(work, to),
        "subject": " ".join(subject.split())[:LONGEST_SUBJECT],
        "text": text,
        "html": html,
        "reference": reference,
        "state": "queued",
        "attempts": 0,
        "run_at": work.now,
        "error": "",
        "created_at": work.now,
    }
    key: Any = work.connection.execute(sa.insert(outgoing), row).inserted_primary_key
    enqueue(work, SEND, unique_key=SEND)
    return int(key[0])


def _address(work: UnitOfWork, to: str) -> str:
    try:
        address = Email().parse(to, work.parse_context())
    except ValueProblem as wrong:
        data = {"field": "E-mail", **wrong.data}
        raise InvalidInput([Problem("to", wrong.code, wrong.template, data)]) from None
    if address is None:
        raise InvalidInput([Problem("to", "required", "{field} is required.", {"field": "E-mail"})])
    return str(address)


def send_again(work: UnitOfWork, mail_id: int) -> None:
    """Queue a mail once more that failed, or whose fate is unknown.

    Raises:
        NotFound: There is none in such a state.
    """
    ended = sa.and_(outgoing.c.id == mail_id, outgoing.c.state.in_(("failed", "unknown")))
    values = {"state": "queued", "attempts": 0, "run_at": work.now, "error": "", "finished_at": None}
    if work.connection.execute(sa.update(outgoing).where(ended).values(values)).rowcount != 1:
        raise NotFound(entity="mail", id=mail_id)
    enqueue(work, SEND, unique_key=SEND)
