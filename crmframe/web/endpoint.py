"""From a request to a handler and back, the same way for every page and every door of the web."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from crmframe.core.access.actor import system_actor
from crmframe.core.errors import NotSignedIn, PermissionDenied
from crmframe.web import idempotency
from crmframe.web.body import Body, read_body
from crmframe.web.errors import PASSWORD_PAGE, SECOND_FACTOR_PAGE, PasswordOutdated, SecondFactorMissing
from crmframe.web.headers import FRAMED_BY
from crmframe.web.respond import Call, Reply, respond
from crmframe.web.site import Site
from crmframe.web.visitor import SAFE_METHODS, Visitor, call_of, headers_of, visitor_of

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

BODY_LIMIT = 1_000_000
# Counts as a program: there is no session whose pages another site could abuse.
STRANGER = Visitor(system_actor("form"), is_program=True)
Handler = Callable[[Call, "UnitOfWork"], Reply]


class Endpoint:
    """An ASGI app around a plain function: everything below ``run`` is synchronous, in one thread.

    Args:
        handler: ``handler(call, work) -> Reply``.
        write: Whether its unit of work writes; None means by the method.
        permission: What the actor must hold before anything else happens.
        public: True serves people who are not signed in.
        door: What the journal says about where the work came from.
        limit: Bytes that a body may have.
    """

    brief = False
    as_system = False

    def __init__(
        self,
        handler: Handler,
        *,
        write: bool | None = None,
        permission: str = "",
        public: bool = False,
        door: str = "web",
        limit: int = BODY_LIMIT,
    ) -> None:
        self.handler = handler
        self.write = write
        self.permission = permission
        self.public = public
        self.door = door
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        safe = scope["method"] in SAFE_METHODS
        body = Body() if safe else await read_body(scope, receive, self.limit)
        writes = self._writes(safe=safe)
        try:
            if self.brief and not writes and not scope["crmframe.site"].application.database.has_server:
                response = self.run(scope, body, writes)
            else:
                response = await run_in_threadpool(self.run, scope, body, writes)
        finally:
            body.close()
        await response(scope, receive, send)

    def _writes(self, *, safe: bool) -> bool:
        return not safe if self.write is None else self.write

    def run(self, scope: Scope, body: Body, writes: bool) -> Response:
        """Do the whole request in one unit of work."""
        site: Site = scope["crmframe.site"]
        headers = headers_of(scope)
        with site.application.database.read() as connection:
            visitor = STRANGER if self.as_system else visitor_of(site, connection, scope, headers)
            self._admit(visitor, scope["path"])
            call = call_of(site, scope, body, visitor, headers)
            if not writes:
                work = site.application.reading(connection, visitor.actor, self.door, epoch=visitor.epoch)
                reply = self.handler(call, work)
                scope["state"][FRAMED_BY] = reply.framed_by
                return respond(call, work, reply)
        with site.application.work(visitor.actor, door=self.door) as work:
            once = self.door == "api" and bool(call.headers.get("idempotency-key"))
            reply = idempotency.once(call, work, self.handler) if once else self.handler(call, work)
        scope["state"][FRAMED_BY] = reply.framed_by
        response = respond(call, None, reply)
        if work.operation_id is not None:
            _note_operation(scope, response, work.operation_id)
        return response

    def _admit(self, visitor: Visitor, path: str) -> None:
        if self.public:
            return
        if not visitor.is_known:
            raise NotSignedIn
        if visitor.actor.must_change_password and not visitor.is_program and path != PASSWORD_PAGE:
            raise PasswordOutdated
        if visitor.actor.must_add_second_factor and not visitor.is_program and not _is_about(path):
            raise SecondFactorMissing
        if self.permission and not visitor.actor.may(self.permission):
            raise PermissionDenied(permission=self.permission)


def _is_about(path: str) -> bool:
    """Return whether a path is among those that somebody without the second factor needs to get one."""
    return path == PASSWORD_PAGE or path.startswith(SECOND_FACTOR_PAGE)


class BriefEndpoint(Endpoint):
    """One that reads a row or two by their keys.

    Where that waits for no server it is done in the event loop: the way to a worker thread and back takes longer.
    """

    brief = True


class StrangerEndpoint(Endpoint):
    """One that looks at no session and no token, so that there is nothing to forge.

    Its work has the rights of the system: the handler alone decides what a stranger may.
    """

    as_system = True


def endpoint(handler: Handler, **options: object) -> Endpoint:
    """Return *handler* as an ASGI app; ``options`` are those of ``Endpoint``."""
    return Endpoint(handler, **options)  # type: ignore[arg-type]


def _note_operation(scope: Scope, response: Response, operation_id: int) -> None:
    """Tell the access log and the client under which number this can be undone."""
    scope["state"]["operation_id"] = operation_id
    response.headers["crmframe-operation"] = str(operation_id)
