"""Static files of the core and of plugins: ``/static/<core or plugin>/…``."""

from __future__ import annotations

from pathlib import Path

from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

OWN_FOLDER = Path(__file__).parent / "static"
# An address with ?v=<hash> never changes its content; one without is asked for again.
FOR_EVER = b"public, max-age=31536000, immutable"
FOR_A_WHILE = b"public, max-age=300"


class Files:
    """The files of one folder below a path."""

    def __init__(self, path: str, folder: Path) -> None:
        self._path = path
        self._files = StaticFiles(directory=folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one file."""
        age = FOR_EVER if b"v=" in scope.get("query_string", b"") else FOR_A_WHILE

        async def send_with_age(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 206, 304):
                message = {**message, "headers": [*message["headers"], (b"cache-control", age)]}
            await send(message)

        inner = {**scope, "root_path": scope.get("root_path", "") + self._path}
        await self._files(inner, receive, send_with_age)
