"""``crmframe user``: people who can sign in. Creating, changing and showing them works as for every record type."""

from __future__ import annotations

import secrets
import sys
from datetime import timedelta
from typing import Any

import click

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.entity import named_entity
from crmframe.cli.people import ID, role_id, user_id
from crmframe.core import records
from crmframe.core.access.accounts import set_password
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.tokens import create_token, list_tokens, revoke_token


@click.group("user", cls=named_entity("core.user"))
def user() -> None:
    """Users, their passwords and API tokens."""


@user.command("create")
@click.argument("login", metavar="LOGIN")
@click.option("--name", help="What people call the user (default: the login name).")
@click.option("--email", help="E-mail address.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role to give; may be repeated.")
@click.option("--admin", is_flag=True, help="An administrator: may do everything.")
@click.option("--password", help="Asked for when left out; - reads one line, . makes one and prints it.")
@json_option
@pass_console
def create(
    console: Console, /, login: str, password: str | None, roles: tuple[str, ...], **given: Any
) -> None:
    """Create a user; also the first one, on a new database."""
    console.prepared()
    secret, is_made = chosen_password(password)
    values = {
        "login": login,
        "name": given["name"] or login,
        "email": given["email"],
        "is_admin": given["admin"],
    }
    with console.work() as work:
        made = records.create(work, "core.user", values)
        for role in roles:
            held = {"user_id": made["id"], "role_id": role_id(work.connection, role)}
            records.create(work, "core.user_role", held)
        set_password(work, made["id"], secret, hasher=Hasher(), must_change=is_made)
    if console.as_json:
        console.data({"id": made["id"], "login": login, **({"password": secret} if is_made else {})})
    console.say("User {login} is created.", login=login)
    if is_made:
        console.say("Password: {password} (to be changed at the first sign-in)", password=secret)


def chosen_password(given: str | None) -> tuple[str, bool]:
    """Return a password, and whether it was made here; what is typed is not shown."""
    if given == ".":
        return secrets.token_urlsafe(12), True
    if given == "-":
        return sys.stdin.readline().rstrip("\r\n"), False
    if given is None:
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return str(given), False


@user.command("set-password")
@click.argument("login", metavar="USER")
@click.option("--password", help="Asked for when left out; - reads one line, . makes one and prints it.")
@json_option
@pass_console
def set_password_of(console: Console, login: str, password: str | None) -> None:
    """Give a user a new password; ends all sessions of the user."""
    secret, is_made = chosen_password(password)
    with console.work() as work:
        set_password(work, user_id(work.connection, login), secret, hasher=Hasher(), must_change=is_made)
    if console.as_json:
        console.data({"login": login, **({"password": secret} if is_made else {})})
    console.say("The password of {login} is changed.", login=login)
    if is_made:
        console.say("Password: {password} (to be changed at the first sign-in)", password=secret)


@user.command("deactivate")
@click.argument("login", metavar="USER")
@pass_console
def deactivate(console: Console, login: str) -> None:
    """Refuse a user at once: sessions, tokens and jobs; the records stay."""
    with console.work() as work:
        records.update(work, "core.user", user_id(work.connection, login), {"is_active": False})
    console.say(
        "{login} is switched off. Switch on again with: crmframe user update ID is_active=yes", login=login
    )


@user.command("reset-second-factor")
@click.argument("login", metavar="USER")
@pass_console
def reset_second_factor(console: Console, login: str) -> None:
    """Let a user sign in with the password alone again, who lost phone and recovery codes."""
    with console.work() as work:
        records.run(work, "core.user", user_id(work.connection, login), "reset_second_factor")
    console.say("{login} signs in with the password alone until a new second factor is set up.", login=login)


@user.group("token")
def token() -> None:
    """API tokens of a user."""


@token.command("create")
@click.argument("login", metavar="USER")
@click.argument("name", metavar="NAME")
@click.option("--scope", "scopes", multiple=True, help="Only these permissions, such as sales.* or *.read.")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long it is valid."
)
@json_option
@pass_console
def create_one(console: Console, login: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token and print it, this once."""
    with console.work() as work:
        ends = work.now + timedelta(days=days)
        owner = user_id(work.connection, login)
        made, secret = create_token(work, owner, name, scopes=scopes or None, expires_at=ends)
    if console.as_json:
        console.data({"id": made, "token": secret, "expires_at": ends})
    else:
        click.echo(secret)
        console.warn("Keep it: it is not shown again. It is valid until {day}.", day=f"{ends:%Y-%m-%d}")


@token.command("list")
@click.argument("login", metavar="USER")
@json_option
@pass_console
def list_all(console: Console, login: str) -> None:
    """List the tokens of a user, without their secrets."""
    with console.work(write=False) as work:
        found = list_tokens(work, user_id(work.connection, login))
    names = ("id", "name", "created_at", "expires_at", "last_used_at", "revoked_at")
    rows = [[*(getattr(each, name) for name in names), ", ".join(each.scopes or ("*",))] for each in found]
    console.rows(["Id", "Name", "Created at", "Expires at", "Last used at", "Revoked at", "Scopes"], rows)


@token.command("revoke")
@click.argument("login", metavar="USER")
@click.argument("token_id", metavar="ID", type=ID)
@pass_console
def revoke(console: Console, login: str, token_id: int) -> None:
    """End a token at once."""
    with console.work() as work:
        revoke_token(work, user_id(work.connection, login), token_id)
    console.say("Token {id} is revoked.", id=token_id)
