"""API tokens: a secret shown once, of which the hash is kept; never more than its user may, often less."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access.actor import Actor
from crmframe.core.access.loading import EPOCH, ActorCache, actor_of_user
from crmframe.core.access.sessions import hash_of
from crmframe.core.access.tables import token
from crmframe.core.errors import InvalidInput, NotFound, PermissionDenied, Problem

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

PREFIX = "crm_"
SECRET_LENGTH = 40
ALPHABET = string.ascii_letters + string.digits
USED_EVERY = timedelta(minutes=5)
NAME_LENGTH = 120
PERMISSION_TO_MAKE = "core.token.create"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it; ``scopes`` None narrows nothing, ``expires_at`` None never ends."""

    id: int
    user_id: int
    name: str
    scopes: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token that is alive, as a request meets it; ``is_due`` asks for ``touch_token``."""

    id: int
    user_id: int
    scopes: tuple[str, ...] | None
    epoch: int
    is_due: bool


def create_token(
    work: UnitOfWork,
    user_id: int,
    name: str,
    *,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[int, str]:
    """Make a token for a user; return its id and the secret, which is shown this once.

    Args:
        scopes: Patterns of permissions: ``sales.deal.read``, ``sales.*``, ``*.read``.

    Raises:
        PermissionDenied: Neither the user nor an administrator asks; or a narrowed token does.
    """
    _require_own(work, user_id)
    _require_valid(work, name, scopes, expires_at)
    secret = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
    values = {
        "secret_hash": hash_of(secret),
        "user_id": user_id,
        "name": name.strip(),
        "scopes": None if scopes is None else sorted(set(scopes)),
        "created_at": work.now,
        "expires_at": expires_at,
    }
    inserted: Any = work.connection.execute(sa.insert(token).values(values)).inserted_primary_key
    return int(inserted[0]), secret


def revoke_token(work: UnitOfWork, user_id: int, token_id: int) -> None:
    """End a token at once; doing it twice is no error.

    Raises:
        NotFound: The user has no such token.
    """
    _require_own(work, user_id)
    mine = sa.and_(token.c.id == token_id, token.c.user_id == user_id)
    revoked_at = sa.func.coalesce(
        token.c.revoked_at, sa.bindparam("now", work.now, type_=token.c.revoked_at.type)
    )
    if not work.connection.execute(sa.update(token).where(mine).values(revoked_at=revoked_at)).rowcount:
        raise NotFound(entity="token", id=token_id)


def list_tokens(work: UnitOfWork, user_id: int) -> Sequence[Token]:
    """Return a user's tokens, revoked ones too, the newest first."""
    _require_own(work, user_id)
    rows = work.connection.execute(
        sa.select(token).where(token.c.user_id == user_id).order_by(token.c.id.desc())
    )
    return [_token(row) for row in rows]


def find_token(connection: sa.Connection, secret: str, now: datetime) -> FoundToken | None:
    """Return the token that *secret* is; None when there is none, or it is revoked or expired."""
    if not secret.startswith(PREFIX):
        return None
    row = connection.execute(BY_SECRET, {"secret": hash_of(secret)}).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and now >= row.expires_at):
        return None
    is_due = row.last_used_at is None or now - row.last_used_at >= USED_EVERY
    return FoundToken(row.id, row.user_id, _scopes(row), int(row.epoch or 0), is_due)


def actor_from_token(
    connection: sa.Connection, secret: str, now: datetime, *, cache: ActorCache | None = None
) -> Actor | None:
    """Return the token's user, narrowed to its scopes; None when the token or the user no longer counts."""
    found = find_token(connection, secret, now)
    if found is None:
        return None
    if cache is None:
        actor = actor_of_user(connection, found.user_id)
    else:
        actor = cache.actor(connection, found.user_id, found.epoch)
    return actor.narrowed(found.scopes) if actor else None


def touch_token(connection: sa.Connection, token_id: int, now: datetime) -> None:
    """Write down that the token is in use; does nothing within five minutes of the last time."""
    due = sa.or_(token.c.last_used_at.is_(None), token.c.last_used_at <= now - USED_EVERY)
    connection.execute(sa.update(token).where(token.c.id == token_id, due).values(last_used_at=now))


def _require_own(work: UnitOfWork, user_id: int) -> None:
    actor = work.actor
    # A stolen narrow token must not be able to make itself a wide one.
    if actor.scopes is not None and "*" not in actor.scopes:
        raise PermissionDenied(permission=PERMISSION_TO_MAKE)
    if actor.id != user_id and not actor.is_admin:
        raise PermissionDenied(permission=PERMISSION_TO_MAKE)


def _require_valid(
    work: UnitOfWork, name: str, scopes: Sequence[str] | None, expires_at: datetime | None
) -> None:
    problems = []
    if not name.strip():
        problems.append(Problem("name", "required", "Give the token a name, so that you know it again."))
    if len(name) > NAME_LENGTH or "\x00" in name:
        problems.append(
            Problem("name", "too_long", "Use at most {maximum} characters.", {"maximum": NAME_LENGTH})
        )
    if scopes is not None and not scopes:
        problems.append(
            Problem(
                "scopes",
                "required",
                "Name at least one permission, such as {example}.",
                {"example": "*.read"},
            )
        )
    if expires_at is not None and expires_at <= work.now:
        problems.append(Problem("expires_at", "past", "This moment has passed. Choose a later one."))
    if problems:
        raise InvalidInput(problems)


def _scopes(row: Any) -> tuple[str, ...] | None:
    return None if row.scopes is None else tuple(row.scopes)


def _token(row: Any) -> Token:
    return Token(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        scopes=_scopes(row),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


BY_SECRET = sa.select(token, EPOCH.label("epoch")).where(token.c.secret_hash == sa.bindparam("secret"))
