"""Our site as ``uvicorn bench.site:make --factory`` serves it for the benchmarks."""

from __future__ import annotations

import os
from pathlib import Path

from bench.base import settings_at
from crmframe.application import Application
from crmframe.logs import configure_logs
from crmframe.web.asgi import build_host
from crmframe.web.host import Host


def make() -> Host:
    """Return the site on the database that BENCH_URL names; it logs as a server does."""
    configure_logs()
    settings = settings_at(Path(os.environ["BENCH_FOLDER"]), os.environ["BENCH_URL"])
    return build_host(lambda: Application(settings, migrate=False))
