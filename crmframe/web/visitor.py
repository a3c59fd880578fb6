"""Who is asking: a session's cookie, an API token, or nobody yet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from starlette.types import Scope

from crmframe.core.access.actor import Actor, anonymous_actor
from crmframe.core.access.sessions import BY_SECRET, find_session, touch_session
from crmframe.core.access.tables import session as session_table
from crmframe.core.access.tokens import find_token, touch_token
from crmframe.core.errors import CrmError, NotFound, NotSignedIn
from crmframe.core.notifications.notify import unread_of
from crmframe.web import csrf, locales
from crmframe.web.body import Body, checked_text, pairs
from crmframe.web.errors import ForeignOrigin
from crmframe.web.respond import Call

if TYPE_CHECKING:
    from crmframe.web.site import Site

SECURE_COOKIE = "__Host-crmframe"
PLAIN_COOKIE = "crmframe_session"
BEARER = "bearer "
MAX_ID = 2**63 - 1
WITH_UNREAD = BY_SECRET.add_columns(unread_of(session_table.c.user_id).label("beside"))
# In the state of a request: what is to be done when it has been answered.
AFTERWARDS = "crmframe.afterwards"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: ``session`` is the secret behind the cookie, ``is_program`` tells that an API token was used.

    Attributes:
        epoch: Of the settings, as read together with the session; None for strangers.
        unread: Notifications, read together with the session.
    """

    actor: Actor
    session: str = ""
    is_program: bool = False
    epoch: int | None = None
    unread: int = 0

    @property
    def is_known(self) -> bool:
        """Return whether a user stands behind the request."""
        return self.actor.id is not None


def visitor_of(site: Site, connection: sa.Connection, scope: Scope, headers: Mapping[str, str]) -> Visitor:
    """Return who sent the request; a header with a token counts before a cookie.

    Raises:
        NotSignedIn: The token is unknown, revoked or expired.
    """
    given = headers.get("authorization", "")
    if given:
        secret = given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else ""
        visitor = _by_token(site, connection, scope, secret)
        if visitor is None:
            raise NotSignedIn
        return visitor
    secret = session_secret(scope, headers)
    found = _by_session(site, connection, scope, secret) if secret else None
    return found or Visitor(anonymous_actor())


def session_secret(scope: Scope, headers: Mapping[str, str]) -> str:
    """Return what the session's cookie holds, empty without one."""
    text = headers.get("cookie", "")
    name = cookie_name(scope["scheme"] == "https")
    if name not in text:
        return ""
    try:
        cookie = SimpleCookie(text).get(name)
    except CookieError:
        return ""
    return cookie.value if cookie else ""


def cookie_name(secure: bool) -> str:
    """Return the name of the session's cookie; the one for https cannot be set by a sister domain."""
    return SECURE_COOKIE if secure else PLAIN_COOKIE


def _by_session(site: Site, connection: sa.Connection, scope: Scope, secret: str) -> Visitor | None:
    now = site.application.clock()
    found = find_session(connection, secret, now, WITH_UNREAD)
    actor = site.actors.actor(connection, found.user_id, found.epoch) if found else None
    if found is None or actor is None:
        return None
    if found.is_due or site.recent.is_due(now):
        _touch(site, scope, lambda connection: _note(site, connection, secret, now, seen=found.is_due))
    return Visitor(actor, session=secret, epoch=found.epoch, unread=found.beside or 0)


def _note(site: Site, connection: sa.Connection, secret: str, now: datetime, *, seen: bool) -> None:
    """Write down that the session is in use, and what people looked at meanwhile."""
    if seen:
        touch_session(connection, secret, now)
    site.recent.flush(connection)


def _by_token(site: Site, connection: sa.Connection, scope: Scope, secret: str) -> Visitor | None:
    now = site.application.clock()
    found = find_token(connection, secret, now) if secret else None
    actor = site.actors.actor(connection, found.user_id, found.epoch) if found else None
    if found is None or actor is None:
        return None
    if found.is_due:
        _touch(site, scope, lambda connection: touch_token(connection, found.id, now))
    return Visitor(actor.narrowed(found.scopes), is_program=True, epoch=found.epoch)


def _touch(site: Site, scope: Scope, write: Callable[[sa.Connection], None]) -> None:
    """Note the use when the request has been answered: a write waits its turn, and a full disk stops no reader."""

    def touch() -> None:
        with suppress(CrmError), site.application.database.write() as connection:
            write(connection)

    scope["state"][AFTERWARDS] = touch


# --- the call -----------------------------------------------------------------------------------------


def call_of(site: Site, scope: Scope, body: Body, visitor: Visitor, headers: Mapping[str, str]) -> Call:
    """Return the request as handlers see it.

    Raises:
        ForeignOrigin: A browser was made to send it by another site's page.
        Unreadable: The query or body cannot be read.
        NotFound: A number in the path is beyond 64 bit.
    """
    form = body.form()
    expected = csrf.token_for(site.secret, visitor.session) if visitor.session else ""
    if scope["method"] not in SAFE_METHODS and not visitor.is_program:
        _require_own_page(headers, form, expected)
    locale = locales.of_request(dict(scope["headers"]), visitor.actor.locale, site.locale)
    scope["state"]["locale"] = locale
    scope["state"]["actor_id"] = visitor.actor.id
    raw_query = scope.get("query_string", b"")
    return Call(
        site=site,
        method=scope["method"],
        url=checked_text(scope["path"]),
        path=_checked_numbers(scope.get("path_params", {})),
        query=pairs(raw_query),
        form_lists=form,
        json=body.json(),
        files=body.files,
        headers=headers,
        locale=locale,
        session=visitor.session,
        csrf_token=expected,
        unread=visitor.unread,
        request_id=scope["state"].get("request_id", ""),
        address=(scope.get("client") or ("", 0))[0],
        secure=scope["scheme"] == "https",
        body_hash=request_hash(scope, body),
    )


def reader_of(site: Site, scope: Scope) -> Call | None:
    """Return as much of a call as the frame around an error page needs; None for strangers. Asks no database."""
    headers = headers_of(scope)
    secret = session_secret(scope, headers)
    if not secret:
        return None
    # What was posted cannot be asked for again: the frame leads home then.
    url = scope["path"] if scope["method"] in SAFE_METHODS else "/"
    locale = scope["state"].get("locale") or locales.of_request(dict(scope["headers"]), "", site.locale)
    return Call(
        site=site,
        url=url,
        headers=headers,
        locale=locale,
        session=secret,
        csrf_token=csrf.token_for(site.secret, secret),
    )


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers by lower-case name; several of a name are joined as HTTP says."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = (
            f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}" if name in headers else value
        )
    return headers


def request_hash(scope: Scope, body: Body) -> str:
    """Return a hash of method, path, query and body."""
    parts = (
        scope["method"].encode(),
        scope["path"].encode("utf-8", "replace"),
        scope.get("query_string", b""),
        body.raw,
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _require_own_page(headers: Mapping[str, str], form: Mapping[str, list[str]], expected: str) -> None:
    given = headers.get(csrf.HEADER) or next(iter(form.get(csrf.FIELD, [])), "")
    if not csrf.comes_from_here(headers, given, expected):
        raise ForeignOrigin


def _checked_numbers(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    for value in parameters.values():
        if isinstance(value, int) and abs(value) > MAX_ID:
            raise NotFound(entity="record", id=value)
        if isinstance(value, str):
            checked_text(value)
    return parameters
