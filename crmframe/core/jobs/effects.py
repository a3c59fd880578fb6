"""Outward effects as rows: claimed in a transaction, tried outside of any, and ended in a state that is known.

A table of effects has ``id``, ``state`` (queued, sending, sent, failed, unknown), ``attempts``, ``run_at``,
``lease_until``, ``error`` and ``finished_at``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.core.jobs.running import JobRun
from crmframe.core.storage.dialect import in_set, lock_rows
from crmframe.core.work import UnitOfWork

LEASE = timedelta(minutes=2)
# A server that is down for a night is waited for; then somebody should look.
DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 480))
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects of one kind.

    Attributes:
        attempt: ``attempt(application, rows)`` returns a state and why: queued asks for another attempt later.
        together: The column whose equals are tried together, at most ``most``; empty tries each alone.
    """

    table: sa.Table
    attempt: Callable[[Any, Sequence[Any]], tuple[str, str]]
    together: str = ""
    most: int = 50

    def send(self, run: JobRun) -> dict[str, int]:
        """Try what is due, one after the other; returns how many ended in which state."""
        application: Any = run.application
        counts: dict[str, int] = {}
        while rows := self._claim(run, application):
            state, error = self.attempt(application, rows)
            with application.database.write() as connection:
                run.renew(connection)
                for row in rows:
                    ended = self._end(connection, row, state, error, application.clock())
                    counts[ended] = counts.get(ended, 0) + 1
        return counts

    def _claim(self, run: JobRun, application: Any) -> list[Any]:
        """Take the next; what an attempt before left in the middle is of unknown fate."""
        now, c = application.clock(), self.table.c
        with application.database.write() as connection:
            run.renew(connection)
            lost = sa.and_(c.state == "sending", c.lease_until < now)
            unknown = {
                "state": "unknown",
                "error": "The program stopped while it was sent.",
                "finished_at": now,
            }
            connection.execute(sa.update(self.table).where(lost).values(unknown))
            rows = self._due(connection, now)
            taken = {"state": "sending", "attempts": c.attempts + 1, "lease_until": now + LEASE}
            claimed = sa.update(self.table).where(in_set(c.id, "ids")).values(taken)
            if rows:
                connection.execute(claimed, {"ids": [row.id for row in rows]})
        return rows

    def _due(self, connection: sa.Connection, now: datetime) -> list[Any]:
        c = self.table.c
        due = sa.select(self.table).where(c.state == "queued", c.run_at <= now).order_by(c.run_at, c.id)
        rows = list(connection.execute(lock_rows(due.limit(1), to="change")))
        if rows and self.together:
            same = c[self.together] == getattr(rows[0], self.together)
            rows = list(connection.execute(lock_rows(due.where(same).limit(self.most), to="change")))
        return rows

    def _end(self, connection: sa.Connection, row: Any, state: str, error: str, now: datetime) -> str:
        if state == "queued" and row.attempts >= len(DELAYS):
            state = "failed"
        values: dict[str, Any] = {"state": state, "error": error, "lease_until": None}
        if state == "queued":
            values["run_at"] = now + DELAYS[row.attempts]
        else:
            values["finished_at"] = now
        connection.execute(sa.update(self.table).where(self.table.c.id == row.id).values(values))
        return state

    def is_due(self, work: UnitOfWork) -> bool:
        """Return whether there is something to try, or to call lost; forgets what was sent long ago."""
        c = self.table.c
        old = sa.and_(c.state == "sent", c.finished_at < work.now - KEPT)
        work.connection.execute(sa.delete(self.table).where(old))
        overdue = sa.or_(
            sa.and_(c.state == "queued", c.run_at <= work.now),
            sa.and_(c.state == "sending", c.lease_until < work.now),
        )
        return work.connection.scalar(sa.select(c.id).where(overdue).limit(1)) is not None

    def again(self, work: UnitOfWork, which: sa.ColumnElement[bool]) -> int:
        """Queue once more what failed or is of unknown fate; returns how many."""
        ended = self.table.c.state.in_(("failed", "unknown"))
        values: Mapping[str, Any] = {
            "state": "queued",
            "attempts": 0,
            "run_at": work.now,
            "error": "",
            "finished_at": None,
        }
        return int(work.connection.execute(sa.update(self.table).where(which, ended).values(values)).rowcount)
