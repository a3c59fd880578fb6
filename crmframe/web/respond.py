"""What a handler is given and what it answers with; how that looks on the wire is decided here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from starlette.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.site import Site

JSON = "application/json"
HTML = "text/html"
CHUNK_BYTES = 64 * 1024
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form; ``file`` is open for reading at its start."""

    name: str
    media_type: str
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets to see of a request.

    Attributes:
        path: Path parameters; those declared ``int`` are ints within 64 bit.
        query: Pairs in the order of the URL.
        form: The last value of each form field; ``form_lists`` has all of them.
        json: The decoded JSON body, None when there was none.
        headers: By lower-case name.
        url: The path that was asked for.
        session: The session's secret, empty when there is none.
        csrf_token: What a form sends back as ``csrf_token``.
        unread: How many notifications the reader has not read, up to a hundred.
        address: The client's, empty when unknown.
        secure: Whether the request came over https.
        body_hash: Stands for the whole request when an Idempotency-Key is used again.
    """

    site: Site
    method: str = "GET"
    url: str = "/"
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    form_lists: Mapping[str, list[str]] = field(default_factory=dict)
    json: Any = None
    files: Mapping[str, Upload] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    locale: str = "en"
    session: str = ""
    csrf_token: str = ""
    unread: int = 0
    request_id: str = ""
    address: str = ""
    secure: bool = False
    body_hash: str = ""

    @property
    def form(self) -> dict[str, str]:
        """Return the last value of each form field."""
        return {name: values[-1] for name, values in self.form_lists.items()}

    def parameter(self, name: str, default: str = "") -> str:
        """Return the last query parameter called *name*."""
        return next((value for key, value in reversed(self.query) if key == name), default)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers with.

    Attributes:
        data: The template's variables; without a template the JSON body, bytes as they are, or a binary file.
        template: The page for a browser, such as ``sales/funnel.html``.
        location: Where a browser goes on; with status 200 it means 303.
        media_type: Of bytes and files; JSON when empty.
        framed_by: Sites that may show the page in a frame, such as ``https://www.example.com``; nobody else may.
    """

    data: Any = None
    template: str = ""
    status: int = 200
    location: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = ""
    framed_by: Sequence[str] = ()


def respond(call: Call, work: UnitOfWork | None, reply: Reply) -> Response:
    """Return the response that *reply* asks for; ``work`` is still open, or None after the commit."""
    headers = dict(reply.headers)
    status = reply.status
    if reply.location:
        headers["location"] = reply.location
        status = 303 if status == 200 else status
    if reply.template:
        page = call.site.renderer.page(call, work, reply.template, reply.data or NOTHING)
        return Response(page, status, headers, HTML)
    if hasattr(reply.data, "read"):
        return StreamingResponse(
            _chunks(reply.data), status, headers, reply.media_type or "application/octet-stream"
        )
    if reply.data is None:
        return Response(b"", status, headers)
    return Response(encoded(reply.data), status, headers, reply.media_type or JSON)


def encoded(data: Any) -> bytes:
    """Return *data* as JSON; bytes are JSON already."""
    return data if isinstance(data, bytes) else msgspec.json.encode(data)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
