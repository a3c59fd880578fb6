"""Settings, users and clients for the tests of the web."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.access.accounts import set_password
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.tokens import create_token
from crmframe.kernel.state import read_generation
from crmframe.settings import AppSettings, PluginSettings
from crmframe.web.asgi import build_site
from crmframe.web.host import Host
from crmframe.web.site import Site

PASSWORD = "correct horse battery staple"
HASHER = Hasher(fast=True)
PLUGINS = Path(__file__).parent / "plugins"


def settings_for(url: str, folder: Path, *plugins: str) -> AppSettings:
    """Return the settings of a test: the plugins of the file count, nothing is imported on trial."""
    chosen = PluginSettings(enabled=plugins, managed="file", paths=(PLUGINS,), import_seconds=0)
    return AppSettings(database=url, folder=folder, secret="a secret of tests", plugins=chosen)


class People:
    """Makes users with a password and clients that are signed in."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.open: list[TestClient] = []

    def user(self, login: str, *, is_admin: bool = False, grants: tuple[tuple[str, str], ...] = ()) -> int:
        """Make a user; ``grants`` are pairs of permission and scope, put into a role of their own."""
        with self.host.site.application.work(door="cli") as work:
            values = {"login": login, "name": login.title(), "is_admin": is_admin}
            user_id: int = records.create(work, "core.user", values)["id"]
            if grants:
                role = records.create(work, "core.role", {"name": f"role of {login}"})
                rows = [{"role_id": role["id"], "permission": name, "scope": scope} for name, scope in grants]
                records.create_many(work, "core.role_grant", rows)
                records.create(work, "core.user_role", {"user_id": user_id, "role_id": role["id"]})
            set_password(work, user_id, PASSWORD, hasher=HASHER)
        return user_id

    def client(self, **headers: str) -> TestClient:
        """Return a client of nobody in particular."""
        client = TestClient(self.host, raise_server_exceptions=False, follow_redirects=False, headers=headers)
        self.open.append(client)
        return client

    def signed_in(self, login: str) -> TestClient:
        """Return a browser in which the user has signed in."""
        client = self.client(**{"sec-fetch-site": "same-origin", "accept": "text/html"})
        answer = client.post("/login", data={"name": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def program(self, user_id: int, *scopes: str) -> TestClient:
        """Return a program that has a token of the user."""
        with self.host.site.application.work(door="cli") as work:
            _, secret = create_token(work, user_id, "test", scopes=scopes or None)
        return self.client(authorization=f"Bearer {secret}")


def host_of(settings: AppSettings) -> Host:
    """Return a host that builds its application from *settings*."""

    def build() -> Site:
        return build_site(Application(settings), hasher=HASHER)

    return Host(build, lambda site: read_generation(site.application.database.engine))


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run *work* in threads that start together; return what each returned or raised."""
    results: list[Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(position: int) -> None:
        barrier.wait()
        try:
            results[position] = work(position)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[position] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@contextlib.contextmanager
def no_records_written(host: Host, table: str) -> Iterator[None]:
    """Assert that the block left a table as it was."""

    def count() -> Any:
        with host.site.application.database.read() as connection:
            return connection.exec_driver_sql(f"select count(*) from {table}").scalar()

    before = count()
    yield
    assert count() == before
