"""From a path to what serves it: one dictionary per segment, however many routes there are (SPEED.md A2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.routing import Router as PluginRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from crmframe.web.endpoint import Endpoint, Handler, StrangerEndpoint
from crmframe.web.errors import MethodNotAllowed, NoSuchPage

if TYPE_CHECKING:
    from crmframe.core.entities.entity import Entity
    from crmframe.core.work import UnitOfWork
    from crmframe.web.respond import Call

MAX_ID = 2**63 - 1
INTEGER = re.compile(r"[0-9]{1,19}")
PARAMETER = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")


class _Node:
    """What can follow a path up to here."""

    __slots__ = ("integer", "integer_name", "literals", "methods", "rest", "text", "text_name")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.methods: dict[str, ASGIApp] = {}
        self.integer: _Node | None = None
        self.integer_name = ""
        self.text: _Node | None = None
        self.text_name = ""
        self.rest: ASGIApp | None = None


class Router:
    """The routes of a site.

    A literal segment wins over a number, a number over text; there is no way back once a segment is chosen.
    """

    def __init__(self) -> None:
        self._root = _Node()
        self.patterns: list[tuple[str, str]] = []

    def add(self, methods: str, path: str, app: ASGIApp) -> None:
        """Serve *path* (``/deals/{id:int}``) for the methods, such as ``"GET POST"``.

        Raises:
            TypeError: The path is taken, or a parameter has another name than in a path that starts alike.
        """
        node = self._root
        for segment in segments(path):
            node = _child(node, segment, path)
        for method in methods.split():
            if method in node.methods:
                raise TypeError(f"{method} {path} is served already.")
            node.methods[method] = app
        self.patterns.append((methods, path))

    def mount(self, path: str, app: ASGIApp) -> None:
        """Hand everything below *path* to *app*."""
        node = self._root
        for segment in segments(path):
            node = _child(node, segment, path)
        node.rest = app
        self.patterns.append(("*", path))

    def find(self, method: str, path: str) -> tuple[ASGIApp, dict[str, Any]]:
        """Return what serves the path, and the parameters in it.

        Raises:
            NoSuchPage: Nothing does.
            MethodNotAllowed: Something does, by other methods.
        """
        node = self._root
        parameters: dict[str, Any] = {}
        for segment in segments(path.rstrip("/") or "/"):
            if node.rest is not None:
                break
            node = _next(node, segment, parameters) or _missing(path)
        if node.rest is not None:
            return node.rest, parameters
        app = node.methods.get("GET" if method == "HEAD" else method)
        if app is None:
            raise _refusal(node, method, path)
        return app, parameters


def segments(path: str) -> list[str]:
    """Return the parts of a path; none for ``/``."""
    if not path.startswith("/"):
        raise TypeError(f"The path {path!r} must start with a slash.")
    return path[1:].split("/") if path != "/" else []


def _child(node: _Node, segment: str, path: str) -> _Node:
    match = PARAMETER.fullmatch(segment)
    if match is None:
        return node.literals.setdefault(segment, _Node())
    slot = "integer" if match[2] == "int" else "text"
    if match[2] not in (None, "int"):
        raise TypeError(f"{path} has a parameter of type {match[2]!r}. Possible is int, or none for text.")
    name = getattr(node, f"{slot}_name") or match[1]
    if name != match[1]:
        raise TypeError(f"{path} calls a parameter {match[1]!r} that another path calls {name!r}.")
    setattr(node, f"{slot}_name", name)
    child: _Node = getattr(node, slot) or _Node()
    setattr(node, slot, child)
    return child


def _next(node: _Node, segment: str, parameters: dict[str, Any]) -> _Node | None:
    literal = node.literals.get(segment)
    if literal is not None:
        return literal
    if node.integer is not None and INTEGER.fullmatch(segment) and int(segment) <= MAX_ID:
        parameters[node.integer_name] = int(segment)
        return node.integer
    if node.text is not None and segment:
        parameters[node.text_name] = segment
        return node.text
    return None


def _missing(path: str) -> _Node:
    raise NoSuchPage(path=path)


def _refusal(node: _Node, method: str, path: str) -> Exception:
    if not node.methods:
        return NoSuchPage(path=path)
    allowed = sorted({*node.methods, *(("HEAD",) if "GET" in node.methods else ())})
    return MethodNotAllowed(method=method, allowed=", ".join(allowed))


# --- hand-written routes of plugins -------------------------------------------------------------------


class PageRoute(Route):
    """A plugin's route that went through ``page``, so that somebody decided who may use it."""


def page(
    path: str,
    handler: Handler,
    *,
    permission: str = "",
    public: bool = False,
    as_system: bool = False,
    methods: Sequence[str] = ("GET",),
) -> PageRoute:
    """Return a route of a plugin, served below ``/p/<plugin>``.

    Args:
        path: In Starlette's form, such as ``/funnel/{pipeline_id:int}``.
        handler: ``handler(call, work) -> Reply``; its unit of work writes for all methods but GET and HEAD.
        permission: What the actor must hold.
        public: True serves people who are not signed in, too.
        as_system: For public routes: nobody is signed in there, and the work has the rights of the system. The
            handler alone decides what a stranger may.

    Raises:
        TypeError: Neither a permission nor ``public=True`` says who may use it.
    """
    if bool(permission) == public or (as_system and not public):
        raise TypeError(f"The route {path} needs either permission=... or public=True.")
    served = (StrangerEndpoint if as_system else Endpoint)(handler, permission=permission, public=public)
    return PageRoute(path, served, methods=list(methods), name=getattr(handler, "__name__", path))


def plugin_mount(plugin: str, routes: Iterable[BaseRoute]) -> ASGIApp:
    """Return the ASGI app of a plugin's routes below ``/p/<plugin>``.

    Raises:
        TypeError: A route was not made by ``page``.
    """
    listed = list(routes)
    for route in listed:
        if not isinstance(route, PageRoute):
            raise TypeError(
                f"The route {getattr(route, 'path', route)!r} of {plugin} was not made by page(...)."
            )
    mount = Mount(f"/p/{plugin}", app=PluginRouter(listed, redirect_slashes=False, default=_no_such_page))

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        matched, child = mount.matches(scope)
        if matched is Match.NONE:
            raise NoSuchPage(path=scope["path"])
        await mount.handle({**scope, **child}, receive, send)

    return serve


async def _no_such_page(scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NoSuchPage(path=scope["path"])


def entity_at(call: Call, work: UnitOfWork) -> Entity:
    """Return the entity that the path names.

    Raises:
        NoSuchPage: No enabled plugin has it.
    """
    entity: Entity | None = work.registry.by_slug.get(call.path["slug"])
    if entity is None:
        raise NoSuchPage(path=call.url)
    return entity
