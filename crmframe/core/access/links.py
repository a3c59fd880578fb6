"""Links that lead to an account: an invitation, or the way back when the password is forgotten.

A link is a random secret of which the hash is kept. It counts once, until it expires, and a newer one for the same
user takes its place. Looking at its page changes nothing: mail programs look at links before people do.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from crmframe.core.access import models
from crmframe.core.access.sessions import SECRET_BYTES, hash_of
from crmframe.core.access.tables import link
from crmframe.core.errors import CrmError

Kind = Literal["invite", "reset"]
LASTS: dict[str, timedelta] = {"invite": timedelta(days=7), "reset": timedelta(hours=1)}
_user: Any = models.User.__table__


class LinkEnded(CrmError):
    """The link was used, has expired, was replaced by a newer one, or never was: one answer for all."""

    code = "link_ended"
    status = 410
    template = "This link no longer works: it was used, it has expired, or a newer one was made. Ask for another one."


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A link that works, and whose account it opens."""

    id: int
    kind: str
    user_id: int
    login: str
    name: str
    expires_at: datetime


def make_link(
    connection: sa.Connection, kind: Kind, user_id: int, now: datetime, *, ends_others: bool = True
) -> str:
    """Make a link and return its secret, which is shown or sent this once.

    Args:
        ends_others: Whether older links of the user stop working now; they do when one of them is used.
    """
    if ends_others:
        end_links(connection, user_id)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    values = {
        "kind": kind,
        "secret_hash": hash_of(secret),
        "user_id": user_id,
        "created_at": now,
        "expires_at": now + LASTS[kind],
    }
    connection.execute(sa.insert(link).values(values))
    return secret


def has_recent_link(connection: sa.Connection, user_id: int, since: datetime) -> bool:
    """Return whether a link of the user was made after *since*."""
    mine = sa.and_(link.c.user_id == user_id, link.c.created_at > since)
    return connection.scalar(sa.select(link.c.id).where(mine).limit(1)) is not None


def find_link(connection: sa.Connection, secret: str, now: datetime) -> AccountLink:
    """Return the link that *secret* opens.

    Raises:
        LinkEnded: None does any more, or its user is gone or switched off.
    """
    row = connection.execute(WORKING, {"secret": hash_of(secret), "now": now}).one_or_none()
    if row is None:
        raise LinkEnded
    return AccountLink(*row)


def use_link(connection: sa.Connection, found: AccountLink, now: datetime) -> None:
    """Spend a link, and end the others of its user.

    Raises:
        LinkEnded: Somebody else was faster.
    """
    mine = sa.and_(link.c.id == found.id, link.c.used_at.is_(None))
    if connection.execute(sa.update(link).where(mine).values(used_at=now)).rowcount != 1:
        raise LinkEnded
    end_links(connection, found.user_id)


def end_links(connection: sa.Connection, user_id: int) -> None:
    """End every link of a user."""
    connection.execute(sa.delete(link).where(link.c.user_id == user_id))


def purge_links(connection: sa.Connection, now: datetime) -> None:
    """Delete what has expired."""
    connection.execute(sa.delete(link).where(link.c.expires_at <= now))


WORKING = (
    sa.select(link.c.id, link.c.kind, link.c.user_id, _user.c.login, _user.c.name, link.c.expires_at)
    .join(_user, _user.c.id == link.c.user_id)
    .where(
        link.c.secret_hash == sa.bindparam("secret"),
        link.c.used_at.is_(None),
        link.c.expires_at > sa.bindparam("now", type_=link.c.expires_at.type),
        _user.c.is_active,
    )
)
