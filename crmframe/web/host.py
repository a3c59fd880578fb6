"""The ASGI app that stays while applications come and go: enabling a plugin swaps the one being served."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from crmframe.web.errors import show_error
from crmframe.web.headers import Answer
from crmframe.web.site import Site
from crmframe.web.visitor import AFTERWARDS, SAFE_METHODS, reader_of

CHECK_SECONDS = 1.0
log = structlog.get_logger("crmframe.host")


class Host:
    """Serves the current site; requests under way finish on the one they began with.

    Args:
        build: Makes a site of the present state of the database and the settings.
        generation: Reads the number that grows when a plugin is enabled or disabled, in any process.
    """

    def __init__(self, build: Callable[[], Site], generation: Callable[[Site], int]) -> None:
        self._build = build
        self._generation = generation
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._checked = time.monotonic()
        self.site = build()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        if time.monotonic() - self._checked >= CHECK_SECONDS:
            await run_in_threadpool(self.check_now)
        answer = Answer(scope, send)
        site = self._enter(scope)
        try:
            app, scope["path_params"] = site.router.find(scope["method"], scope["path"])
            await app(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - every error becomes an answer; the unforeseen ones are logged
            await self._show(site, scope, receive, error=error, answer=answer)
        finally:
            answer.log()
            if afterwards := scope["state"].pop(AFTERWARDS, None):
                await run_in_threadpool(afterwards)
            self._leave(site, scope["method"])

    async def _show(
        self, site: Site, scope: Scope, receive: Receive, *, error: Exception, answer: Answer
    ) -> None:
        if isinstance(error, ClientDisconnect):
            return
        response = await run_in_threadpool(show_error, site, scope, error, reader_of(site, scope))
        if not answer.status:  # otherwise it is too late to say anything else
            await response(scope, receive, answer.send)

    def _enter(self, scope: Scope) -> Site:
        with self._lock:
            site = self.site
            site.in_use += 1
        scope["crmframe.site"] = scope["app"] = site
        return site

    def _leave(self, site: Site, method: str) -> None:
        with self._lock:
            site.in_use -= 1
            last = site.retired and not site.in_use
            if method not in SAFE_METHODS:
                self._checked = 0.0  # it may have enabled a plugin: look before the next request
        if last:
            _close_aside(site)

    def check_now(self) -> None:
        """Swap the site when the generation has grown; the old one goes on serving when the new cannot be built."""
        with self._building:
            self._checked = time.monotonic()
            try:
                if self._generation(self.site) != self.site.generation:
                    self._swap(self._build())
            except sa.exc.SQLAlchemyError:
                log.warning("the database does not answer")  # each request finds out for itself
            except Exception:
                log.exception("the next generation could not be built")

    def _swap(self, new: Site) -> None:
        with self._lock:
            old, self.site = self.site, new
            old.retired = True
            idle = not old.in_use
        log.info("swapped", generation=new.generation)
        if idle:
            _close_aside(old)

    def close(self) -> None:
        """Close the application being served."""
        self.site.close()

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message: Message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await run_in_threadpool(self.close)
                await send({"type": "lifespan.shutdown.complete"})
                return


def _close_aside(site: Site) -> None:
    """Close a retired site without keeping a request waiting: its workers may be in the middle of a job."""
    threading.Thread(target=site.close, name="crmframe-close", daemon=True).start()
