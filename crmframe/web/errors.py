"""The one shape of errors: problem details (RFC 9457) for programs, a page for people; never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from crmframe.core.contributions import Veto
from crmframe.core.errors import (
    BadRequest,
    CrmError,
    InvalidInput,
    NotSignedIn,
    PreconditionRequired,
    Problem,
    Stale,
    Unavailable,
    UndoConflict,
)
from crmframe.web import locales

if TYPE_CHECKING:
    from crmframe.web.respond import Call
    from crmframe.web.site import Site

PROBLEM = "application/problem+json"
PASSWORD_PAGE = "/account/password"  # noqa: S105 - a path
SECOND_FACTOR_PAGE = "/account/second-factor"
RETRY_SECONDS = "2"
log = structlog.get_logger("crmframe.web")


class NoSuchPage(CrmError):
    """Nothing is served at this path."""

    code = "no_such_page"
    status = 404
    template = "There is no page at {path}."


class Unreadable(BadRequest):
    """A part of the request cannot be read; each place has a sentence of its own."""

    def __init__(self, template: str, **data: Any) -> None:
        self.template = template
        super().__init__(**data)


class MethodNotAllowed(CrmError):
    """The path is served, but by other methods."""

    code = "method_not_allowed"
    status = 405
    template = "{method} is not possible here. Possible are: {allowed}."


class ForeignOrigin(CrmError):
    """The request comes from another site's page, or does not say where it comes from (CSRF)."""

    code = "foreign_origin"
    status = 403
    template = "This form did not come from this site. Open the page again and send it once more."


class PasswordOutdated(CrmError):
    """The user was given a password by somebody else and has to choose an own one first."""

    code = "password_outdated"
    status = 403
    template = "Choose a new password first."


class SecondFactorMissing(CrmError):
    """The workspace asks for a second factor, and the user has none yet."""

    code = "second_factor_missing"
    status = 403
    template = "Set up your second factor first."


class UnsupportedMediaType(CrmError):
    """The body is in a format that is not read here."""

    code = "unsupported_media_type"
    status = 415
    template = "A body of type {given} is not read here. Send {expected}."


class KeyReused(CrmError):
    """An Idempotency-Key came again with another request."""

    code = "idempotency_key_reused"
    status = 422
    template = "The Idempotency-Key {key} was used for another request. Use a new key."


class Unexpected(CrmError):
    """A mistake of ours or of a plugin; the log has it under the request's id."""

    code = "unexpected"
    status = 500
    template = "Something went wrong here. Tell your administrator this number: {request_id}."


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request decides how its error looks."""

    path: str
    method: str
    headers: Mapping[bytes, bytes]
    locale: str
    request_id: str

    @property
    def wants_page(self) -> bool:
        """Return whether a person reads the answer."""
        return not self.path.startswith("/api/") and b"text/html" in self.headers.get(b"accept", b"")


def show_error(site: Site, scope: Scope, error: Exception, call: Call | None = None) -> Response:
    """Return the response for *error*; what nobody foresaw is logged with its traceback and shown without.

    Args:
        call: Of somebody who has a session: the page stands among the navigation then.
    """
    asked = _asked(scope)
    known = recognized(error, asked)
    if isinstance(known, Unexpected):
        log.error("unexpected error", path=asked.path, method=asked.method, exc_info=error)
    if isinstance(known, NotSignedIn) and asked.wants_page:
        return _to_sign_in(asked)
    if isinstance(known, PasswordOutdated) and asked.wants_page:
        return Response(b"", 303, {"location": PASSWORD_PAGE})
    if isinstance(known, SecondFactorMissing) and asked.wants_page:
        return Response(b"", 303, {"location": SECOND_FACTOR_PAGE})
    problem = problem_of(site, known, asked)
    headers = _headers(known, asked)
    if asked.wants_page:
        framed = None if isinstance(known, (Unexpected, Unavailable)) else call
        page = site.renderer.error(framed, asked.locale, problem)
        return Response(page, problem["status"], headers, "text/html")
    return Response(msgspec.json.encode(problem), problem["status"], headers, PROBLEM)


def recognized(error: Exception, asked: Asked) -> CrmError:
    """Return *error* as one of ours."""
    if isinstance(error, CrmError):
        return error
    if isinstance(error, HTTPException):
        return _of_starlette(error, asked)
    if isinstance(error, Veto):
        return InvalidInput([Problem(error.field, "vetoed", error.template, error.data)])
    return Unexpected(request_id=asked.request_id)


def problem_of(site: Site, error: CrmError, asked: Asked) -> dict[str, Any]:
    """Return the problem details of *error*, in the reader's language."""
    message = site.application.translator.message
    status = 412 if isinstance(error, Stale) and b"if-match" in asked.headers else error.status
    problem: dict[str, Any] = {
        "type": f"/docs/errors#{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": message(error, asked.locale),
        "instance": asked.request_id,
        "errors": [],
    }
    if isinstance(error, UndoConflict):
        translate = site.application.translator.translate
        problem["conflicts"] = [
            {
                "entity": kept.entity,
                "id": kept.record_id,
                "reason": translate("core", asked.locale, kept.reason),
            }
            for kept in error.data["conflicts"]
        ]
    if isinstance(error, InvalidInput):
        place = error.data.get("list")
        problem["errors"] = [_one(found, message(found, asked.locale), place) for found in error.problems]
    return problem


def _one(problem: Problem, message: str, place: str | None) -> dict[str, Any]:
    found = {"field": problem.field, "code": problem.code, "message": message, "row": problem.row}
    return found if place is None else {**found, "list": place}


def _of_starlette(error: HTTPException, asked: Asked) -> CrmError:
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return MethodNotAllowed(method=asked.method, allowed=(error.headers or {}).get("Allow", ""))
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NoSuchPage(path=asked.path)
    return Unexpected(request_id=asked.request_id)


def _headers(error: CrmError, asked: Asked) -> dict[str, str]:
    headers = {"vary": "accept, accept-language, cookie"}
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = error.data["allowed"]
    if isinstance(error, NotSignedIn):
        headers["www-authenticate"] = 'Bearer realm="crmframe"'
    if isinstance(error, Unavailable):
        headers["retry-after"] = RETRY_SECONDS
    if "seconds" in error.data:
        headers["retry-after"] = str(error.data["seconds"])
    if isinstance(error, (Stale, PreconditionRequired)) and "current" in error.data:
        headers["etag"] = f'"{error.data["current"]}"'
    return headers


def _to_sign_in(asked: Asked) -> Response:
    back = f"?next={quote(asked.path)}" if asked.method in ("GET", "HEAD") and asked.path != "/" else ""
    if b"hx-request" in asked.headers:
        return Response(b"", 401, {"hx-redirect": f"/login{back}"})
    return Response(b"", 303, {"location": f"/login{back}"})


def _asked(scope: Scope) -> Asked:
    headers = dict(scope["headers"])
    state = scope.get("state", {})
    locale = state.get("locale") or locales.of_request(headers)
    return Asked(scope["path"], scope["method"], headers, locale, state.get("request_id", ""))
