"""Signing in and out with a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from crmframe.core.access.accounts import WrongPassword, has_users, sign_in, sign_out
from crmframe.core.access.sessions import LONGEST, Origin
from crmframe.core.errors import CrmError, TooManyAttempts
from crmframe.web.endpoint import Endpoint
from crmframe.web.respond import Call, Reply
from crmframe.web.router import Router
from crmframe.web.visitor import cookie_name

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


def add_routes(router: Router) -> None:
    """Serve ``/login`` and ``/logout``."""
    router.add("GET", "/login", Endpoint(show_sign_in, public=True))
    # The password is checked between two short transactions of its own: this one only reads.
    router.add("POST", "/login", Endpoint(open_session, public=True, write=False))
    router.add("POST", "/logout", Endpoint(close_session, public=True))


def show_sign_in(call: Call, work: UnitOfWork) -> Reply:
    """Show the form, or go on for somebody who is signed in."""
    target = local_path(call.parameter("next"))
    if work.actor.id is not None:
        return Reply(location=target)
    return Reply(_form(work, "", target), "login.html")


def open_session(call: Call, work: UnitOfWork) -> Reply:
    """Check name and password, and set the cookie."""
    name, target = call.form.get("name", ""), local_path(call.form.get("next", ""))
    origin = Origin(call.address, call.headers.get("user-agent", ""))
    try:
        secret = sign_in(
            work.database,
            name,
            call.form.get("password", ""),
            origin=origin,
            now=work.now,
            hasher=call.site.hasher,
        )
    except (WrongPassword, TooManyAttempts) as error:
        return Reply(_form(work, name, target, error), "login.html", error.status)
    return Reply(
        location=target, headers={"set-cookie": cookie(secret, int(LONGEST.total_seconds()), call.secure)}
    )


def _form(work: UnitOfWork, name: str, target: str, error: CrmError | None = None) -> dict[str, Any]:
    return {"name": name, "next": target, "error": error, "is_first": not has_users(work.connection)}


def close_session(call: Call, work: UnitOfWork) -> Reply:
    """End the session and take the cookie back."""
    if call.session:
        sign_out(work, call.session)
    headers = {"set-cookie": cookie("", 0, call.secure), "clear-site-data": '"cache"'}
    return Reply(location="/login", headers=headers)


def cookie(secret: str, seconds: int, secure: bool) -> str:
    """Return the Set-Cookie header of a session."""
    parts = [f"{cookie_name(secure)}={secret}", "Path=/", f"Max-Age={seconds}", "HttpOnly", "SameSite=Lax"]
    return "; ".join([*parts, "Secure"] if secure else parts)


def local_path(target: str) -> str:
    """Return *target* when it is a path of this site, ``/`` for everything else.

    ``//host``, ``/\\host`` and paths with control characters lead browsers to other sites.
    """
    parts = urlsplit(target.replace("\\", "/")) if target.isprintable() else None
    if (
        parts is None
        or parts.scheme
        or parts.netloc
        or not parts.path.startswith("/")
        or target.startswith("//")
    ):
        return "/"
    return quote(target, safe="/?&=%:,;+-_.~!$'()*@")
