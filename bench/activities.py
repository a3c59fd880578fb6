"""Activities: the timeline of one busy record, and what is to be done, among as many as a company ever wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from bench.base import SELLERS, Base
from bench.figures import Figure, duration, seconds_of
from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.activities import timeline
from crmframe.core.activities.agenda import agenda
from crmframe.core.activities.report import my_customers, my_day
from crmframe.core.work import UnitOfWork

BUSY = 50_000
CHUNK = 10_000
SHOWN = 31
KINDS = ("call", "meeting", "message", "note", "visit")


def activities(base: Base) -> Iterator[Figure]:
    """Write as many activities as there are customers, 50,000 of them about one, and read what pages read."""
    busy = min(BUSY, base.customers // 2)
    _fill(base, busy)
    about = f"core.customer:{_own_customer(base)}"
    middle = timeline.Place(base.application.clock() - timedelta(minutes=busy // 2), 3, 1)
    for name, read, bound in (
        ("activity timeline, first page", lambda work: timeline.entries(work, about, SHOWN), 0.010),
        (
            "activity timeline, a page in the middle",
            lambda w: timeline.entries(w, about, SHOWN, middle),
            0.010,
        ),
        ("task list, mine and open by date", _open_tasks, 0.010),
        ("tasks due today, for the first page", lambda work: my_day(work, 6), 0.010),
        ("customers that wait, for the first page", lambda work: my_customers(work, 30), 0.050),
        ("agenda of a week", _week, 0.020),
    ):
        yield duration(f"{name}, p50", _median(base, read), bound)


def _own_customer(base: Base) -> int:
    return 1  # of the first seller, whose token the base gives


def _fill(base: Base, busy: int) -> None:
    application, total = base.application, base.customers
    with application.work(door="import") as work:
        now = work.now
    for first in range(0, total, CHUNK):
        with application.work(door="import") as work:
            rows = [
                {
                    "about": f"core.customer:{1 if n < busy else n + 1}",
                    "kind": KINDS[n % 5],
                    "text": f"Talked about line {n}",
                    "at": now - timedelta(minutes=n % busy + 1),
                    "by_id": base.seller_id + n % SELLERS,
                }
                for n in range(first, min(first + CHUNK, total))
            ]
            records.create_many(work, "core.activity", rows)
            tasks = [
                {
                    "title": f"Call {n}",
                    "about": f"core.customer:{n // SELLERS * SELLERS + 1}",
                    "due_at": now + timedelta(minutes=n % 50_000 - 10_000),
                    "done_at": now if n % 10 else None,
                    "assignee_id": base.seller_id + n % SELLERS,
                }
                for n in range(first, min(first + CHUNK // 5, total))
            ]
            records.create_many(work, "core.task", tasks)
    application.database.checkpoint()


def _open_tasks(work: UnitOfWork) -> None:
    mine = records.parse_filter(
        work, "core.task", [("assignee_id", str(work.actor.id)), ("done_at__empty", "true")]
    )
    records.select(work, "core.task", records.Query(where=mine, order=("due_at",), limit=50))


def _week(work: UnitOfWork) -> None:
    agenda(work, work.actor.id, work.now, work.now + timedelta(days=7))


def _median(base: Base, read: Callable[[UnitOfWork], object]) -> float:
    with base.application.database.read() as connection:
        seller = actor_of_user(connection, base.seller_id)

    def run() -> None:
        with base.application.work(seller, door="web", write=False) as work:
            read(work)

    for _ in range(3):
        run()
    return sorted(seconds_of(run) for _ in range(21))[10]
