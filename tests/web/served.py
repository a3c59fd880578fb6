"""A company's own installation: ``crmframe serve`` in an empty folder, and people who sit before its pages."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CRMFRAME = Path(sys.executable).parent / "crmframe"
PASSWORD = "sunny harbor, quiet morning"
STARTS = 60


@contextmanager
def installation(folder: Path, database: str, admin: str) -> Iterator[str]:
    """Give the address of an installation that has its first administrator, and nothing else."""
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("CRMFRAME_")},
        "CRMFRAME_DATABASE": database,
    }

    def run(*words: str) -> None:
        told = subprocess.run(
            [CRMFRAME, *words],
            cwd=folder,
            env=environment,
            input=f"{PASSWORD}\n",
            text=True,
            capture_output=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr

    run("db", "upgrade")
    run("user", "create", admin, "--admin", "--password", "-")
    log = folder / "serve.log"
    with log.open("w") as opened:
        server = subprocess.Popen(
            [CRMFRAME, "serve", "--port", "0"], cwd=folder, env=environment, stdout=opened, stderr=opened
        )
    try:
        yield _address(server, log)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=STARTS)


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + STARTS
    while time.monotonic() < end and server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found and _is_healthy(found[0]):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"It does not serve:\n{log.read_text()}")


def _is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/-/health", timeout=5) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
