"""The pages, with sessions: what a browser can reach, derived from the registered routes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.access_matrix.api_door import STATUSES, Client, Request, Response
from tests.access_matrix.cast import GUESTS, UNPLANTED, Guest
from tests.access_matrix.cell import DENIED, DONE, FEW, MISSING, REFUSED, UNKNOWN, Cell
from tests.access_matrix.cells import Maker
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


def page_cells(world: World, guest: Guest) -> Iterator[Cell]:
    """Yield the attempts that other doors have nothing like."""
    if not guest.known:
        for cell in _page_cells(world, Guest("sam", "sam")):
            yield Cell(**{**vars(cell), "expected": frozenset({UNKNOWN}), "same_as": None})
        return
    yield from _page_cells(world, guest)


def _page_cells(world: World, guest: Guest) -> Iterator[Cell]:
    for entity in (e for e in world.application.registry.public_entities() if e.name not in UNPLANTED):
        yield from _forms(Maker(world, guest, entity))
    yield from _others(world, guest)


def _forms(maker: Maker) -> Iterator[Cell]:
    name, may_read = maker.name, maker.entity_level()
    yield Cell("new_form", name, expected=maker.entity_level("create"))
    yield from _prefilled(maker)
    column = maker.entity.fields.get(maker.entity.board)
    if column is not None:
        of = column.kind.entity if column.kind.name == "reference" else name
        may_see = maker.world.oracle.may(maker.guest, of, "read")
        yield Cell("board", name, expected=may_read if may_see else frozenset({DENIED}))
    yield Cell("condition", name, expected=may_read)
    token = str(maker.world.oracle.rows[name][maker.ids(("olga",))[0]].get(maker.entity.title))
    yield Cell("options", name, expected=may_read, value=token, sent=(token,))
    yield Cell("options", name, expected=may_read, value="")
    far, own = maker.ids(("olga",))[0], maker.ids(("sam",))[0]
    for record_id in (far, own):
        for verb, asks in (("edit_form", "update"), ("delete_form", "delete")):
            level = maker.record_level("read", record_id) if maker.may(asks) else frozenset({DENIED})
            if verb == "edit_form" and not maker.world.oracle.writable(maker.guest, name):
                level |= {DENIED}
            yield Cell(
                verb, name, record_id, level if maker.may("read") or DENIED in level else frozenset({DENIED})
            )
        for action in maker.world.application.registry.actions.get(name, {}):
            level = maker.record_level("read", record_id) if maker.may(action) else frozenset({DENIED})
            if action == "log" and not maker.world.oracle.may(maker.guest, "core.activity", "create"):
                level = frozenset({DENIED})
            yield Cell("action_form", name, record_id, level, action=action)
        level = maker.record_level("delete", record_id, frozenset({DONE, REFUSED}))
        for verb in ("several_delete", "several_ask"):
            asked = frozenset({DONE, DENIED}) if verb == "several_ask" else level
            yield Cell(verb, name, record_id, asked)
        yield Cell("activity", name, record_id, _noting(maker, record_id), values={"text": "x"})


def _prefilled(maker: Maker) -> Iterator[Cell]:
    """Yield forms whose link names a record that the guest may not see: its name must not come up."""
    if not maker.may("create"):
        return
    for declared in maker.entity.fields.values():
        link = (
            maker._hidden_link(declared) if declared.kind.name == "reference" and declared.writable else None
        )
        if link is not None:
            yield Cell("new_form", maker.name, None, field=declared.name, value=link)


def _noting(maker: Maker, record_id: int) -> frozenset[str]:
    """Whoever may see a record and write activities may write one about it."""
    if not maker.world.oracle.may(maker.guest, "core.activity", "create"):
        return frozenset({DENIED})
    if maker.world.oracle._is_about(maker.name) or maker.name == "core.activity":
        return frozenset({DONE, REFUSED, DENIED})  # nothing is about a note
    seen = maker.may("read") and maker.allows("read", record_id)
    return frozenset({DONE, DENIED, REFUSED}) if seen else frozenset({REFUSED, MISSING, DENIED})


def _others(world: World, guest: Guest) -> Iterator[Cell]:
    is_admin = guest.person == "root" and guest.scopes is None
    admins = frozenset({DONE if is_admin else DENIED})
    for verb in ("home", "journal", "password_form"):
        yield Cell(verb)
    for verb in ("admin_roles", "admin_users", "admin_plugins", "admin_plugin", "admin_jobs"):
        yield Cell(verb, expected=admins)
    role = world.planter.ids["core.role", "olga"]
    user = world.planter.ids["core.user", "olga"]
    yield Cell("admin_role", "core.role", role, admins)
    yield Cell("admin_user", "core.user", user, admins)
    saved = admins if is_admin else frozenset({DENIED, MISSING})  # who may grant something must see the role
    yield Cell("save_role", "core.role", role, saved, values={"grant:core.customer.read": "all"})
    yield Cell("save_access", "core.user", user, admins, values={"role": [role]})
    yield Cell("save_password", "core.user", user, admins, values={"password": "a new and long password"})
    retried = frozenset({MISSING} if is_admin else {DENIED})
    yield Cell("change_job", record_id=1, expected=retried)
    yield Cell("change_letter", record_id=1, expected=retried)
    may_see = frozenset({DONE if world.oracle.may(guest, "sales.deal", "read") else DENIED})
    for verb in ("forecast", "forecast_data", "team_page"):
        yield Cell(verb, expected=may_see)
    may_target = world.oracle.may(guest, "sales.target", "read")
    yield Cell("targets_page", expected=frozenset({DONE if may_target else DENIED}))
    if not world.oracle.may(guest, "sales.pipeline", "read") and DONE in may_see:
        may_see = frozenset({MISSING})  # there is no funnel without a pipeline
    for verb in ("funnel", "funnel_data", "pipeline_data"):
        yield Cell(verb, expected=may_see)
    of_leads = frozenset({DONE if world.oracle.may(guest, "sales.lead", "read") else DENIED})
    for verb in ("conversion", "conversion_data", "duplicates_data"):
        yield Cell(verb, expected=of_leads)
    hidden = world.planter.ids["sales.pipeline", "olga"]
    seen = guest.person and hidden in world.oracle.visible(guest, "sales.pipeline")
    level = may_see if seen or may_see != {DONE} else frozenset({MISSING})
    yield Cell("funnel_of", record_id=hidden, expected=level)


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
