"""What every response carries, and the line that the access log gets.

Wraps ``send``, as an ASGI middleware does, without being one more frame of every call.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable

import structlog
from starlette.types import Message, Scope, Send

SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        (
            b"default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
            b"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
# For what people sent: nothing in it may run or load anything.
INERT = b"sandbox; default-src 'none'; frame-ancestors 'none'"
# What a page may say instead: even less. One with a secret in its address tells nobody where it is.
STRICTER = frozenset({(b"referrer-policy", b"no-referrer"), (b"content-security-policy", INERT)})
TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
OURS = frozenset({*(name for name, _ in SECURITY), TRANSPORT[0], b"x-request-id"})
# In the state of a request: the sites that may show its answer in a frame.
FRAMED_BY = "crmframe.framed_by"
SITE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
HEALTH = "/-/health"
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
log = structlog.get_logger("crmframe.access")


class Answer:
    """The answer to one request: adds the headers on its way out and remembers what was sent."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._started = time.perf_counter()
        self._bytes = 0
        self.status = 0
        self.request_id = request_id_of(scope["headers"])
        scope["state"] = {**scope.get("state", {}), "request_id": self.request_id}
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=self.request_id)

    async def send(self, message: Message) -> None:
        """Pass a message on; the body of an answer to HEAD stays here."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._headers(message.get("headers", ()))}
        elif message["type"] == "http.response.body":
            self._bytes += len(message.get("body", b""))
            if self._scope["method"] == "HEAD":
                message = {**message, "body": b""}
        await self._send(message)

    def _headers(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        given = list(given)
        kept = [pair for pair in given if pair[0].lower() not in OURS]
        names = {name.lower() for name, _ in kept}
        stricter = dict(pair for pair in given if pair in STRICTER)
        security = framed(self._scope["state"].get(FRAMED_BY, ()))
        kept += [(name, stricter.get(name, value)) for name, value in security]
        kept.append((b"x-request-id", self.request_id.encode()))
        if self._scope["scheme"] == "https":
            kept.append(TRANSPORT)
        if b"cache-control" not in names:
            kept.append((b"cache-control", b"no-store"))
        return kept

    def log(self) -> None:
        """Write the line of the access log; the query is left out, for it may hold personal data."""
        state = self._scope["state"]
        if self._scope["path"] == HEALTH and self.status == 200:
            return  # asked every few seconds
        log.info(
            "request",
            method=self._scope["method"],
            path=self._scope["path"],
            status=self.status,
            milliseconds=round((time.perf_counter() - self._started) * 1000, 2),
            bytes=self._bytes,
            actor=state.get("actor_id"),
            operation=state.get("operation_id"),
        )


def framed(sites: Iterable[str]) -> Iterable[tuple[bytes, bytes]]:
    """Return the headers of security with which *sites* may show the page in a frame."""
    allowed = " ".join(site for site in sites if SITE.fullmatch(site)).encode()
    if not allowed:
        return SECURITY
    policy = SECURITY[0][1].replace(b"frame-ancestors 'none'", b"frame-ancestors " + allowed)
    return [(SECURITY[0][0], policy), *(pair for pair in SECURITY[1:] if pair[0] != b"x-frame-options")]


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that a proxy gave to the request, or a new one."""
    for name, value in headers:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return value.decode()
    return os.urandom(10).hex()
