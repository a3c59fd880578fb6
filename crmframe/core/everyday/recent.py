"""What somebody looked at last: gathered in memory, written down in batches, so that reading a page writes nothing."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import sqlalchemy as sa

from crmframe.core.everyday.tables import recent
from crmframe.core.storage.dialect import in_set

KEPT = 20
LONGEST, MOST = timedelta(seconds=30), 200


class Recent:
    """The looks of one process that are not written down yet; a crash loses half a minute of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._looks: dict[tuple[int, str], datetime] = {}
        self._since: datetime | None = None

    def note(self, user_id: int, about: str, now: datetime) -> None:
        """Note that a user looks at a record."""
        with self._lock:
            self._looks[user_id, about] = now
            self._since = self._since or now

    def is_due(self, now: datetime) -> bool:
        """Return whether it is time to write down what was gathered."""
        since = self._since
        return since is not None and (now - since >= LONGEST or len(self._looks) >= MOST)

    def flush(self, connection: sa.Connection) -> None:
        """Write down what was gathered, and forget what each user looked at before the last twenty."""
        with self._lock:
            looks, self._looks, self._since = self._looks, {}, None
        by_user: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
        for (user_id, about), at in looks.items():
            by_user[user_id].append((about, at))
        for user_id, found in sorted(by_user.items()):
            _write(connection, user_id, found)

    def of(self, connection: sa.Connection, user_id: int) -> list[str]:
        """Return the records that a user looked at last, the latest first."""
        rows = connection.execute(_LAST, {"user_id": user_id})
        found: dict[str, datetime] = {row.about: row.at for row in rows}
        with self._lock:
            found |= {about: at for (user, about), at in self._looks.items() if user == user_id}
        return sorted(found, key=found.__getitem__, reverse=True)[:KEPT]


def _write(connection: sa.Connection, user_id: int, found: list[tuple[str, datetime]]) -> None:
    mine = recent.c.user_id == sa.bindparam("user")
    names = {"user": user_id, "abouts": [about for about, _ in found]}
    connection.execute(sa.delete(recent).where(mine, in_set(recent.c.about, "abouts")), names)
    rows: list[dict[str, Any]] = [{"user_id": user_id, "about": about, "at": at} for about, at in found]
    connection.execute(sa.insert(recent), rows)
    kept = [row.at for row in connection.execute(_LAST, {"user_id": user_id})]
    if len(kept) == KEPT:
        older = recent.c.at < sa.bindparam("oldest", type_=recent.c.at.type)
        connection.execute(sa.delete(recent).where(mine, older), {"user": user_id, "oldest": kept[-1]})


_LAST = (
    sa.select(recent.c.about, recent.c.at)
    .where(recent.c.user_id == sa.bindparam("user_id"))
    .order_by(recent.c.at.desc())
    .limit(KEPT)
)
