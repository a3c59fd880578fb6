"""kill -9 of the web server at random moments, while programs write through its API."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.tokens import create_token
from crmframe.core.journal.tables import idempotency
from tests.robustness.laboratory import PLUGINS, build, delivery_faults, faults, opened
from tests.robustness.processes import ROOT

KILLS = int(os.environ.get("CRMFRAME_SERVER_KILLS", os.environ.get("CRMFRAME_KILLS", "5")))
CLIENTS = 4
START_SECONDS = 90

pytestmark = pytest.mark.timeout(1800)


class Server:
    """``crmframe serve`` with its child, in a process group of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        config = folder / "crmframe.toml"
        enabled = json.dumps(list(PLUGINS))
        config.write_text(f'[plugins]\nenabled = {enabled}\nmanaged = "file"\nimport_seconds = 0\n')
        settings = {
            "CRMFRAME_DATABASE": url,
            "CRMFRAME_FOLDER": str(folder / "data"),
            "CRMFRAME_CONFIG": str(config),
        }
        command = [sys.executable, "-m", "crmframe.cli.main", "serve", "--port", "0"]
        self._log = (folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(b":", 1)[1])

    def is_up(self) -> bool:
        """Ask for health."""
        try:
            return answer_of(self.port, "GET", "/-/health")[0] == 200
        except OSError:
            return False

    def wait(self) -> None:
        """Wait until it serves."""
        end = time.monotonic() + START_SECONDS
        while not self.is_up():
            assert time.monotonic() < end, "the server did not start"
            assert self.process.poll() is None, "the server ended by itself"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill parent and child at once; both are ours."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()


def answer_of(port: int, method: str, path: str, token: str = "", **request: Any) -> tuple[int, Any]:
    """Return status and body of one request; raises OSError when the server goes away."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"content-type": "application/json", **request.get("headers", {})}
    if token:
        headers["authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, json.dumps(request["body"]) if "body" in request else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    except http.client.HTTPException as error:
        raise ConnectionError from error
    finally:
        connection.close()


class Client(threading.Thread):
    """Creates records one after the other; what was not answered is asked again under the same key."""

    def __init__(self, number: int, token: str) -> None:
        super().__init__(daemon=True)
        self.number, self.token = number, token
        self.port = 0
        self.stopping = threading.Event()
        self.acknowledged: dict[str, int] = {}
        self.unexpected: list[Any] = []

    def run(self) -> None:
        """Write until told to stop; then every key that was used is acknowledged."""
        serial = 0
        while not self.stopping.is_set():
            serial += 1
            name = f"client {self.number} record {serial}"
            while name not in self.acknowledged and len(self.unexpected) < 5:
                self.create(name)

    def create(self, name: str) -> None:
        """Send one request; no answer means that nobody knows."""
        headers = {"idempotency-key": name}
        try:
            status, body = answer_of(
                self.port, "POST", "/api/v1/customers", self.token, body={"name": name}, headers=headers
            )
        except OSError:
            time.sleep(0.02)
            return
        if status == 201:
            self.acknowledged[name] = body["id"]
        elif status != 503:
            self.unexpected.append((status, body))


@pytest.fixture
def clients(url: str, tmp_path: Path) -> Iterator[list[Client]]:
    application = opened(url, tmp_path)
    with application.work(door="cli") as work:
        user = records.create(work, "core.user", {"login": "program", "name": "Program", "is_admin": True})
        _, secret = create_token(work, user["id"], "test")
    application.close()
    made = [Client(number, secret) for number in range(CLIENTS)]
    yield made
    for client in made:
        client.stopping.set()


@pytest.fixture
def url(copied_database_url: Callable[..., str], database_kind: str, tmp_path: Path) -> str:
    return copied_database_url("robustness", database_kind, lambda blank: build(blank, tmp_path))


def test_acknowledged_requests_survive_any_kill_and_happen_once(
    url: str, clients: list[Client], tmp_path: Path
) -> None:
    chance = random.Random(7)
    killed = 0
    try:
        for killed in range(KILLS + 1):
            server = Server(url, tmp_path)
            server.wait()
            for client in clients:
                client.port = server.port
                if not client.is_alive():
                    client.start()
            if killed == KILLS:
                break
            time.sleep(0.05 + chance.random() * 0.4)
            server.kill()
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(60)
            assert not client.is_alive()
    finally:
        server.kill()

    assert killed == KILLS
    assert [client.unexpected for client in clients] == [[]] * CLIENTS
    acknowledged = {name: record_id for client in clients for name, record_id in client.acknowledged.items()}
    assert len(acknowledged) > KILLS
    application = opened(url, tmp_path)
    table = application.registry.entity("core.customer").table
    with application.database.read() as connection:
        rows = connection.execute(
            sa.select(table.c.name, table.c.id).where(table.c.name.like("client %"))
        ).all()
        keys = connection.execute(sa.select(idempotency.c.status)).all()
    print(f"\n{len(acknowledged)} requests, {killed} kills")
    assert Counter(name for name, _ in rows) == Counter(list(acknowledged))
    assert dict(map(tuple, rows)) == acknowledged
    assert [row.status for row in keys] == [201] * len(acknowledged)
    assert faults(application) == []
    assert "Traceback" not in (tmp_path / "server.log").read_text()
    # The server's own subscriptions ran too; those of the laboratory go on where they were.
    assert delivery_faults(application) == []
    application.close()
