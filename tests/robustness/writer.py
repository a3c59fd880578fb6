"""One of several processes that write at once: eight threads, and one that delivers events.

python -m tests.robustness.writer URL FOLDER SEED ROUNDS [KIND ...]
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import Conflict, CrmError, InvalidInput, NotFound, Stale
from crmframe.core.journal.delivery import Delivery
from tests.robustness.laboratory import opened

THREADS = 8
CODES = tuple("ABCDEFGHIJ")
# What may rightly be refused when others write the same: a value taken, a record that is gone.
REFUSALS = frozenset({"taken", "unknown_reference", "cycle"})


class Writer:
    """One thread's work."""

    def __init__(self, application: Application, seed: int) -> None:
        self.application = application
        self.random = random.Random(seed)
        self.seed = seed
        self.counts: Counter[str] = Counter()
        self.unexpected: list[str] = []
        self.own_operations: list[int] = []

    def run(self, rounds: int, kinds: list[str]) -> None:
        """Do so many things, chosen at random."""
        for number in range(rounds):
            kind = self.random.choice(kinds)
            try:
                getattr(self, kind)(number)
                self.counts[kind] += 1
            except InvalidInput as error:
                self.refused(kind, {problem.code for problem in error.problems} <= REFUSALS, error)
            except CrmError as error:
                self.refused(
                    kind, isinstance(error, Conflict | NotFound) and error.code != "contended", error
                )
            except Exception as error:  # noqa: BLE001 - the test wants to see each of them
                self.refused(kind, False, error)

    def refused(self, kind: str, expected: bool, error: Exception) -> None:
        """Count an error that had to be expected, keep any other."""
        self.counts[f"{kind}:{getattr(error, 'code', type(error).__name__)}"] += 1
        if not expected:
            self.unexpected.append(f"{kind}: {told_by(error)}")

    def ids(self, entity: str) -> list[int]:
        """Return what there is."""
        table = self.application.registry.entity(entity).table
        with self.application.database.read() as connection:
            return list(connection.scalars(sa.select(table.c.id).order_by(table.c.id)))

    def counters(self) -> list[int]:
        """Return the customers that count."""
        table = self.application.registry.entity("core.customer").table
        with self.application.database.read() as connection:
            return list(connection.scalars(sa.select(table.c.id).where(table.c.employees.is_not(None))))

    def until_fresh(self, attempt: Callable[[], None]) -> None:
        """Try again as long as somebody else was faster."""
        for _ in range(500):
            try:
                return attempt()
            except Stale:
                self.counts["stale"] += 1
        raise AssertionError("stale 500 times in a row")

    # --- kinds ---

    def increment(self, _number: int) -> None:
        """Add one to a counter, by version."""
        record_id = self.random.choice(self.counters())

        def attempt() -> None:
            with self.application.work(write=False) as work:
                seen = records.get(work, "core.customer", record_id)
            with self.application.work() as work:
                values = {"employees": seen["employees"] + 1}
                records.update(work, "core.customer", record_id, values, version=seen["version"])

        self.until_fresh(attempt)
        self.counts["increments"] += 1

    def increment_many(self, _number: int) -> None:
        """Add one to several counters at once, in no order, by version."""
        chosen = self.random.sample(self.counters(), 3)

        def attempt() -> None:
            with self.application.work(write=False) as work:
                seen = {i: records.get(work, "core.customer", i) for i in chosen}
            with self.application.work() as work:
                changes = {i: {"employees": row["employees"] + 1} for i, row in seen.items()}
                versions = {i: row["version"] for i, row in seen.items()}
                records.update_many(work, "core.customer", changes, versions=versions)

        self.until_fresh(attempt)
        self.counts["increments"] += len(chosen)

    def increment_locked(self, _number: int) -> None:
        """Read and add one in the same unit of work, by the version that was read there."""
        record_id = self.random.choice(self.counters())

        def attempt() -> None:
            with self.application.work() as work:
                seen = records.get(work, "core.customer", record_id)
                values = {"employees": seen["employees"] + 1}
                records.update(work, "core.customer", record_id, values, version=seen["version"])

        self.until_fresh(attempt)
        self.counts["increments"] += 1

    def touch(self, number: int) -> None:
        """Change text without a version: the last one wins, the journal knows all."""
        with self.application.work() as work:
            changes = {i: {"city": f"{self.seed}/{number}"} for i in self.random.sample(self.counters(), 2)}
            records.update_many(work, "core.customer", changes)

    def tier(self, _number: int) -> None:
        """Change a sidecar."""
        with self.application.work() as work:
            values = {"loyalty.tier": self.random.choice(("silver", "gold", None))}
            records.update(work, "core.customer", self.random.choice(self.counters()), values)
        if work.operation_id is not None:
            self.own_operations.append(work.operation_id)

    def move(self, _number: int) -> None:
        """Run an action."""
        stage, deal = self.random.choice(self.ids("sales.stage")), self.random.choice(self.ids("sales.deal"))
        with self.application.work() as work:
            records.run(work, "sales.deal", deal, "move", {"stage_id": stage})

    def create_deal(self, number: int) -> None:
        """Create a record that refers to a contended one."""
        with self.application.work() as work:
            values = {
                "title": f"Deal of {self.seed}/{number}",
                "customer_id": self.random.choice(self.counters()),
            }
            records.create(work, "sales.deal", values)

    def give_deal(self, number: int) -> None:
        """Change references of several records."""
        customer, deals = self.random.choice(self.counters()), self.random.sample(self.ids("sales.deal"), 3)
        with self.application.work() as work:
            records.update_many(
                work, "sales.deal", {i: {"customer_id": customer, "amount": number} for i in deals}
            )

    def speak(self, number: int) -> None:
        """Write activities, which moves a maintained field of a contended record."""
        with self.application.work() as work:
            at = f"2026-01-{1 + number % 28:02}T08:00:00Z"
            chosen = self.random.sample(self.counters(), 2)
            rows = [{"about": f"core.customer:{i}", "text": "spoke", "at": at} for i in chosen]
            records.create_many(work, "core.activity", rows)
        self.own_operations.append(work.operation_id or 0)

    def unspeak(self, _number: int) -> None:
        """Delete activities."""
        ids = self.ids("core.activity")
        chosen = self.random.sample(ids, min(2, len(ids)))
        with self.application.work() as work:
            records.delete_many(work, "core.activity", chosen)

    def claim_code(self, number: int) -> None:
        """Create or change a record with a unique value that others want, too."""
        code = self.random.choice(CODES)
        with self.application.work() as work:
            if self.random.random() < 0.5:
                records.create(work, "core.customer", {"name": f"Coded {self.seed}/{number}", "code": code})
            else:
                records.update(work, "core.customer", self.random.choice(self.counters()), {"code": code})

    def drop_coded(self, _number: int) -> None:
        """Delete a customer with all that hangs on it."""
        record_id = self.random.choice(self.loose())
        with self.application.work() as work:
            records.delete(work, "core.customer", record_id)

    def about_loose(self, number: int) -> None:
        """Refer to a record that may be deleted at this moment, with and without a foreign key."""
        customer = self.random.choice(self.loose())
        with self.application.work() as work:
            about = {"about": f"core.customer:{customer}", "text": "t", "at": "2026-01-05T08:00:00Z"}
            records.create(work, "core.activity", about)
            records.create(work, "core.contact", {"name": f"Contact {number}", "customer_id": customer})

    def rename_loose(self, number: int) -> None:
        """Change records that may be deleted at this moment."""
        record_id = self.random.choice(self.loose())
        with self.application.work() as work:
            records.update(work, "core.customer", record_id, {"name": f"Renamed {number}"})

    def adopt(self, _number: int) -> None:
        """Hang one customer below another, while others do it the other way round."""
        child, parent = self.random.sample(self.counters(), 2)
        with self.application.work() as work:
            records.update(work, "core.customer", child, {"parent_id": parent})

    def take_back(self, _number: int) -> None:
        """Undo something of this thread."""
        if self.own_operations:
            operation = self.own_operations.pop(self.random.randrange(len(self.own_operations)))
            with self.application.work() as work:
                records.undo(work, operation)

    def loose(self) -> list[int]:
        """Return the customers that do not count, making one when there is none."""
        found = sorted(set(self.ids("core.customer")) - set(self.counters()))
        if found:
            return found
        with self.application.work() as work:
            return [records.create(work, "core.customer", {"name": "Loose"})["id"]]


