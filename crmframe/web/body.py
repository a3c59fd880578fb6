"""Reading a request's body: never more than allowed, never anything that cannot be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

from crmframe.core.errors import CrmError, TooLarge
from crmframe.web.errors import Unreadable
from crmframe.web.respond import Upload

MAX_DEPTH = 32
MAX_FIELDS = 2000
MAX_FILES = 20
FORM = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data"


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it arrived: ``raw`` bytes, or the parts of a multipart form."""

    media_type: bytes = b""
    raw: bytes = b""
    parts: Mapping[str, list[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    def json(self) -> Any:
        """Return the decoded JSON, None when the body is something else or empty.

        Raises:
            Unreadable: It is no JSON, too deep, or holds a NUL.
        """
        if not self.raw or not is_json(self.media_type):
            return None
        return decoded_json(self.raw)

    def close(self) -> None:
        """Let go of the files that came with it."""
        for upload in self.files.values():
            upload.file.close()

    def form(self) -> Mapping[str, list[str]]:
        """Return the fields of a form, all values of each."""
        return form_fields(self.raw) if self.media_type == FORM else self.parts


def is_json(media_type: bytes) -> bool:
    """Return whether the type is JSON or built on it, such as ``application/merge-patch+json``."""
    return media_type == b"application/json" or media_type.endswith(b"+json")


async def read_body(scope: Scope, receive: Receive, limit: int) -> Body:
    """Read the body.

    Raises:
        TooLarge: It has more than *limit* bytes, announced or streamed.
    """
    headers = dict(scope["headers"])
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge(limit=limit)
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    limited = _Limited(receive, limit)
    if media_type == MULTIPART:
        return await _multipart(scope, limited)
    return Body(media_type, await limited.all())


class _Limited:
    """A receive channel that stops at a number of bytes."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            raise TooLarge(limit=self._limit)
        return message

    async def all(self) -> bytes:
        parts: list[bytes] = []
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        return b"".join(parts)


async def _multipart(scope: Scope, limited: _Limited) -> Body:
    request = Request(scope, limited.receive)
    try:
        form = await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS)
    except CrmError:
        raise
    except (HTTPException, ValueError, UnicodeDecodeError) as error:
        raise Unreadable("The multipart form is damaged.") from error
    parts: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = Upload(value.filename or "", value.content_type or "", cast("Any", value.file))
        else:
            parts.setdefault(checked_text(name), []).append(checked_text(value))
    return Body(MULTIPART, parts=parts, files=files)


def decoded_json(raw: bytes) -> Any:
    """Return decoded JSON.

    Raises:
        Unreadable: It is no JSON, nested deeper than ``MAX_DEPTH``, or holds a NUL.
    """
    try:
        data = msgspec.json.decode(raw)
    except RecursionError:
        raise Unreadable("The JSON is nested deeper than {levels} levels.", levels=MAX_DEPTH) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unreadable("This is not valid JSON: {detail}", detail=str(error)) from None
    _check_depth(data)
    if b"\\u0000" in raw:
        _check_nul(data)
    return data


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inner(outer) if isinstance(inner, (dict, list))]
        if not level:
            return
    raise Unreadable("The JSON is nested deeper than {levels} levels.", levels=MAX_DEPTH)


def _check_nul(data: Any) -> None:
    if isinstance(data, str):
        checked_text(data)
    elif isinstance(data, dict):
        checked_text("".join(data))
    for inner in _inner(data):
        _check_nul(inner)


def _inner(data: Any) -> Any:
    if isinstance(data, dict):
        return data.values()
    return data if isinstance(data, list) else ()


def form_fields(raw: bytes) -> Mapping[str, list[str]]:
    """Return the fields of an urlencoded form, all values of each.

    Raises:
        Unreadable: It is not UTF-8, has too many fields or holds a NUL.
    """
    fields: dict[str, list[str]] = {}
    for name, value in pairs(raw):
        fields.setdefault(name, []).append(value)
    return fields


def pairs(raw: bytes) -> list[tuple[str, str]]:
    """Return the pairs of a query string or urlencoded form.

    Raises:
        Unreadable: It is not UTF-8, has too many fields or holds a NUL.
    """
    if not raw:
        return []
    try:
        found = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeDecodeError:
        raise Unreadable("The request is not in UTF-8.") from None
    except ValueError:
        raise Unreadable("The request has more than {number} fields.", number=MAX_FIELDS) from None
    for name, value in found:
        checked_text(name)
        checked_text(value)
    return found


def checked_text(text: str) -> str:
    """Return *text*, which can be stored on every database.

    Raises:
        Unreadable: It holds a NUL character or half a surrogate pair.
    """
    if "\x00" in text:
        raise Unreadable("The request holds a NUL character.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise Unreadable("The request is not in UTF-8.")
    return text
