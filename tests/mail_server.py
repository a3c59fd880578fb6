"""A real mail server in a thread, which does as it is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from crmframe.core.mail.transport import MailServer


@dataclass
class Post:
    """What arrived, and what to answer: ``answers`` by recipient, ``cuts`` ends the connection after the mail."""

    mails: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    cuts: bool = False

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Take the recipient, or say what the test wants."""
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        """Keep the mail, and answer unless the connection is to be cut."""
        self.mails.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        if self.cuts:
            server.transport.abort()
        return "250 OK"


@dataclass
class Running:
    """A mail server that runs."""

    post: Post
    server: MailServer


def free_port() -> int:
    """Return a port that nobody listens on: aiosmtpd tries to reach the one that it was told."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
def mail_server() -> Iterator[Running]:
    post = Post()
    controller = Controller(
        post, hostname="127.0.0.1", port=free_port(), decode_data=False, enable_SMTPUTF8=True
    )
    controller.start()
    assert controller.server is not None
    port = controller.server.sockets[0].getsockname()[1]
    yield Running(
        post, MailServer("127.0.0.1", port, security="none", sender="crm@qiming.example", sender_name="启明")
    )
    controller.stop()
