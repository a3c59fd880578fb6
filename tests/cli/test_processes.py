"""Commands as processes of their own: how fast they start, serving, working, the demo."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crmframe.core.demo.company import LOGINS

COMMAND = [sys.executable, "-m", "crmframe.cli.main"]
HEAVY = {
    "sqlalchemy",
    "starlette",
    "pydantic",
    "rich",
    "rich_click",
    "babel",
    "alembic",
    "uvicorn",
    "structlog",
}


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRMFRAME_")}
    return {**kept, "CRMFRAME_FOLDER": str(folder / "data"), **more}


def test_help_starts_fast(tmp_path) -> None:
    took = []
    for _ in range(3):
        began = time.perf_counter()
        done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, cwd=tmp_path, check=True)
        took.append(time.perf_counter() - began)
    print(f"crmframe --help: {min(took) * 1000:.0f} ms")

    assert "Usage: crmframe" in done.stdout


def test_help_imports_nothing_that_is_slow() -> None:
    code = "import sys, crmframe.cli.main as m; m.main(['--help'], standalone_mode=False); print('\\n', *sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert HEAVY & set(done.stdout.splitlines()[-1].split()) == set()


def answered(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@contextlib.contextmanager
def serving(*arguments: str, folder: Path, **more: str):
    """Run a serving command until the block ends; gives its port and what it printed first."""
    log = (folder / "serve.log").open("w+")
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **more),
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        line = process.stdout.readline()
        port = int(re.search(r":(\d+)$", line.strip())[1])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if answered(port, "/-/health")[0] == 200:
                    break
            time.sleep(0.05)
        yield process, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)
        process.stdout.close()
        log.close()


def test_serve_answers_and_ends_when_told(tmp_path) -> None:
    with serving(
        "--database", f"sqlite:///{tmp_path / 'crm.db'}", "serve", "--port", "0", folder=tmp_path
    ) as (
        process,
        port,
    ):
        status, body = answered(port, "/-/health")
        advice = process.stdout.readline()

    assert status == 200
    assert json.loads(body)["database"]["ok"] is True
    assert process.returncode == 0
    assert "crmframe user create NAME --admin" in advice
    assert "alembic" not in (tmp_path / "serve.log").read_text()


def test_serve_says_when_the_address_is_taken(tmp_path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [*COMMAND, "serve", "--port", str(taken.getsockname()[1])],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(tmp_path),
            check=False,
        )

    assert done.returncode == 1
    assert "Cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_worker_ends_when_told(crmframe) -> None:
    more = {"CRMFRAME_DATABASE": crmframe.url, "CRMFRAME_CONFIG": str(crmframe.config)}
    process = subprocess.Popen(
        [*COMMAND, "worker"], env=environment(crmframe.folder, **more), stderr=subprocess.PIPE, text=True
    )
    time.sleep(3)
    still_running = process.poll() is None
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)

    assert still_running, err
    assert process.returncode == 0, err


# --- the demo -----------------------------------------------------------------------------------------


def test_demo_is_filled_once_and_keeps_its_data(crmframe, blank_database_url, database_kind) -> None:
    url = blank_database_url(database_kind)
    crmframe.config.write_text("[plugins]\nimport_seconds = 0\n", encoding="utf-8")

    first = crmframe("demo", "--no-serve", "--db", url)
    crmframe("--database", url, "customer", "update", "1", "name=Kept")
    second = crmframe("demo", "--no-serve", "--db", url)

    assert first.status == 0, first.err
    assert "Filling" in first.err
    assert "Filling" not in second.err
    assert all(
        re.search(rf"^ {{2}}{each.login} {{2,}}{each.password}", second.out, re.MULTILINE) for each in LOGINS
    )
    assert crmframe.rows("--database", url, "customer", "show", "1")[0]["name"] == "Kept"
    assert int(crmframe("--database", url, "deal", "list", "--count").out) > 50
    assert crmframe("--database", url, "check").status == 0


def test_demo_does_not_mix_with_real_records(crmframe) -> None:
    crmframe("customer", "create", "name=Real", "kind=company")

    answer = crmframe("demo", "--no-serve", "--db", crmframe.url)

    assert answer.status == 4
    assert "(not_a_demo)" in answer.err
    assert int(crmframe("customer", "list", "--count").out) == 1


@pytest.mark.slow
def test_demo_serves_the_company(tmp_path) -> None:
    with serving("demo", "--port", "0", folder=tmp_path) as (_, port):
        status, body = answered(port, "/-/health")

    assert status == 200
    assert json.loads(body)["plugins"]["blocked"] == 0
    assert (tmp_path / "crmframe-demo" / "crm.db").exists()
