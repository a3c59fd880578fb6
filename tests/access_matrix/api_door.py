"""HTTP: the same attempts as requests to the JSON API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from anyio.from_thread import BlockingPortal

from tests.access_matrix.cell import BAD, BROKEN, DENIED, DONE, MISSING, REFUSED, UNKNOWN, Cell
from tests.access_matrix.doors import Answer, Door
from tests.access_matrix.planting import moment_text

if TYPE_CHECKING:
    from tests.access_matrix.cast import Guest
    from tests.access_matrix.world import World

STATUSES = {400: BAD, 401: UNKNOWN, 403: DENIED, 404: MISSING}


@dataclass
class Response:
    """A response of the host."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    @property
    def text(self) -> str:
        return f"{self.headers}\n{self.body}"


@dataclass
class Request:
    """What is sent, and by which registered pattern it is served."""

    method: str
    path: str
    pattern: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Client:
    """Speaks ASGI to the host: the test client of Starlette costs five times as much per request."""

    def __init__(self, world: World, portal: BlockingPortal) -> None:
        self.host, self.portal = world.host, portal

    def send(self, request: Request, headers: Mapping[str, str]) -> Response:
        """Send a request and return what comes back."""
        body = b"" if request.body is None else json.dumps(request.body, default=str).encode()
        return self.send_bytes(request, headers, body, "application/json" if body else "")

    def send_bytes(
        self, request: Request, headers: Mapping[str, str], body: bytes, media_type: str
    ) -> Response:
        sent = {"host": "testserver", **headers, **request.headers, "content-length": str(len(body))}
        sent |= {"content-type": media_type} if media_type else {}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": request.path,
            "raw_path": request.path.encode(),
            "root_path": "",
            "query_string": urlencode(request.query).encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1234),
            "server": ("testserver", 80),
            "state": {},
        }
        return self.portal.call(self._call, scope, body)

    async def _call(self, scope: dict[str, Any], body: bytes) -> Response:
        started: dict[str, Any] = {}
        parts: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            started.update(message) if message["type"] == "http.response.start" else parts.append(
                message["body"]
            )

        await self.host(scope, receive, send)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in started["headers"]]
        return Response(started["status"], headers, b"".join(parts).decode("utf-8", "replace"))


class Api(Door):
    """``/api/v1``, with tokens."""

    name = "api"

    def __init__(self, world: World, client: Client) -> None:
        super().__init__(world)
        self.client = client

    def knows(self, cell: Cell, guest: Guest) -> bool:
        return cell.verb in REQUESTS and (guest.known or cell.verb != "health")

    def operations(self, cell: Cell) -> tuple[str, ...]:
        request = self._request(cell)
        return (f"{request.method} {request.pattern}", self._operation_id(cell))

    def _operation_id(self, cell: Cell) -> str:
        verb = OPERATIONS.get(cell.verb, cell.verb)
        return (
            f"{cell.entity}.{cell.action or verb}"
            if cell.entity and cell.verb not in ("undo", "search")
            else verb
        )

    def _request(self, cell: Cell) -> Request:
        entity = self.world.oracle.registry.entities.get(cell.entity)
        return REQUESTS[cell.verb](self.world, cell, f"/api/v1/{entity.slug}" if entity else "/api/v1")

    def attempt(self, cell: Cell, guest: Guest) -> Answer:
        token = self.world.tokens.get(guest.key)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        request = self._request(cell)
        answer = self.read(cell, self.client.send(request, headers))
        page = answer
        while cell.verb != "count" and answer.ids is not None and (page.data or {}).get("next"):
            after = replace(request, query={**request.query, "after": page.data["next"]})
            page = self.read(cell, self.client.send(after, headers))
            answer.ids, answer.text = answer.ids | (page.ids or frozenset()), answer.text + page.text
        return answer

    def read(self, cell: Cell, response: Response) -> Answer:
        """Read what came back."""
        data = json.loads(response.body) if response.body else None
        outcome = STATUSES.get(response.status, BROKEN if response.status >= 500 else REFUSED)
        answer = Answer(
            DONE if response.status < 400 else outcome, f"{response.status} {response.text}", data=data
        )
        if answer.outcome != DONE:
            kept = {k: v for k, v in data.items() if k != "instance"} if isinstance(data, dict) else data
            answer.plain = f"{response.status} {json.dumps(kept)}"
        elif isinstance(data, dict) and "records" in data:
            answer.ids = frozenset(each["id"] for each in data["records"])
            answer.count = data["count"]["value"] if "count" in data else None
        elif isinstance(data, dict) and "hits" in data:
            answer.ids = frozenset(each["id"] for each in data["hits"])
        return answer


