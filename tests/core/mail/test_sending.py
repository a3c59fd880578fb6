"""Outgoing mail: queued with its cause, sent after it, and never twice without anybody knowing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core.errors import InvalidInput, NotFound
from crmframe.core.jobs.effects import DELAYS
from crmframe.core.jobs.running import run_next
from crmframe.core.mail.queue import queue_mail, send_again
from crmframe.core.mail.sending import OFF
from crmframe.core.mail.tables import outgoing
from crmframe.core.mail.transport import Letter, MailServer, deliver, message_of
from tests.core.small_application import Crash
from tests.mail_server import Running, mail_server

__all__ = ["mail_server"]


@pytest.fixture
def application(make_application: Any, mail_server: Running) -> Any:
    made = make_application()
    made.mail_server = mail_server.server
    return made


def queue(application: Any, **given: Any) -> int:
    values = {"to": "zhang@kunde.example", "subject": "Angebot 报价", "text": "Guten Tag, 您好"}
    with application.work(door="cli") as work:
        return queue_mail(work, **{**values, **given})


def work_off(application: Any) -> None:
    while run_next(application):
        pass


def row(application: Any, mail_id: int) -> Any:
    with application.database.read() as connection:
        return connection.execute(sa.select(outgoing).where(outgoing.c.id == mail_id)).one()


def test_a_mail_goes_out_after_its_cause_was_committed(application: Any, mail_server: Running) -> None:
    with suppress(Crash), application.work(door="cli") as work:
        queue_mail(work, to="nobody@kunde.example", subject="x", text="x")
        raise Crash
    mail_id = queue(application, html="<p>您好</p>")
    work_off(application)

    (mail,) = mail_server.post.mails
    assert mail["To"] == "zhang@kunde.example"
    assert mail["Subject"] == "Angebot 报价"
    assert str(mail["From"]) == "启明 <crm@qiming.example>"
    assert mail.get_body(("plain",)).get_content().strip() == "Guten Tag, 您好"
    assert mail.get_body(("html",)).get_content().strip() == "<p>您好</p>"
    assert row(application, mail_id).state == "sent"
    work_off(application)
    assert len(mail_server.post.mails) == 1


def test_a_refused_mail_says_why_and_can_be_tried_again(application: Any, mail_server: Running) -> None:
    mail_server.post.answers["zhang@kunde.example"] = "550 5.1.1 no such user"
    mail_id = queue(application)
    work_off(application)
    assert (row(application, mail_id).state, row(application, mail_id).error) == (
        "failed",
        "550 5.1.1 no such user",
    )

    mail_server.post.answers.clear()
    with application.work(door="web") as work:
        send_again(work, mail_id)
    work_off(application)
    assert row(application, mail_id).state == "sent"
    with pytest.raises(NotFound), application.work(door="web") as work:
        send_again(work, mail_id)


def test_a_server_that_is_busy_is_asked_again_later(
    application: Any, mail_server: Running, clock: Any
) -> None:
    mail_server.post.answers["zhang@kunde.example"] = "451 4.3.0 later"
    mail_id = queue(application)
    work_off(application)
    assert row(application, mail_id).state == "queued"
    work_off(application)
    assert row(application, mail_id).attempts == 1

    mail_server.post.answers.clear()
    clock.advance(seconds=DELAYS[0].total_seconds() + 120)
    queue(application, to="other@kunde.example")
    work_off(application)
    assert row(application, mail_id).state == "sent"
    assert row(application, mail_id).attempts == 2


def test_a_connection_that_ends_before_the_answer_leaves_the_fate_unknown(
    application: Any, mail_server: Running
) -> None:
    mail_server.post.cuts = True
    mail_id = queue(application)
    work_off(application)
    assert row(application, mail_id).state == "unknown"
    work_off(application)
    assert len(mail_server.post.mails) == 1


@pytest.mark.writes_directly("a process that was killed while it sent left its row like this")
def test_a_mail_of_a_process_that_died_is_not_sent_twice(
    application: Any, mail_server: Running, clock: Any
) -> None:
    mail_id = queue(application)
    with application.database.write() as connection:
        lost = {"state": "sending", "lease_until": application.clock(), "attempts": 1}
        connection.execute(sa.update(outgoing).where(outgoing.c.id == mail_id).values(lost))
    clock.advance(minutes=3)
    work_off(application)
    assert row(application, mail_id).state == "unknown"
    assert mail_server.post.mails == []


def test_without_a_server_the_queue_says_so(application: Any) -> None:
    application.mail_server = MailServer()
    mail_id = queue(application)
    work_off(application)
    assert (row(application, mail_id).state, row(application, mail_id).error) == ("failed", OFF)


def test_a_server_that_does_not_answer_delays_only(application: Any) -> None:
    application.mail_server = MailServer("127.0.0.1", 9, security="none", sender="crm@qiming.example")
    mail_id = queue(application)
    work_off(application)
    assert row(application, mail_id).state == "queued"


@pytest.mark.parametrize(
    "to", ["", "no address", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example"]
)
def test_what_is_no_single_address_is_refused(application: Any, to: str) -> None:
    with pytest.raises(InvalidInput):
        queue(application, to=to)


def test_no_text_of_users_makes_a_header(mail_server: Running) -> None:
    letter = Letter("mail-1", "a@b.example", "Offer\r\nBcc: spy@evil.example\r\n\r\nhello", "text")
    message = message_of(mail_server.server, letter)
    assert message["Bcc"] is None
    deliver(mail_server.server, letter)
    assert mail_server.post.mails[0]["Subject"] == "Offer Bcc: spy@evil.example hello"


def test_every_attempt_bears_the_same_message_id(mail_server: Running) -> None:
    letter = Letter("mail-7", "a@b.example", "Offer", "text")
    ids = {message_of(mail_server.server, letter)["Message-ID"] for _ in range(2)}
    assert ids == {"<mail-7@qiming.example>"}
