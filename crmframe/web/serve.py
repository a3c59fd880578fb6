"""``crmframe serve``: a small parent that owns the listening socket, and one child that serves.

The parent imports nothing of the application. A new child must answer ``/-/health`` before the old one is told to
finish; until then both accept. SIGHUP or newly installed code starts a new child, a crashed one comes back after a
pause, SIGTERM ends both.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points, version
from types import FrameType

LISTEN_VARIABLE = "CRMFRAME_LISTEN_FD"
HEALTH_VARIABLE = "CRMFRAME_HEALTH_FD"
START_SECONDS = 120.0
DRAIN_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
CODE_CHECK_SECONDS = 5.0
TICK_SECONDS = 0.1


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 lets the system choose.

    Raises:
        OSError: The address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.create_server((host, port), family=family, backlog=2048)
    opened.set_inheritable(True)
    return opened


def code_fingerprint() -> str:
    """Return what tells installed code from other installed code: the plugins and their versions."""
    plugins = {
        (e.name, e.dist.name, e.dist.version) for e in entry_points(group="crmframe.plugins") if e.dist
    }
    return json.dumps([version("crmframe"), *sorted(plugins)])


@dataclass(slots=True)
class Child:
    """A serving process; ``health_port`` is answered by this one only."""

    process: subprocess.Popen[bytes]
    health_port: int
    started: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> bool:
        """Return whether the process is gone."""
        return self.process.poll() is not None

    def is_healthy(self) -> bool:
        """Ask ``/-/health``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=2)
        try:
            connection.request("GET", "/-/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Let it finish what it serves; kill it when that takes too long."""
        if not self.ended:
            self.process.terminate()
        try:
            self.process.wait(DRAIN_SECONDS + 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Parent:
    """Keeps one child serving.

    Args:
        listening: The socket; children inherit it.
        command: What starts a child; it finds its sockets in the environment.
    """

    def __init__(self, listening: socket.socket, command: Sequence[str]) -> None:
        self._listening = listening
        self._command = list(command)
        self._child: Child | None = None
        self._draining: list[Child] = []
        self._pause = FIRST_PAUSE_SECONDS
        self._stopping = False
        self._renew = False
        self._code = code_fingerprint()
        self._code_checked = time.monotonic()

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_renew)
        self._child = self._started()
        if self._child is None:
            return 0 if self._stopping else 1
        while not self._stopping:
            self._look_after()
            time.sleep(TICK_SECONDS)
        self._stop_all()
        return 0

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _on_renew(self, _number: int, _frame: FrameType | None) -> None:
        self._renew = True

    def _look_after(self) -> None:
        self._draining = [child for child in self._draining if not child.ended]
        if self._child is None or self._child.ended:
            self._revive()
        elif self._renew or self._has_new_code():
            self._renew = False
            self._replace(self._child)

    def _revive(self) -> None:
        """Start again after a crash, later and later while it does not last."""
        if self._child is not None:
            lasted = time.monotonic() - self._child.started
            self._pause = (
                FIRST_PAUSE_SECONDS
                if lasted > STEADY_SECONDS
                else min(self._pause * 2, LONGEST_PAUSE_SECONDS)
            )
            _say(
                f"the server ended with status {self._child.process.returncode}; starting again in {self._pause:.1f} s"
            )
        self._wait(self._pause)
        self._child = None if self._stopping else self._started()
        if self._child is None:
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)

    def _replace(self, old: Child) -> None:
        new = self._started()
        if new is None:
            _say("the new server did not become healthy; the old one goes on")
            return
        old.process.terminate()
        self._draining.append(old)
        self._child = new

    def _started(self) -> Child | None:
        """Start a child and wait until it is healthy; None when it does not become so."""
        child = self._spawn()
        deadline = time.monotonic() + START_SECONDS
        while not child.ended and not self._stopping and time.monotonic() < deadline:
            if child.is_healthy():
                return child
            time.sleep(TICK_SECONDS)
        child.stop()
        return None

    def _spawn(self) -> Child:
        with socket.create_server(("127.0.0.1", 0)) as health:
            descriptors = (self._listening.fileno(), health.fileno())
            environment = {LISTEN_VARIABLE: str(descriptors[0]), HEALTH_VARIABLE: str(descriptors[1])}
            process = subprocess.Popen(self._command, env={**os.environ, **environment}, pass_fds=descriptors)
            return Child(process, health.getsockname()[1])

    def _has_new_code(self) -> bool:
        if time.monotonic() - self._code_checked < CODE_CHECK_SECONDS:
            return False
        self._code_checked = time.monotonic()
        before, self._code = self._code, code_fingerprint()
        return before != self._code

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            time.sleep(TICK_SECONDS)

    def _stop_all(self) -> None:
        children = [*self._draining, *([self._child] if self._child else [])]
        for child in children:
            if not child.ended:
                child.process.terminate()
        for child in children:
            child.stop()


def is_child() -> bool:
    """Return whether a parent started this process to serve."""
    return LISTEN_VARIABLE in os.environ


def _say(sentence: str) -> None:
    sys.stderr.write(json.dumps({"event": sentence, "logger": "crmframe.serve", "level": "warning"}) + "\n")
    sys.stderr.flush()