Make = Callable[["World", Cell, str], Request]
LIST = {"limit": "500", "archived": "any", "count": "exact"}
ANY_VERSION = {"if-match": "*"}
OPERATIONS = {
    **dict.fromkeys(("count", "sort", "columns", "filter", "hop", "list_as_of", "search_list"), "list"),
    **dict.fromkeys(("batch_create", "batch_update", "batch_delete", "upsert"), "batch"),
    **dict.fromkeys(("get", "as_of"), "read"),
}


def _many(**query: str) -> Make:
    return lambda world, cell, base: Request("GET", base, "/api/v1/{slug}", {**LIST, **query})


def _batch(part: Callable[[Cell], Any]) -> Make:
    return lambda world, cell, base: Request("POST", f"{base}/batch", "/api/v1/{slug}/batch", body=part(cell))


def _one(method: str, tail: str = "", *, sends: bool = False) -> Make:
    def make(world: World, cell: Cell, base: str) -> Request:
        path = f"{base}/{cell.record_id}{tail}"
        pattern = "/api/v1/{slug}/{id:int}" + ("/{verb}" if method == "POST" else tail)
        headers = ANY_VERSION if method in ("PATCH", "DELETE") else {}
        return Request(method, path, pattern, body=dict(cell.values) if sends else None, headers=headers)

    return make


def _get(tail: str) -> Make:
    return lambda world, cell, base: Request("GET", f"/api/v1{tail}", f"/api/v1{tail}")


def _past(world: World, cell: Cell, base: str) -> Request:
    query = {"as_of": moment_text(world.early)}
    return Request("GET", f"{base}/{cell.record_id}", "/api/v1/{slug}/{id:int}", query)


def _act(world: World, cell: Cell, base: str) -> Request:
    path = f"{base}/{cell.record_id}/{cell.action}"
    return Request("POST", path, "/api/v1/{slug}/{id:int}/{verb}", body=dict(cell.values))


def _undo(world: World, cell: Cell, base: str) -> Request:
    path = f"/api/v1/operations/{cell.operation}/undo"
    return Request("POST", path, "/api/v1/operations/{id:int}/undo")


REQUESTS: Mapping[str, Make] = {
    "list": _many(),
    "count": _many(limit="1"),
    "sort": lambda world, cell, base: _many(order=cell.field)(world, cell, base),
    "columns": lambda world, cell, base: _many(columns=cell.field)(world, cell, base),
    "filter": lambda world, cell, base: _many(**{cell.field: str(cell.value)})(world, cell, base),
    "search": lambda world, cell, base: Request(
        "GET",
        "/api/v1/search",
        "/api/v1/search",
        {"q": str(cell.value), "entity": cell.entity, "limit": "100"},
    ),
    "search_list": lambda world, cell, base: _many(q=str(cell.value))(world, cell, base),
    "hop": lambda world, cell, base: _many(**{cell.field: str(cell.value)})(world, cell, base),
    "list_as_of": lambda world, cell, base: _many(as_of=moment_text(world.early))(world, cell, base),
    "get": _one("GET"),
    "as_of": _past,
    "history": _one("GET", "/history"),
    "create": lambda world, cell, base: Request("POST", base, "/api/v1/{slug}", body=dict(cell.values)),
    "update": _one("PATCH", sends=True),
    "delete": _one("DELETE"),
    "restore": _one("POST", "/restore"),
    "archive": _one("POST", "/archive"),
    "unarchive": _one("POST", "/unarchive"),
    "action": _act,
    "batch_create": _batch(lambda cell: {"create": [dict(cell.values)]}),
    "batch_update": _batch(lambda cell: {"update": [{"id": cell.record_id, **cell.values}]}),
    "batch_delete": _batch(lambda cell: {"delete": [cell.record_id]}),
    "upsert": _batch(
        lambda cell: {"upsert": {"key": cell.field, "rows": [{cell.field: cell.value, **cell.values}]}}
    ),
    "undo": _undo,
    "index": lambda world, cell, base: Request("GET", "/api/v1", "/api/v1"),
    "me": _get("/me"),
    "openapi": _get("/openapi.json"),
    "changes": lambda world, cell, base: Request(
        "GET", "/api/v1/changes", "/api/v1/changes", {"limit": "500"}
    ),
    "operations": lambda world, cell, base: Request(
        "GET", "/api/v1/operations", "/api/v1/operations", {"limit": "500"}
    ),
    "health": lambda world, cell, base: Request("GET", "/-/health", "/-/health"),
    "plugins": lambda world, cell, base: Request("GET", "/-/plugins", "/-/plugins"),
}
