"""The doors of an application for tests: browsers and programs of different people, and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import sqlalchemy as sa
from click.testing import CliRunner
from starlette.testclient import TestClient

from crmframe.application import Application
from crmframe.cli.main import main
from crmframe.core import records
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.sessions import Origin, open_session
from crmframe.core.access.tokens import create_token
from crmframe.settings import AppSettings
from crmframe.web.asgi import build_site
from crmframe.web.host import Host
from crmframe.web.locales import COOKIE
from crmframe.web.visitor import PLAIN_COOKIE

Grants = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        """Return the JSON lines; the command must have succeeded."""
        assert self.status == 0, self.err or self.out
        return [json.loads(line) for line in self.out.splitlines()]


class Doors:
    """Everything through which people and programs reach one application.

    Args:
        application: Stays open: whoever made it closes it.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self._numbers = count(1)
        self._host: Host | None = None
        self._clients: list[TestClient] = []

    def close(self) -> None:
        """Close the browsers and programs."""
        for client in self._clients:
            client.close()

    @property
    def host(self) -> Host:
        """Return the ASGI app that serves the application."""
        if self._host is None:
            site = build_site(self.application, hasher=Hasher(fast=True))
            self._host = Host(lambda: site, lambda served: served.generation)
        return self._host

    def user(self, *, grants: Grants = (), is_admin: bool = False) -> int:
        """Make a user; ``grants`` are pairs of permission and scope, put into a role of their own."""
        number = next(self._numbers)
        with self.application.work(door="cli") as work:
            values = {"login": f"person{number}", "name": f"Person {number}", "is_admin": is_admin}
            user_id: int = records.create(work, "core.user", values)["id"]
            rows = [{"permission": permission, "scope": scope} for permission, scope in grants]
            if rows:
                role = records.create(work, "core.role", {"name": f"Role of person {number}"})["id"]
                records.create_many(work, "core.role_grant", [{"role_id": role, **row} for row in rows])
                records.create(work, "core.user_role", {"user_id": user_id, "role_id": role})
        return user_id

    def stranger(self, **headers: str) -> TestClient:
        """Return a client of somebody who has not signed in."""
        client = TestClient(self.host, raise_server_exceptions=False, follow_redirects=False, headers=headers)
        self._clients.append(client)
        return client

    def browser(self, user_id: int, locale: str = "en") -> TestClient:
        """Return a browser in which the user has signed in."""
        with self.application.database.write() as connection:
            secret = open_session(connection, user_id, Origin("127.0.0.1", "test"), self.application.clock())
        client = self.stranger(**{"sec-fetch-site": "same-origin", "accept": "text/html"})
        client.cookies.set(PLAIN_COOKIE, secret)
        client.cookies.set(COOKIE, locale)
        return client

    def program(self, user_id: int) -> TestClient:
        """Return a program that has an API token of the user."""
        with self.application.work(door="cli") as work:
            _, secret = create_token(work, user_id, "test", scopes=None)
        return self.stranger(authorization=f"Bearer {secret}")

    def command(self, *arguments: str, typed: str = "") -> Answer:
        """Run ``crmframe`` with these arguments, on the application's database and plugins."""
        settings, clock = self.application.settings, self.application.clock

        def open_application(_given: AppSettings, *, migrate: bool) -> Application:
            return Application(settings, clock=clock, migrate=migrate)

        environment = {"CRMFRAME_DATABASE": settings.database, "CRMFRAME_FOLDER": str(settings.folder)}
        runner, extra = CliRunner(), {"open_application": open_application}
        result = runner.invoke(main, list(arguments), input=typed, env=environment, obj=extra)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)


@contextmanager
def counted_statements(application: Application) -> Iterator[Sequence[str]]:
    """Give the list that the statements run inside are added to."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = application.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
