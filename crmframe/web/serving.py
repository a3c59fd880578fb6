"""The child of ``crmframe serve``: builds the application and serves it on the sockets of its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from crmframe.logs import configure_logs
from crmframe.web.asgi import build_host
from crmframe.web.serve import DRAIN_SECONDS, HEALTH_VARIABLE, LISTEN_VARIABLE

if TYPE_CHECKING:
    from crmframe.application import Application

LAST_REQUESTS_SECONDS = 0.3


def run_child(build_application: Callable[[], Application], *, workers: bool = True) -> None:
    """Serve until SIGTERM, or until the parent is gone.

    Args:
        build_application: Called now, and again whenever a plugin was enabled or disabled.
        workers: Whether this process also delivers events and runs jobs.
    """
    configure_logs()
    sockets = [_inherited(LISTEN_VARIABLE), _inherited(HEALTH_VARIABLE)]
    _end_with_parent()
    server = PatientServer(configuration(build_host(build_application, workers=workers)))
    server.run(sockets=sockets)


class PatientServer(uvicorn.Server):
    """Answers who was accepted a moment ago before it hangs up.

    By itself uvicorn closes connections that have not asked yet, and their clients take that for a refusal: the next
    generation accepts already, but these are not its connections.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, wait for the last requests, then end."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_REQUESTS_SECONDS)
        await super().shutdown(sockets)


def configuration(app: object) -> uvicorn.Config:
    """Return how uvicorn serves *app*; the access log is ours."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        log_config=None,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=int(DRAIN_SECONDS),
    )


def _inherited(variable: str) -> socket.socket:
    """Return an inherited socket, which no process started from here shall inherit in turn."""
    opened = socket.socket(fileno=int(os.environ.pop(variable)))
    opened.set_inheritable(False)
    return opened


def _end_with_parent() -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="crmframe-parent", daemon=True).start()
