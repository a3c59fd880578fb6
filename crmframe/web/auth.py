"""Signing in and out with a form, in two steps for those who have a second factor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from itsdangerous import BadData, URLSafeSerializer

from crmframe.core.access.accounts import (
    CodeWanted,
    WrongPassword,
    has_users,
    open_after_code,
    sign_in,
    sign_out,
)
from crmframe.core.access.second_factor import Vault, WrongCode, require_code
from crmframe.core.access.sessions import LONGEST, Origin
from crmframe.core.errors import CrmError, TooManyAttempts
from crmframe.web.endpoint import Endpoint
from crmframe.web.respond import Call, Reply
from crmframe.web.router import Router
from crmframe.web.visitor import cookie_name

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

CODE_PAGE = "/login/code"
# Between the password and the code.
STEP_LASTS = timedelta(minutes=10)


def add_routes(router: Router) -> None:
    """Serve ``/login`` and ``/logout``."""
    router.add("GET", "/login", Endpoint(show_sign_in, public=True))
    # The password is checked between two short transactions of its own: this one only reads.
    router.add("POST", "/login", Endpoint(open_session, public=True, write=False))
    router.add("POST", CODE_PAGE, Endpoint(check_code, public=True, write=False))
    router.add("POST", "/logout", Endpoint(close_session, public=True))


def show_sign_in(call: Call, work: UnitOfWork) -> Reply:
    """Show the form, or go on for somebody who is signed in."""
    target = local_path(call.parameter("next"))
    if work.actor.id is not None:
        return Reply(location=target)
    return Reply({**_form(work, "", target), "is_ready": call.parameter("saved") == "1"}, "login.html")


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
    except CodeWanted as wanted:
        begun = _signer(call).dumps([wanted.user_id, wanted.changed_at.isoformat(), work.now.isoformat()])
        return Reply({"begun": begun, "next": target, "error": None}, "second_step.html")
    except (WrongPassword, TooManyAttempts) as error:
        return Reply(_form(work, name, target, error), "login.html", error.status)
    return _opened(call, secret, target)


def check_code(call: Call, work: UnitOfWork) -> Reply:
    """Check the code of somebody whose password was right, and set the cookie."""
    target, begun = local_path(call.form.get("next", "")), call.form.get("begun", "")
    wanted = _begun(call, begun, work.now)
    if wanted is None:
        return Reply(location=f"/login?next={quote(target)}")
    origin = Origin(call.address, call.headers.get("user-agent", ""))
    try:
        code, vault = call.form.get("code", ""), Vault(call.site.secret)
        require_code(work.database, wanted.user_id, code, address=call.address, vault=vault, now=work.now)
        secret = open_after_code(work.database, wanted, origin, work.now)
    except (WrongCode, TooManyAttempts) as error:
        return Reply({"begun": begun, "next": target, "error": error}, "second_step.html", error.status)
    except WrongPassword:
        return Reply(location=f"/login?next={quote(target)}")
    return _opened(call, secret, target)


def _opened(call: Call, secret: str, target: str) -> Reply:
    held = cookie(secret, int(LONGEST.total_seconds()), call.secure)
    return Reply(location=target, headers={"set-cookie": held})


def _signer(call: Call) -> URLSafeSerializer:
    return URLSafeSerializer(call.site.secret, salt="between password and code")


def _begun(call: Call, text: str, now: datetime) -> CodeWanted | None:
    """Return whose password was right a short while ago; None when nobody's was, or it is too long ago."""
    try:
        user_id, changed_at, at = _signer(call).loads(text)
    except BadData:
        return None
    age = now - datetime.fromisoformat(at)
    return (
        CodeWanted(user_id, datetime.fromisoformat(changed_at)) if timedelta(0) <= age < STEP_LASTS else None
    )


def _form(work: UnitOfWork, name: str, target: str, error: CrmError | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "next": target,
        "error": error,
        "is_first": not has_users(work.connection),
        "is_ready": False,
    }


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
