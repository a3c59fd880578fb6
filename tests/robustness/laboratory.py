"""A database with a little of everything, opened by several processes, and the rules that it must obey afterwards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.contributions import Event, Subscription
from crmframe.core.journal.delivery import Delivery
from crmframe.core.journal.event_tables import event_retry
from crmframe.core.journal.events import Cursor, read_events
from crmframe.core.journal.tables import change
from crmframe.core.journal.write import runs_of
from crmframe.core.operation.check import run_checks
from crmframe.core.work import UnitOfWork
from crmframe.settings import AppSettings, PluginSettings

PLUGINS = ("loyalty", "sales")
CUSTOMERS = 6
DEALS = 6
TOLD = "test.told"
# What the subscribers were told; the same row twice is an error, so "exactly once" checks itself.
told = sa.Table(
    "told",
    sa.MetaData(),
    sa.Column("subscription", sa.String(40), primary_key=True),
    sa.Column("operation_id", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("ids", sa.String(2000), primary_key=True),
)


def subscriber(key: str, *events: str) -> Subscription:
    """Return a subscription that writes down what it is told."""

    def handle(work: UnitOfWork, heard: Sequence[Event]) -> None:
        rows = [
            {"subscription": key, "operation_id": e.operation_id, "name": e.name, "ids": text_of(e)}
            for e in heard
        ]
        work.connection.execute(sa.insert(told), rows)

    return Subscription(key, events, handle)


SUBSCRIPTIONS = (subscriber("test.everything", "*"), subscriber("test.deals", "sales.deal.*"))


def text_of(event: Event) -> str:
    """Return which records an event is about, as text: runs, for PostgreSQL takes no long keys."""
    return ",".join(f"{first}-{last}" for first, last in runs_of(event.ids))


def settings_of(url: str, folder: Path) -> AppSettings:
    """Return the settings under which every process opens the laboratory."""
    plugins = PluginSettings(enabled=PLUGINS, managed="file", on_failure="fail", import_seconds=0)
    return AppSettings(database=url, folder=folder, secret="a secret of tests", plugins=plugins)


def opened(url: str, folder: Path) -> Application:
    """Open the laboratory with its subscribers."""
    application = Application(settings_of(url, folder))
    application.__dict__["subscriptions"] = list(SUBSCRIPTIONS)
    return application


def build(url: str, folder: Path) -> None:
    """Fill an empty database: customers with a counter, deals, stages."""
    application = opened(url, folder)
    with application.database.write() as connection:
        told.create(connection)
    Delivery(application, None).run_once()
    with application.work() as work:
        customers = [{"name": f"Customer {n}", "employees": 0} for n in range(CUSTOMERS)]
        ids = records.create_many(work, "core.customer", customers)
        pipeline = records.create(work, "sales.pipeline", {"name": "Test"})["id"]
        for position in range(3):
            stage = {"name": f"S{position}", "pipeline_id": pipeline, "kind": "open", "position": position}
            records.create(work, "sales.stage", stage)
        deals = [{"title": f"Deal {n}", "customer_id": ids[n % len(ids)], "amount": 0} for n in range(DEALS)]
        records.create_many(work, "sales.deal", deals)
    application.close()


# --- what must hold afterwards -------------------------------------------------------------------------


def faults(application: Application, increments: int | None = None) -> list[str]:
    """Return everything that is wrong; *increments* is how many were acknowledged, None when nobody counted."""
    with application.work(write=False) as work:
        problems = [problem for answer in run_checks(work) for problem in answer.problems]
        # Who is behind is for delivery_faults to say: nobody here delivers to the plugins' own subscribers.
        found = [str(problem) for problem in problems if problem.code != "subscription_behind"]
        found += journal_faults(work)
        if increments is not None:
            found += counter_faults(work, increments)
    return found


def journal_faults(work: UnitOfWork) -> list[str]:
    """Return what is wrong with versions and before-values."""
    rows = work.rows(sa.select(change).order_by(change.c.id))
    versions = Counter((r.entity, i, r.version) for r in rows for i in range(r.record_id, r.last_id + 1))
    found = [f"version written {count} times: {key}" for key, count in versions.items() if count > 1]
    for entity_name in {row.entity for row in rows} & set(work.registry.entities):
        found += _chain_faults(work, entity_name, [row for row in rows if row.entity == entity_name])
    return found + _stage_faults(work)


def _chain_faults(work: UnitOfWork, entity_name: str, rows: Sequence[Any]) -> list[str]:
    """A change is journaled with what was there: a before-value equal to what followed was never there."""
    entity = work.registry.entity(entity_name)
    now = {row["id"]: dict(row) for row in work.connection.execute(sa.select(entity.table)).mappings()}
    after: dict[tuple[int, str], Any] = {}
    found = []
    for row in sorted(rows, key=lambda r: -r.version):
        for name, was in (row.before or {}).items() if row.kind in ("update", "archive", "unarchive") else ():
            field = entity.fields.get(name)
            if field is None:
                continue
            key = (row.record_id, name)
            current = now.get(row.record_id)
            following = after.get(key, None if current is None else field.kind.to_json(current[name]))
            if (key in after or current is not None) and following == was:
                found.append(
                    f"{entity_name} {row.record_id} version {row.version}: {name} was {was} before and after"
                )
            after[key] = was
        if row.kind == "delete":
            after |= {(row.record_id, name): value for name, value in (row.before or {}).items()}
    return found


def counter_faults(work: UnitOfWork, increments: int) -> list[str]:
    """Return lost updates: the counters went up by one each time, from 0 to what they are."""
    table = work.registry.entity("core.customer").table
    current = {row.id: row.employees for row in work.rows(sa.select(table)) if row.employees is not None}
    steps: dict[int, list[int]] = defaultdict(list)
    entries = sa.select(change).where(change.c.entity == "core.customer", change.c.kind == "update")
    for row in work.rows(entries.order_by(change.c.record_id, change.c.version)):
        if "employees" in row.before:
            steps[row.record_id].append(row.before["employees"])
    found = []
    if sum(current.values()) != increments:
        found.append(
            f"{increments} increments were acknowledged, the counters stand at {sum(current.values())}"
        )
    for record_id, value in current.items():
        if steps[record_id] != list(range(value)):
            found.append(f"counter {record_id} is at {value}, before-values were {steps[record_id]}")
    return found


def _stage_faults(work: UnitOfWork) -> list[str]:
    """Every move of a deal starts where the one before ended."""
    table = work.registry.entity("sales.stage_change").table
    deals = work.registry.entity("sales.deal").table
    moves: dict[int, list[Any]] = defaultdict(list)
    for row in work.rows(sa.select(table)):
        moves[row.deal_id].append((row.from_stage_id, row.to_stage_id))
    found = []
    for row in work.rows(sa.select(deals.c.id, deals.c.stage_id)):
        entered = Counter(to for _, to in moves[row.id])
        left = Counter(frm for frm, _ in moves[row.id])
        # A walk through stages enters each as often as it leaves it, but for its two ends.
        ends = (entered - left) + (left - entered)
        if moves[row.id] and sum(ends.values()) not in (0, 2):
            found.append(f"the moves of deal {row.id} do not join: {moves[row.id]}")
        if moves[row.id] and row.stage_id not in entered:
            found.append(f"deal {row.id} stands in a stage that it never entered")
    return found


def delivery_faults(application: Application) -> list[str]:
    """Deliver the rest, then return which events the subscribers missed; a repeated one stands in the retries."""
    Delivery(application, None).run_once()
    with application.database.read() as connection:
        failed = [f"a delivery failed: {row.error}" for row in connection.execute(sa.select(event_retry))]
        rows = connection.execute(sa.select(told)).all()
        start = connection.scalar(sa.text("SELECT min(commit_id) FROM core_change"))
        assert start is not None
        happened, cursor = [], Cursor()
        while True:
            events, following = read_events(connection, cursor, 500)
            happened += events
            if following == cursor:
                break
            cursor = following
    found = list(failed)
    for each in SUBSCRIPTIONS:
        wanted = {
            (e.operation_id, e.name, text_of(e))
            for e in happened
            if "*" in each.events or e.name.startswith("sales.deal.")
        }
        heard = {(row.operation_id, row.name, row.ids) for row in rows if row.subscription == each.key}
        found += [f"{each.key} was not told of {missed}" for missed in sorted(wanted - heard)]
        found += [f"{each.key} was told of {other}, which did not happen" for other in sorted(heard - wanted)]
    return found