NO_KINDS = frozenset({"run", "refused", "ids", "counters", "until_fresh", "loose"})
KINDS = [name for name in vars(Writer) if not name.startswith("_") and name not in NO_KINDS]


def told_by(error: Exception) -> str:
    """Return a traceback of bearable length, and what the database said."""
    said = str(error.__cause__)[:2000] if error.__cause__ else ""
    return "".join(traceback.format_exception(error, chain=False))[-3000:] + said


def deliver(application: Application, stopping: threading.Event, unexpected: list[str]) -> None:
    """Deliver events until told to stop."""
    delivery = Delivery(application, None, stopping)
    while not stopping.is_set():
        try:
            delivery.run_once()
        except Exception as error:  # noqa: BLE001 - the test wants to see each of them
            unexpected.append(f"delivery: {told_by(error)}")
        time.sleep(0.02)
    delivery.close()


def main(url: str, folder: str, seed: int, rounds: int, kinds: list[str]) -> dict[str, Any]:
    """Write with all threads, then say what happened."""
    application = opened(url, Path(folder))
    writers = [Writer(application, seed * 100 + n) for n in range(THREADS)]
    unexpected: list[str] = []
    stopping = threading.Event()
    sys.stdin.readline()  # all processes start together
    with ThreadPoolExecutor(THREADS + 1) as pool:
        delivering = pool.submit(deliver, application, stopping, unexpected)
        writing = [pool.submit(writer.run, rounds, kinds or KINDS) for writer in writers]
        try:
            for each in writing:
                each.result()
        finally:
            stopping.set()
        delivering.result()
    application.close()
    counts = sum((w.counts for w in writers), Counter())
    return {"counts": counts, "unexpected": unexpected + [e for w in writers for e in w.unexpected]}


if __name__ == "__main__":
    address, place, number, times, *chosen = sys.argv[1:]
    print(json.dumps(main(address, place, int(number), int(times), chosen)))
