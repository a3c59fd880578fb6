"""A real HTTP server in a thread, which does as it is told and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Listener:
    """What arrived, and what to answer; ``cuts`` ends the connection instead."""

    port: int = 0
    calls: list[tuple[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: str = '{"errcode": 0, "code": 0}'
    headers: dict[str, str] = field(default_factory=dict)
    cuts: bool = False

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}"


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            listener.calls.append((self.path, json.loads(body)))
            if listener.cuts:
                return
            self.send_response(listener.status)
            for name, value in listener.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(listener.answer.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called there
            """Say nothing."""

    return Handler


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(listening))
    listening.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield listening
    server.shutdown()
    thread.join()
    server.server_close()
