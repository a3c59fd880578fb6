"""Servers in processes of their own, and a client that counts what they answer."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

CONNECTIONS = 8
SECONDS = 3


def free_port() -> int:
    """Return a port of the loopback that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def server(target: str, environment: Mapping[str, str], *, factory: bool = False) -> Iterator[int]:
    """Run an ASGI app under uvicorn and give its port."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        target,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "error",
    ]
    process = subprocess.Popen(
        [*command, *(["--factory"] if factory else [])],
        env={**os.environ, **environment},
        stderr=subprocess.DEVNULL,  # the log: written, but not into the table
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"Nothing listens on port {port}.")


def requests_per_second(port: int, path: str, headers: Mapping[str, str] | None = None) -> float:
    """Return how many answers a second come over eight connections; wrk measures when it is there."""
    wrk = shutil.which("wrk")
    if wrk:
        given = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
        url = f"http://127.0.0.1:{port}{path}"
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *given, url]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in shown:
            raise RuntimeError(f"{path} did not answer 200:\n{shown}")
        found = re.search(r"Requests/sec:\s+([\d.]+)", shown)
        assert found, shown
        return float(found[1])
    return asyncio.run(_many(port, path, headers or {}))


async def _many(port: int, path: str, headers: Mapping[str, str]) -> float:
    lines = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", *(f"{n}: {v}" for n, v in headers.items()), "", ""]
    request, until = "\r\n".join(lines).encode(), time.perf_counter() + SECONDS
    counts = await asyncio.gather(*(_one(port, request, until) for _ in range(CONNECTIONS)))
    return sum(counts) / SECONDS


async def _one(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        count += 1
    writer.close()
    return count
