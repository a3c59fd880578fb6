"""Handing one mail to the mail server, and telling apart what that can end in."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, formatdate
from typing import Any, Literal

SECONDS = 30
Security = Literal["none", "starttls", "ssl"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in, and as whom.

    Attributes:
        host: Empty: no mail is sent.
        security: starttls asks for it and goes nowhere without; none is for servers on the same machine.
    """

    host: str = ""
    port: int = 587
    user: str = ""
    password: str = ""
    security: Security = "starttls"
    sender: str = ""
    sender_name: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it is handed over; ``id`` makes its Message-ID, the same for every attempt."""

    id: str
    to: str
    subject: str
    text: str
    html: str = ""


class Refused(Exception):
    """The server will not take it: another attempt would end the same way."""


class Delayed(Exception):
    """The server cannot take it now."""


class Unanswered(Exception):
    """The mail was handed over and the connection ended before the answer: it may have arrived."""


def deliver(server: MailServer, letter: Letter) -> None:
    """Hand a mail to the server.

    Raises:
        Refused, Delayed, Unanswered: With the server's words.
    """
    try:
        with _connected(server) as client:
            _hand_over(client, server, letter)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _verdict(code)(f"{code} {_text(words)}") from None
    except smtplib.SMTPResponseException as error:
        raise _verdict(error.smtp_code)(f"{error.smtp_code} {_text(error.smtp_error)}") from None
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(str(error)) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Delayed(f"{type(error).__name__}: {error}") from None


def _verdict(code: int) -> type[Exception]:
    return Delayed if 400 <= code < 500 else Refused


def _text(words: Any) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


class _Client(smtplib.SMTP):
    handed_over = False

    def data(self, msg: Any) -> Any:
        """Note that from here on nobody knows, unless the server answers."""
        self.handed_over = True
        return super().data(msg)


class _SecureClient(smtplib.SMTP_SSL):
    handed_over = False
    data = _Client.data


def _connected(server: MailServer) -> Any:
    context = ssl.create_default_context()
    if server.security == "ssl":
        return _ready(_SecureClient(server.host, server.port, timeout=SECONDS, context=context), server)
    client = _Client(server.host, server.port, timeout=SECONDS)
    if server.security == "starttls":
        client.starttls(context=context)
    return _ready(client, server)


def _ready(client: Any, server: MailServer) -> Any:
    if server.user:
        client.login(server.user, server.password)
    return client


def _hand_over(client: Any, server: MailServer, letter: Letter) -> None:
    try:
        client.send_message(message_of(server, letter), from_addr=server.sender, to_addrs=[letter.to])
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        if client.handed_over:
            raise Unanswered(f"{type(error).__name__}: {error}") from None
        raise


def message_of(server: MailServer, letter: Letter) -> EmailMessage:
    """Return the mail as it goes over the wire; ``EmailMessage`` refuses line breaks in headers."""
    message = EmailMessage(policy=SMTP)
    domain = server.sender.rpartition("@")[2] or "crmframe.invalid"
    message["From"] = formataddr((server.sender_name, server.sender))
    message["To"] = letter.to
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = f"<{letter.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
    return message


Deliver = Callable[[MailServer, Letter], None]
