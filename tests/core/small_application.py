"""The least application that events and jobs run on: the real unit of work and journal, without any plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crmframe.core.access.actor import system_actor
from crmframe.core.entities.registry import Registry
from crmframe.core.entities.schema import Schema
from crmframe.core.jobs import tables as job_tables
from crmframe.core.journal import event_tables, tables
from crmframe.core.journal.write import Origin
from crmframe.core.storage.engine import Database
from crmframe.core.storage.metadata import METADATA
from crmframe.core.work import Surroundings, UnitOfWork, WorkspaceSettings

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TABLES = [
    *(tables.operation, tables.commit, tables.change, tables.event, tables.epoch),
    *(event_tables.subscription, event_tables.event_retry, job_tables.job, job_tables.schedule),
]
# What handlers and jobs leave behind; the same row twice is an error, so "exactly once" checks itself.
mark = sa.Table("mark", sa.MetaData(), sa.Column("text", sa.String(200), primary_key=True))


class Crash(BaseException):
    """The process dies."""


class SmallApplication:
    def __init__(
        self, url: str, subscriptions: Sequence[Any] = (), jobs: Sequence[Any] = (), zone: str = "UTC"
    ) -> None:
        self.database = Database(url)
        self.subscriptions = list(subscriptions)
        self.jobs = {job.name: job for job in jobs}
        self.settings = WorkspaceSettings(zone=ZoneInfo(zone))
        self.now = START
        self.before_work: Callable[[], None] = lambda: None
        self.before_commit: Callable[[], None] = lambda: None

    def clock(self) -> datetime:
        return self.now

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    @contextmanager
    def work(
        self, actor=None, *, door="api", write=True, cause="", cause_id=None, operation=None
    ) -> Iterator[UnitOfWork]:
        self.before_work()
        who = actor or system_actor("test")
        origin = Origin(
            who.id,
            who.name,
            door,
            cause=cause,
            cause_id=cause_id,
            operation_id=operation,
            finish=operation is None,
        )
        with self.database.write() if write else self.database.read() as connection:
            lent = Surroundings(self.database, Schema(Registry()), None, self.settings)
            work = UnitOfWork(lent, connection, actor=who, origin=origin, now=self.now)
            yield work
            if write:
                work.finish()
                self.before_commit()

    def close(self) -> None:
        self.database.close()


class Applications:
    """Opens applications on one database, as several processes would."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opened: list[SmallApplication] = []

    def open(
        self, subscriptions: Sequence[Any] = (), jobs: Sequence[Any] = (), zone: str = "UTC"
    ) -> SmallApplication:
        self.opened.append(SmallApplication(self.url, subscriptions, jobs, zone))
        return self.opened[-1]

    def close(self) -> None:
        for application in self.opened:
            application.close()


def build(url: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    METADATA.create_all(engine, tables=TABLES)
    mark.create(engine)
    engine.dispose()


def make_mark(work: UnitOfWork, text: Any) -> None:
    work.connection.execute(sa.insert(mark).values(text=str(text)))


def marks(application: SmallApplication) -> list[str]:
    with application.database.read() as connection:
        return sorted(connection.scalars(sa.select(mark.c.text)))


def rows(application: SmallApplication, table: sa.Table) -> list[Any]:
    with application.database.read() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)))
