"""Sessions: rows in the database, known to the browser by a random secret of which we keep the hash.

A session ends after 3 hours without a request, after 12 hours in any case, with its user, and with the password.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access.actor import Actor
from crmframe.core.access.loading import EPOCH, ActorCache, actor_of_user
from crmframe.core.access.tables import session
from crmframe.core.errors import NotFound

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

IDLE = timedelta(hours=3)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)
SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a session was opened: network address and the browser's own name, both as given."""

    address: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is alive.

    Attributes:
        epoch: The settings epoch at which it was read.
        is_due: Whether ``touch_session`` is wanted: five minutes have passed since it was last written.
        beside: What the statement that found it asked for in one more column, called ``beside``.
    """

    id: int
    user_id: int
    epoch: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    is_due: bool
    beside: Any = None


def open_session(connection: sa.Connection, user_id: int, origin: Origin, now: datetime) -> str:
    """Open a session and return its secret, which is shown this once."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    values = {
        "secret_hash": hash_of(secret),
        "user_id": user_id,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + LONGEST,
        "address": _clean(origin.address, 64),
        "agent": _clean(origin.agent, 255),
    }
    connection.execute(sa.insert(session).values(values))
    return secret


def find_session(
    connection: sa.Connection, secret: str, now: datetime, statement: sa.Select[Any] | None = None
) -> Session | None:
    """Return the session that *secret* opens; None when there is none or it has ended.

    Args:
        statement: ``BY_SECRET`` with one more column, which saves a statement per page.
    """
    asked = BY_SECRET if statement is None else statement
    row = connection.execute(asked, {"secret": hash_of(secret)}).one_or_none()
    if row is None or now >= row.expires_at or now - row.seen_at >= IDLE:
        return None
    return _session(row, now)


def actor_from_session(
    connection: sa.Connection, secret: str, now: datetime, *, cache: ActorCache | None = None
) -> Actor | None:
    """Return whose session it is; None when it has ended or the user is switched off.

    Args:
        cache: With it, a request costs one statement instead of three.
    """
    found = find_session(connection, secret, now)
    if found is None:
        return None
    if cache is not None:
        return cache.actor(connection, found.user_id, found.epoch)
    return actor_of_user(connection, found.user_id)


def touch_session(connection: sa.Connection, secret: str, now: datetime) -> None:
    """Write down that the session is in use; does nothing within five minutes of the last time."""
    due = session.c.seen_at <= now - SEEN_EVERY
    connection.execute(
        sa.update(session).where(session.c.secret_hash == hash_of(secret), due).values(seen_at=now)
    )


def sign_out(work: UnitOfWork, secret: str) -> None:
    """End the session that *secret* opens."""
    work.connection.execute(sa.delete(session).where(session.c.secret_hash == hash_of(secret)))


def sign_out_everywhere(work: UnitOfWork, user_id: int, *, keep: str = "") -> int:
    """End all sessions of a user but the one that the secret *keep* opens; return how many."""
    mine = sa.and_(session.c.user_id == user_id, session.c.secret_hash != hash_of(keep))
    return work.connection.execute(sa.delete(session).where(mine)).rowcount


def list_sessions(work: UnitOfWork, user_id: int) -> Sequence[Session]:
    """Return a user's living sessions, the one used last first."""
    rows = work.connection.execute(OF_USER, {"user_id": user_id}).all()
    return [
        _session(row, work.now) for row in rows if work.now < row.expires_at and work.now - row.seen_at < IDLE
    ]


def end_session(work: UnitOfWork, user_id: int, session_id: int) -> None:
    """End one session of a user.

    Raises:
        NotFound: The user has no such session.
    """
    mine = sa.and_(session.c.user_id == user_id, session.c.id == session_id)
    if not work.connection.execute(sa.delete(session).where(mine)).rowcount:
        raise NotFound(entity="session", id=session_id)


def purge_sessions(connection: sa.Connection, now: datetime) -> None:
    """Delete the sessions that have ended."""
    ended = sa.or_(session.c.expires_at <= now, session.c.seen_at <= now - IDLE)
    connection.execute(sa.delete(session).where(ended))


def hash_of(secret: str) -> str:
    """Return what is stored of a secret; it is random, so a plain hash keeps it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _session(row: Any, now: datetime) -> Session:
    return Session(
        id=row.id,
        user_id=row.user_id,
        epoch=int(row.epoch or 0),
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        address=row.address,
        agent=row.agent,
        is_due=now - row.seen_at >= SEEN_EVERY,
        beside=getattr(row, "beside", None),
    )


def _clean(text: str, length: int) -> str:
    """Return text of a stranger as the column takes it: PostgreSQL refuses NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:length]


COLUMNS = sa.select(session, EPOCH.label("epoch"))
BY_SECRET = COLUMNS.where(session.c.secret_hash == sa.bindparam("secret"))
OF_USER = COLUMNS.where(session.c.user_id == sa.bindparam("user_id")).order_by(
    session.c.seen_at.desc(), session.c.id.desc()
)
