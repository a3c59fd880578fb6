"""Signing in, and passwords.

Hashing takes 0.2 seconds on purpose. ``sign_in`` and ``change_password`` therefore take the database and do it
between two short transactions: inside one it would hold up every other writer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access import models, throttle
from crmframe.core.access.loading import bump_epoch
from crmframe.core.access.passwords import Hasher, require_good_password
from crmframe.core.access.sessions import (
    Origin,
    actor_from_session,
    find_session,
    hash_of,
    open_session,
    purge_sessions,
    sign_out,
    sign_out_everywhere,
    touch_session,
)
from crmframe.core.access.tables import credential, session
from crmframe.core.access.tokens import actor_from_token
from crmframe.core.errors import InvalidInput, NotFound, NotSignedIn, PermissionDenied, Problem
from crmframe.core.storage.engine import Database

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

__all__ = [
    "Origin",
    "PasswordChange",
    "WrongPassword",
    "actor_from_session",
    "actor_from_token",
    "change_password",
    "find_session",
    "has_users",
    "purge",
    "set_password",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "touch_session",
]

_user: Any = models.User.__table__


def has_users(connection: sa.Connection) -> bool:
    """Return whether there is anybody who could sign in."""
    return connection.scalar(sa.select(_user.c.id).limit(1)) is not None


class WrongPassword(NotSignedIn):
    """The name and the password do not belong together, or the user is switched off: one answer for all."""

    code = "wrong_password"
    template = "Name or password is wrong."


def sign_in(
    database: Database,
    login: str,
    password: str,
    *,
    origin: Origin,
    now: datetime,
    hasher: Hasher,
) -> str:
    """Open a session and return its secret, for the cookie.

    An unknown name, a switched-off user and a wrong password get the same answer after the same work.

    Raises:
        WrongPassword: See above.
        TooManyAttempts: Too early after failures; says how many seconds to wait.
    """
    login = login.strip().replace("\x00", "").encode("utf-8", "replace").decode()
    attempt = throttle.attempt_of(login, origin.address)
    with database.write() as connection:
        attempt_id = throttle.begin_attempt(connection, attempt, now)
        account = _find_account(connection, login)
    password_hash: Any = account.password_hash if account else None
    if not hasher.matches(password_hash, password) or not account.is_active:
        raise WrongPassword
    renewed = hasher.hash(password) if hasher.is_outdated(password_hash) else password_hash
    with database.write() as connection:
        _require_unchanged(connection, account)
        throttle.attempt_succeeded(connection, attempt, attempt_id)
        if renewed != password_hash:
            mine = credential.c.user_id == account.id
            connection.execute(sa.update(credential).where(mine).values(password_hash=renewed))
        return open_session(connection, account.id, origin, now)


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """A user's own wish: the present password and the new one."""

    user_id: int
    current: str
    new: str


def change_password(
    database: Database, change: PasswordChange, *, now: datetime, keep: str, hasher: Hasher
) -> None:
    """Change a user's own password; ends the other sessions.

    Args:
        keep: The secret of the session that goes on.

    Raises:
        InvalidInput: The present password is wrong, or the new one is not good enough.
    """
    with database.read() as connection:
        account = connection.execute(ACCOUNT.where(_user.c.id == change.user_id)).one_or_none()
    if account is None or not hasher.matches(account.password_hash, change.current):
        raise InvalidInput([Problem("current", "wrong_password", "This is not your present password.")])
    require_good_password(change.new, account.login, account.name)
    password_hash = hasher.hash(change.new)
    with database.write() as connection:
        _store(connection, change.user_id, password_hash, now, must_change=False)
        _end_sessions(connection, change.user_id, keep)


def set_password(
    work: UnitOfWork,
    user_id: int,
    password: str,
    *,
    hasher: Hasher,
    must_change: bool = False,
) -> None:
    """Give a user a password, as an administrator or the command line does; ends all sessions of the user.

    Args:
        must_change: The user has to choose another one after signing in.

    Raises:
        NotFound: There is no such user.
        PermissionDenied: The actor is neither an administrator nor the system.
        InvalidInput: The password is not good enough.
    """
    if not work.actor.is_admin:
        raise PermissionDenied(permission="core.user.set_password")
    account = work.connection.execute(ACCOUNT.where(_user.c.id == user_id)).one_or_none()
    if account is None:
        raise NotFound(entity="user", id=user_id)
    require_good_password(password, account.login, account.name)
    _store(work.connection, user_id, hasher.hash(password), work.now, must_change=must_change)
    _end_sessions(work.connection, user_id, keep="")


def purge(connection: sa.Connection, now: datetime) -> None:
    """Delete ended sessions and attempts that no longer count; for a scheduled job."""
    purge_sessions(connection, now)
    throttle.purge_attempts(connection, now)


def _find_account(connection: sa.Connection, login: str) -> Any:
    """Return the account with this login name, whatever its case, unless two differ only by case."""
    rows = connection.execute(BY_LOGIN, {"login": login, "folded": login.lower()}).all()
    exact = [row for row in rows if row.login == login]
    return exact[0] if exact else (rows[0] if len(rows) == 1 else None)


def _store(
    connection: sa.Connection, user_id: int, password_hash: str, now: datetime, *, must_change: bool
) -> None:
    values = {"password_hash": password_hash, "changed_at": now, "must_change": must_change}
    stored = connection.execute(sa.update(credential).where(credential.c.user_id == user_id).values(values))
    if not stored.rowcount:
        connection.execute(sa.insert(credential).values(user_id=user_id, **values))
    bump_epoch(connection)


def _require_unchanged(connection: sa.Connection, account: Any) -> None:
    """Refuse when password or user changed while the hash was checked: the new password ended all sessions."""
    found = connection.execute(ACCOUNT.where(_user.c.id == account.id)).one_or_none()
    if found is None or not found.is_active or found.password_hash != account.password_hash:
        raise WrongPassword


def _end_sessions(connection: sa.Connection, user_id: int, keep: str) -> None:
    others = sa.and_(session.c.user_id == user_id, session.c.secret_hash != hash_of(keep))
    connection.execute(sa.delete(session).where(others))


ACCOUNT = sa.select(
    _user.c.id,
    _user.c.login,
    _user.c.name,
    _user.c.is_active,
    credential.c.password_hash,
    credential.c.must_change,
).select_from(_user.outerjoin(credential, credential.c.user_id == _user.c.id))
BY_LOGIN = ACCOUNT.where(
    sa.or_(_user.c.login == sa.bindparam("login"), sa.func.lower(_user.c.login) == sa.bindparam("folded"))
)
