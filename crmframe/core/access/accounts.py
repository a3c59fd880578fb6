"""Signing in, and passwords.

Hashing takes 0.2 seconds on purpose. ``sign_in`` and ``change_password`` therefore take the database and do it
between two short transactions: inside one it would hold up every other writer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access import models, throttle
from crmframe.core.access.links import AccountLink, end_links, purge_links, use_link
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
from crmframe.core.access.tables import credential, recovery_code, second_factor, session
from crmframe.core.access.tokens import actor_from_token
from crmframe.core.errors import InvalidInput, NotFound, NotSignedIn, PermissionDenied, Problem
from crmframe.core.storage.engine import Database

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

__all__ = [
    "CodeWanted",
    "Origin",
    "PasswordChange",
    "WrongPassword",
    "actor_from_session",
    "actor_from_token",
    "change_password",
    "choose_password",
    "find_session",
    "has_second_factor",
    "has_users",
    "open_after_code",
    "purge",
    "remove_second_factor",
    "reset_second_factor",
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


class CodeWanted(Exception):
    """The password is right, and the user has a second factor: no session is opened yet.

    Attributes:
        changed_at: When the password was last changed; what was begun with an older one does not go on.
    """

    def __init__(self, user_id: int, changed_at: datetime) -> None:
        self.user_id, self.changed_at = user_id, changed_at
        super().__init__(user_id)


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
        CodeWanted: The second factor is asked for next.
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
        if account.has_second_factor is None:
            return open_session(connection, account.id, origin, now)
    raise CodeWanted(account.id, account.changed_at)


def open_after_code(database: Database, wanted: CodeWanted, origin: Origin, now: datetime) -> str:
    """Open a session for somebody whose password and code were right, and return its secret.

    Raises:
        WrongPassword: User or password changed since the password was given.
    """
    with database.write() as connection:
        account = connection.execute(ACCOUNT.where(_user.c.id == wanted.user_id)).one_or_none()
        if account is None or not account.is_active or account.changed_at != wanted.changed_at:
            raise WrongPassword
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
        end_links(connection, change.user_id)
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
    end_links(work.connection, user_id)
    _end_sessions(work.connection, user_id, keep="")


def choose_password(work: UnitOfWork, found: AccountLink, password_hash: str) -> None:
    """Spend a link and store the password that was chosen on its page; ends all sessions of the user.

    Args:
        password_hash: Made before, outside of the transaction.

    Raises:
        LinkEnded: The link was used meanwhile.
    """
    use_link(work.connection, found, work.now)
    _store(work.connection, found.user_id, password_hash, work.now, must_change=False)
    _end_sessions(work.connection, found.user_id, keep="")


def has_second_factor(connection: sa.Connection, user_id: int) -> bool:
    """Return whether signing in asks the user for a code."""
    mine = sa.select(second_factor.c.confirmed_at).where(second_factor.c.user_id == user_id)
    return connection.scalar(mine) is not None


def remove_second_factor(connection: sa.Connection, user_id: int) -> None:
    """Switch the second factor off; the recovery codes go, too."""
    for table in (second_factor, recovery_code):
        connection.execute(sa.delete(table).where(table.c.user_id == user_id))
    bump_epoch(connection)


def reset_second_factor(work: UnitOfWork, record: Mapping[str, Any], given: Any) -> None:
    """Run the action of that name: for whoever lost phone and recovery codes. The journal has it, without secrets.

    Raises:
        PermissionDenied: Only an administrator resets that of an administrator.
    """
    if record["is_admin"] and not work.actor.is_admin:
        raise PermissionDenied(permission="core.user.reset_second_factor")
    remove_second_factor(work.connection, record["id"])


def purge(connection: sa.Connection, now: datetime) -> None:
    """Delete ended sessions and links, and attempts that no longer count; for a scheduled job."""
    purge_sessions(connection, now)
    purge_links(connection, now)
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
    credential.c.changed_at,
    credential.c.must_change,
    second_factor.c.confirmed_at.label("has_second_factor"),
).select_from(
    _user.outerjoin(credential, credential.c.user_id == _user.c.id).outerjoin(
        second_factor, second_factor.c.user_id == _user.c.id
    )
)
BY_LOGIN = ACCOUNT.where(
    sa.or_(_user.c.login == sa.bindparam("login"), sa.func.lower(_user.c.login) == sa.bindparam("folded"))
)
