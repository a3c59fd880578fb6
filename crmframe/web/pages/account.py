"""A user's own account: where they are signed in, and the tokens that programs use in their name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmframe.core.access.sessions import end_session, hash_of, list_sessions, sign_out_everywhere
from crmframe.core.access.tables import session as session_table
from crmframe.core.access.tokens import Token, create_token, list_tokens, revoke_token
from crmframe.core.errors import InvalidInput
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

ACCOUNT = "/account"
DAYS = ("30", "90", "365")
# Browsers by what their own name holds; the first that fits counts, for most of them also name others.
BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def show_account(call: Call, work: UnitOfWork) -> Reply:
    """Show the reader's sessions and tokens."""
    return Reply(_account(view_of(call, work)), "account.html")


def _account(view: View, *, secret: str = "", problems: Iterable[str] = ()) -> dict[str, Any]:
    work = view.work
    user_id = work.actor.id or 0
    here = _own_session(view)
    return {
        "view": view,
        "sessions": [
            {
                "id": each.id,
                "browser": _browser(each.agent) or view.say("An unknown browser"),
                "address": each.address,
                "since": view.formats.instant(each.created_at),
                "seen": view.formats.ago(each.seen_at, view.say),
                "here": each.id == here,
            }
            for each in list_sessions(work, user_id)
        ],
        "tokens": [_token(view, each) for each in list_tokens(work, user_id)],
        "days": DAYS,
        "given": view.call.form,
        "secret": secret,
        "problems": list(problems),
    }


def _own_session(view: View) -> int | None:
    table = session_table
    statement = table.select().where(table.c.secret_hash == hash_of(view.call.session))
    row = view.work.connection.execute(statement).first()
    return row.id if row else None


def _browser(agent: str) -> str:
    return next((name for part, name in BROWSERS if part in agent), "")


def _token(view: View, token: Token) -> dict[str, Any]:
    instant = view.formats.instant
    return {
        "id": token.id,
        "name": token.name,
        "scopes": ", ".join(token.scopes) if token.scopes is not None else view.say("everything you may"),
        "created": instant(token.created_at),
        "expires": instant(token.expires_at) if token.expires_at else "",
        "used": view.formats.ago(token.last_used_at, view.say) if token.last_used_at else "",
        "ended": token.revoked_at is not None or _has_passed(token.expires_at, view.work.now),
    }


def _has_passed(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def add_token(call: Call, work: UnitOfWork) -> Reply:
    """Make a token and show its secret, this once."""
    view = view_of(call, work)
    scopes = call.form.get("scopes", "").replace(",", " ").split()
    days = call.form.get("days", "")
    expires_at = work.now + timedelta(days=int(days)) if days in DAYS else None
    name = call.form.get("name", "")
    try:
        with call.site.application.work(work.actor, door="web") as writing:
            user_id = writing.actor.id or 0
            _, secret = create_token(writing, user_id, name, scopes=scopes or None, expires_at=expires_at)
    except InvalidInput as error:
        problems = map(view.message, error.problems)
        return Reply(_account(view, problems=problems), "account.html", error.status)
    return Reply(_shown_once(call, work, secret), "account.html")


def _shown_once(call: Call, work: UnitOfWork, secret: str) -> dict[str, Any]:
    # The snapshot of this request does not hold the new token yet.
    work.connection.rollback()
    return _account(view_of(call, work), secret=secret)


def end_token(call: Call, work: UnitOfWork) -> Reply:
    """Revoke a token."""
    revoke_token(work, work.actor.id or 0, call.path["id"])
    return Reply(location=ACCOUNT)


def end_one(call: Call, work: UnitOfWork) -> Reply:
    """End one session."""
    end_session(work, work.actor.id or 0, call.path["id"])
    return Reply(location=ACCOUNT)


def end_others(call: Call, work: UnitOfWork) -> Reply:
    """End every session but this one."""
    sign_out_everywhere(work, work.actor.id or 0, keep=call.session)
    return Reply(location=ACCOUNT)
