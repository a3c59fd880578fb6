"""The child of ``crmframe serve``: builds the application and serves it on the sockets of its parent."""

from __future__ import annotations

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


def run_child(build_application: Callable[[], Application], *, workers: bool = True) -> None:
    """Serve until SIGTERM, or until the parent is gone.

    Args:
        build_application: Called now, and again whenever a plugin was enabled or disabled.
        workers: Whether this process also delivers events and runs jobs.
    """
    configure_logs()
    sockets = [_inherited(LISTEN_VARIABLE), _inherited(HEALTH_VARIABLE)]
    _end_with_parent()
    server = uvicorn.Server(configuration(build_host(build_application, workers=workers)))
    server.run(sockets=sockets)


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
