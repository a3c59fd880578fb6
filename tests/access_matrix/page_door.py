"""The pages, with sessions: what a browser can reach, derived from the registered routes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.access_matrix.api_door import STATUSES, Client, Request, Response
from tests.access_matrix.cast import GUESTS, Guest
from tests.access_matrix.cell import DENIED, DONE, FEW, MISSING, REFUSED, UNKNOWN, Cell
from tests.access_matrix.doors import Answer, Door
from tests.access_matrix.planting import moment_text
from tests.access_matrix.world import PASSWORD

if TYPE_CHECKING:
    from tests.access_matrix.world import World

BROWSER = {"sec-fetch-site": "same-origin", "accept": "text/html"}
FORM = "application/x-www-form-urlencoded"
ONE = "/{slug}/{id:int}"
REQUEST_ID = re.compile(r"\b[0-9a-f]{20}\b")


class Pages(Door):
    """Everything below ``/`` that is no API."""

    name = "pages"
    variants = FEW

    def __init__(self, world: World, client: Client) -> None:
        super().__init__(world)
        self.client = client

    def knows(self, cell: Cell, guest: Guest) -> bool:
        if guest.key in ("revoked", "expired"):
            return False  # tokens; the session of somebody who signed out is among the page's own cells
        if cell.verb in ("batch_update", "update_many") and not cell.values:
            return False
        return cell.verb in PAGES

    def expected(self, cell: Cell, guest: Guest) -> frozenset[str]:
        """Some pages answer less: operations are their author's, and a kind without an archive has no such page."""
        if cell.verb in ("undo", "preview_undo"):
            is_author = self.world.is_author(guest, cell.operation)
            own = frozenset({DONE}) if is_author and cell.verb == "preview_undo" else frozenset()
            return cell.expected | own if is_author else cell.expected | {MISSING}
        if cell.verb == "create" and DONE in cell.expected and not self._can_fill(cell.entity, guest):
            return frozenset({REFUSED})  # a form shows no field that its reader may not read
        if cell.verb in ("archive", "unarchive") and cell.expected == {REFUSED}:
            return frozenset({REFUSED, MISSING})
        if cell.verb == "update" and cell.expected == {DENIED}:
            return frozenset({DENIED, MISSING})  # the form shows the record again, so it looks that up first
        return cell.expected

    def _can_fill(self, entity: str, guest: Guest) -> bool:
        readable = self.world.oracle.readable(guest, entity)
        fields = self.world.oracle.registry.entity(entity).fields.values()
        return all(f.name in readable for f in fields if f.required and f.default is None and f.writable)

    def operations(self, cell: Cell) -> tuple[str, ...]:
        request = self._request(cell)
        return (f"{request.method} {request.pattern}",)

    def _request(self, cell: Cell) -> Request:
        entity = self.world.oracle.registry.entities.get(cell.entity)
        return PAGES[cell.verb](self.world, cell, f"/{entity.slug}" if entity else "")

    def attempt(self, cell: Cell, guest: Guest) -> Answer:
        request = self._request(cell)
        return self.read(cell, self._send(request, guest))

    def _send(self, request: Request, guest: Guest) -> Response:
        body = urlencode(_form(request.body), doseq=True).encode() if request.body is not None else b""
        headers = {**BROWSER, **self.headers(guest)}
        return self.client.send_bytes(request, headers, body, FORM if request.method == "POST" else "")

    def headers(self, guest: Guest) -> dict[str, str]:
        """Return what says who asks: a token where one narrows, the cookie of a session otherwise."""
        if guest.scopes is not None:
            return {"authorization": f"Bearer {self.world.tokens[guest.key]}"}
        if not guest.person:
            return {}
        return {"cookie": self.world.sessions[guest.key]}

    def read(self, cell: Cell, response: Response) -> Answer:
        """Read what came back; a way to the sign-in form means that nobody is known."""
        location = dict(response.headers).get("location", "")
        outcome = STATUSES.get(response.status, "broken" if response.status >= 500 else REFUSED)
        if response.status < 400:
            outcome = UNKNOWN if location.startswith("/login") else DONE
        answer = Answer(outcome, f"{response.status} {response.text}")
        answer.plain = f"{response.status} {_main(response.body)}"
        if cell.verb == "export" and outcome == DONE:
            rows = list(csv.DictReader(io.StringIO(response.body.lstrip("\ufeff"))))
            # The page exports what the list shows: nothing that is put away.
            away = {i for i, row in self.world.oracle.rows[cell.entity].items() if row.get("archived_at")}
            answer.ids = frozenset(int(row["id"]) for row in rows) | (away & (cell.ids or frozenset()))
        return answer


