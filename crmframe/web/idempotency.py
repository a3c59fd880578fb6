"""Idempotency keys: the same request sent twice has one effect and one answer.

The answer is stored in the transaction of the change itself: both are there or neither is. A second request that comes
while the first is under way waits for it, on SQLite for the writer's turn, on PostgreSQL for the row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.journal.tables import idempotency
from crmframe.core.storage.types import Instant
from crmframe.web.errors import KeyReused, Unreadable
from crmframe.web.respond import Call, Reply, encoded

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

KEPT = timedelta(hours=24)
LONGEST_KEY = 200
REPLAYED = "idempotency-replayed"

# Text, because this clause means the same on both databases and SQLAlchemy has it per dialect only.
CLAIM = sa.text(
    "INSERT INTO core_idempotency (key, actor_id, request_hash, status, headers, body, at)"
    " VALUES (:key, :actor_id, :request_hash, 0, '{}', '', :at) ON CONFLICT DO NOTHING"
).bindparams(sa.bindparam("at", type_=Instant()))


def once(call: Call, work: UnitOfWork, handler: Callable[[Call, UnitOfWork], Reply]) -> Reply:
    """Run *handler*, or return the answer that it gave to the same request before.

    Raises:
        KeyReused: The key came with another request before.
    """
    place = {"key": _checked_key(call.headers["idempotency-key"]), "actor_id": work.actor.id or 0}
    _forget(work.connection, place, work.now - KEPT)
    claim = {**place, "request_hash": call.body_hash, "at": work.now}
    if not work.connection.execute(CLAIM, claim).rowcount:
        return _replayed(call, work, place)
    reply = handler(call, work)
    body = b"" if reply.data is None else encoded(reply.data)
    headers = {**reply.headers, **({"location": reply.location} if reply.location else {})}
    stored = {"status": reply.status, "headers": headers, "body": body.decode()}
    work.connection.execute(sa.update(idempotency).where(_at(place)).values(stored))
    return Reply(body or None, status=reply.status, headers=headers)


def purge(connection: sa.Connection, now: datetime) -> None:
    """Delete the answers that are kept no longer."""
    connection.execute(sa.delete(idempotency).where(idempotency.c.at < now - KEPT))


def _replayed(call: Call, work: UnitOfWork, place: dict[str, Any]) -> Reply:
    row = work.connection.execute(sa.select(idempotency).where(_at(place))).one()
    if row.request_hash != call.body_hash:
        raise KeyReused(key=row.key)
    return Reply(row.body.encode() or None, status=row.status, headers={**row.headers, REPLAYED: "true"})


def _forget(connection: sa.Connection, place: dict[str, Any], before: datetime) -> None:
    connection.execute(sa.delete(idempotency).where(_at(place), idempotency.c.at < before))


def _at(place: dict[str, Any]) -> sa.ColumnElement[bool]:
    return sa.and_(idempotency.c.key == place["key"], idempotency.c.actor_id == place["actor_id"])


def _checked_key(key: str) -> str:
    if not key.isascii() or not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
        raise Unreadable("An Idempotency-Key must have 1 to {most} printable characters.", most=LONGEST_KEY)
    return key
