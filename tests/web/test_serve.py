"""The parent and its child are real processes here."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmframe.application import Application
from crmframe.web.serve import TICK_SECONDS
from tests.web.people import settings_for

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import sys
from crmframe.web.serve import Parent, listen
listening = listen("127.0.0.1", int(sys.argv[1]))
sys.exit(Parent(listening, [sys.executable, "-m", "tests.web.child", *sys.argv[2:]]).run())
"""


class Server:
    """A running parent."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        log = (folder / "log").open("w")
        command = [sys.executable, "-c", PARENT, str(self.port), url, str(folder)]
        self.parent = subprocess.Popen(command, cwd=ROOT, stderr=log, stdout=log)
        log.close()

    def health(self) -> int:
        """Return the status that health answers, 0 when nobody does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/-/health")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def children(self) -> list[int]:
        """Return the processes that were started to serve, in order."""
        path = self.folder / "children"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def log(self) -> str:
        """Return what was logged so far."""
        return (self.folder / "log").read_text()


def eventually(question, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.05)
    return False


def is_running(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/status").read_text().split("State:")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def server(blank_database_url, tmp_path) -> Iterator[Server]:
    url = blank_database_url("sqlite")
    Application(settings_for(url, tmp_path)).close()
    started = Server(url, tmp_path)
    try:
        assert eventually(lambda: started.health() == 200), started.log()
        yield started
    finally:
        if started.parent.poll() is None:
            started.parent.kill()
            started.parent.wait()
        for child in started.children():
            if is_running(child):
                os.kill(child, signal.SIGKILL)


def test_sigterm_stops_parent_and_child_cleanly(server):
    server.parent.terminate()

    assert server.parent.wait(30) == 0
    assert not any(is_running(child) for child in server.children())
    assert "Traceback" not in server.log()
    with socket.create_server(("127.0.0.1", server.port)):
        pass  # the port is free again


def test_a_new_generation_takes_over_without_a_refused_request(server):
    answers: list[int] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answers.append(server.health())

    asking = threading.Thread(target=ask)
    asking.start()
    [first] = server.children()

    server.parent.send_signal(signal.SIGHUP)

    assert eventually(lambda: len(server.children()) == 2 and not is_running(first)), server.log()
    stop.set()
    asking.join(20)
    assert set(answers) == {200}
    assert is_running(server.children()[1])


def test_a_generation_that_does_not_start_leaves_the_old_one_serving(server):
    [first] = server.children()
    (server.folder / "broken").touch()

    server.parent.send_signal(signal.SIGHUP)

    assert eventually(lambda: "the old one goes on" in server.log()), server.log()
    assert server.children() == [first]
    assert server.health() == 200


def test_a_crashed_child_comes_back(server):
    [first] = server.children()
    time.sleep(20 * TICK_SECONDS)  # the parent has seen it serve, too: one that never did ends the parent

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: len(server.children()) == 2 and server.health() == 200), server.log()


def test_a_child_does_not_outlive_its_parent(server):
    [child] = server.children()

    server.parent.kill()
    server.parent.wait()

    assert eventually(lambda: not is_running(child)), server.log()


def test_a_server_that_cannot_start_ends_at_once(blank_database_url, tmp_path):
    (tmp_path / "broken").touch()

    started = Server(blank_database_url("sqlite"), tmp_path)

    assert started.parent.wait(30) == 1