def _main(page: str) -> str:
    """Return the part of a page that is about what was asked for: no request ids, no links that repeat it.

    What a refused attempt had selected stays so, where the reader sees it anyway.
    """
    return REQUEST_ID.sub("", page.partition("<main")[2]).replace(" checked", "")


def sign_in_all(world: World, client: Client) -> None:
    """Give every guest with a password a session; whoever is off had one before."""
    for guest in GUESTS.values():
        if guest.person and guest.scopes is None and guest.known:
            response = _signed_in(client, guest.person)
            cookie = next(value for name, value in response.headers if name == "set-cookie")
            world.sessions[guest.key] = cookie.partition(";")[0]


def _signed_in(client: Client, login: str) -> Response:
    body = urlencode({"name": login, "password": PASSWORD}).encode()
    response = client.send_bytes(Request("POST", "/login", "/login"), BROWSER, body, FORM)
    assert response.status == 303, response.body
    return response


def _form(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        plain = isinstance(value, list) and all(isinstance(each, str | int) for each in value)
        return value if plain else json.dumps(value)
    return value


# --- attempts that only pages know ------------------------------------------------------------------------


Make = Callable[["World", Cell, str], Request]


def _page(path: str, pattern: str = "", **query: str) -> Make:
    return lambda world, cell, base: Request("GET", path, pattern or path, query)


def _list(**query: str) -> Make:
    return lambda world, cell, base: Request("GET", base, "/{slug}", query)


def _below(tail: str, pattern: str = "") -> Make:
    return lambda world, cell, base: Request(
        "GET", f"{base}/{cell.record_id}{tail.format(cell=cell)}", ONE + (pattern or tail)
    )


def _post(tail: str, pattern: str = "", body: Callable[[Cell], Mapping[str, Any]] | None = None) -> Make:
    def make(world: World, cell: Cell, base: str) -> Request:
        values = body(cell) if body else cell.values
        path = f"{base}/{cell.record_id}{tail.format(cell=cell)}"
        return Request("POST", path, ONE + (pattern or tail), body=values)

    return make


def _several(verb: str) -> Make:
    def make(world: World, cell: Cell, base: str) -> Request:
        body = {"id": [cell.record_id], "verb": verb.removesuffix("_ask")}
        if not verb.endswith("_ask"):
            body["sure"] = "1"
        if cell.values:
            [(name, value)] = cell.values.items()
            body |= {"field": name, f"to.{name}": value}
        return Request("POST", f"{base}/several", "/{slug}/several", body=body)

    return make


def _new(world: World, cell: Cell, base: str) -> Request:
    query = {cell.field: str(cell.value)} if cell.field else {}
    return Request("GET", f"{base}/new", "/{slug}/new", query)


def _set(world: World, cell: Cell, base: str) -> Request:
    [(name, value)] = list(cell.values.items())[:1] or [("name", "")]
    body = {"field": name, "value": value}
    return Request("POST", f"{base}/{cell.record_id}/set", ONE + "/set", body=body)


def _save(path: str, pattern: str) -> Make:
    return lambda world, cell, base: Request("POST", path.format(cell=cell), pattern, body=dict(cell.values))


def _options(world: World, cell: Cell, base: str) -> Request:
    query = {"q": str(cell.value), "field": "id"}
    return Request("GET", f"{base}/options", "/{slug}/options", query)


def _by(world: World, cell: Cell, base: str) -> Request:
    return Request("GET", base, "/{slug}", {cell.field: str(cell.value), "archived": "any"})


PAGES: Mapping[str, Make] = {
    "list": _list(archived="true"),
    "list_as_of": lambda world, cell, base: _list(as_of=moment_text(world.early))(world, cell, base),
    "sort": lambda world, cell, base: _list(order=cell.field)(world, cell, base),
    "filter": _by,
    "hop": _by,
    "export": lambda world, cell, base: Request(
        "GET", f"{base}/export", "/{slug}/export", {"archived": "any"}
    ),
    "get": _below(""),
    "as_of": lambda world, cell, base: Request(
        "GET", f"{base}/{cell.record_id}", ONE, {"as_of": moment_text(world.early)}
    ),
    "history": _below("/history"),
    "print": _below("/print"),
    "create": lambda _, c, b: Request("POST", f"{b}/new", "/{slug}/new", body={**c.values, "anyway": "1"}),
    "update": _post("/edit"),
    "update_many": _set,
    "delete": _post("/delete", body=lambda cell: {}),
    "archive": _post("/archive", body=lambda cell: {}),
    "unarchive": _post("/unarchive", body=lambda cell: {}),
    "action": _post("/{cell.action}", "/{verb}"),
    "batch_delete": _several("delete"),
    "batch_update": _several("set"),
    "undo": lambda world, cell, base: Request(
        "POST", f"/undo/{cell.operation}", "/undo/{id:int}", body={"back": "/"}
    ),
    "preview_undo": lambda world, cell, base: Request(
        "GET", f"/journal/{cell.operation}", "/journal/{id:int}"
    ),
    "plugins": _page("/-/plugins"),
    "new_form": _new,
    "board": lambda world, cell, base: Request("GET", f"{base}/board", "/{slug}/board"),
    "condition": lambda world, cell, base: Request(
        "GET", f"{base}/condition", "/{slug}/condition", {"add_field": "created_at"}
    ),
    "options": _options,
    "search": lambda world, cell, base: Request(
        "GET", "/search", "/search", {"q": str(cell.value), "entity": base.strip("/")}
    ),
    "search_list": lambda world, cell, base: Request(
        "GET", base, "/{slug}", {"q": str(cell.value), "archived": "any"}
    ),
    "suggest": lambda world, cell, base: Request(
        "GET", "/search/suggestions", "/search/suggestions", {"q": str(cell.value)}
    ),
    "edit_form": _below("/edit"),
    "delete_form": _below("/delete"),
    "action_form": _below("/{cell.action}", "/{verb}"),
    "several_delete": _several("delete"),
    "several_ask": _several("delete_ask"),
    "activity": _post("/activity"),
    "home": _page("/"),
    "journal": _page("/journal"),
    "password_form": _page("/account/password"),
    "admin_roles": _page("/admin/roles"),
    "admin_users": _page("/admin/users"),
    "admin_plugins": _page("/admin/plugins"),
    "admin_plugin": _page("/admin/plugins/loyalty", "/admin/plugins/{name}"),
    "admin_jobs": _page("/admin/jobs"),
    "admin_role": lambda world, cell, base: Request(
        "GET", f"/admin/roles/{cell.record_id}", "/admin/roles/{id:int}"
    ),
    "admin_user": lambda world, cell, base: Request(
        "GET", f"/admin/users/{cell.record_id}", "/admin/users/{id:int}"
    ),
    "save_role": _save("/admin/roles/{cell.record_id}", "/admin/roles/{id:int}"),
    "save_access": _save("/admin/users/{cell.record_id}", "/admin/users/{id:int}"),
    "save_password": _save("/admin/users/{cell.record_id}", "/admin/users/{id:int}"),
    "change_job": _save("/admin/jobs/{cell.record_id}/retry", "/admin/jobs/{id:int}/{verb}"),
    "change_letter": _save("/admin/events/{cell.record_id}/retry", "/admin/events/{id:int}/{verb}"),
    "funnel": _page("/p/sales/funnel"),
    "funnel_data": _page("/p/sales/api/funnel"),
    "pipeline_data": _page("/p/sales/api/pipeline"),
    "forecast": _page("/p/sales/forecast"),
    "forecast_data": _page("/p/sales/api/forecast"),
    "team_page": _page("/p/sales/team"),
    "targets_page": _page("/p/sales/targets"),
    "conversion": _page("/p/sales/conversion"),
    "conversion_data": _page("/p/sales/api/conversion"),
    "duplicates_data": _page("/p/sales/api/duplicates"),
    "funnel_of": lambda world, cell, base: Request(
        "GET", "/p/sales/funnel", "/p/sales/funnel", {"pipeline": str(cell.record_id)}
    ),
}
