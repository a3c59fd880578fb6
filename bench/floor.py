"""The floor of the reads: a bare ASGI app, the driver, and msgspec, with nothing of ours between.

Run as ``uvicorn bench.floor:app`` with BENCH_FLOOR naming the SQLite file and BENCH_OWNER the owner of the list.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

import msgspec

COLUMNS = "id, version, name, code, industry, city, phone, email, employees, owner_id, updated_at"
ONE = f"SELECT {COLUMNS} FROM core_customers WHERE id = ?"
LIST = (
    f"SELECT {COLUMNS} FROM core_customers WHERE owner_id = ? AND industry = 'Retail' AND archived_at IS NULL"
    " ORDER BY name_key, id LIMIT 50"
)
NAMES = [name.strip() for name in COLUMNS.split(",")]
HEADERS = [(b"content-type", b"application/json")]
encode = msgspec.json.encode


def connect() -> sqlite3.Connection:
    """Return a connection with the pragmas that ours has."""
    connection = sqlite3.connect(os.environ["BENCH_FLOOR"], isolation_level=None, check_same_thread=False)
    for pragma in ("mmap_size=2147483648", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class Floor:
    """Answers /one/<id> and /list."""

    def __init__(self) -> None:
        self.connection: sqlite3.Connection | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request in the event loop."""
        if scope["type"] != "http":
            return
        self.connection = self.connection or connect()
        path: str = scope["path"]
        if path.startswith("/one/"):
            row = self.connection.execute(ONE, (int(path[5:]),)).fetchone()
            body = encode(dict(zip(NAMES, row, strict=True)))
        else:
            rows = self.connection.execute(LIST, (int(os.environ["BENCH_OWNER"]),)).fetchall()
            body = encode([dict(zip(NAMES, row, strict=True)) for row in rows])
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": body})


app = Floor()
