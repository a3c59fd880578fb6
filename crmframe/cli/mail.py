"""``crmframe mail``: whether outgoing mail works."""

from __future__ import annotations

import sys

import click

from crmframe.cli.console import Console, pass_console
from crmframe.core.mail.sending import OFF
from crmframe.core.mail.transport import Delayed, Letter, Refused, Unanswered, deliver


@click.group("mail")
def mail() -> None:
    """Outgoing mail."""


@mail.command("test")
@click.argument("address", metavar="ADDRESS")
@pass_console
def test(console: Console, address: str) -> None:
    """Send a mail to ADDRESS now, and say what the mail server answers."""
    server = console.settings.mail_server()
    if not server.host or not server.sender:
        console.warn(OFF)
        sys.exit(1)
    text = console.text("This mail shows that crmframe can send mail.")
    try:
        deliver(server, Letter("test", address, console.text("Test of outgoing mail"), text))
    except (Refused, Delayed, Unanswered) as error:
        console.warn("The mail server says: {words}", words=str(error))
        sys.exit(1)
    console.say("The mail server {server} has taken the mail.", server=server.host)
