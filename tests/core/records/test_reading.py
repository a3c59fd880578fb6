"""Pages, orders, counts, and lists of the past."""

from __future__ import annotations

from datetime import date

import pytest

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import BadRequest, InvalidFilter
from crmframe.core.records import Query
from crmframe.testing.application import TestClock


@pytest.fixture
def customers(application: Application) -> list[int]:
    birthdays = [None, "1990-01-01", "1980-05-05", None, "1990-01-01", "1999-09-09"]
    names = ["张伟", "Émile", "echo", "Zeta", "Bao", "阿里"]
    with application.work() as work:
        rows = [
            {"name": n, "birthday": b, "employees": i}
            for i, (n, b) in enumerate(zip(names, birthdays, strict=True))
        ]
        return records.create_many(work, "core.customer", rows)


@pytest.mark.parametrize(
    "order", [("birthday",), ("-birthday",), ("name",), ("-name",), ("birthday", "-name"), ("-id",)]
)
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages_together_hold_every_row_once_in_order(
    application: Application, customers: list[int], order: tuple[str, ...], limit: int
) -> None:
    with application.work(write=False) as work:
        whole = records.select(work, "core.customer", Query(order=order, limit=100, columns=("id",)))
        joined, after = [], None
        while True:
            page = records.select(
                work, "core.customer", Query(order=order, limit=limit, columns=("id",), after=after)
            )
            joined += page.rows
            after = page.next
            if after is None:
                break

    assert sorted(i for (i,) in joined) == sorted(customers)
    assert joined == list(whole.rows)


def test_names_sort_by_pinyin_and_without_accents(application: Application, customers: list[int]) -> None:
    with application.work(write=False) as work:
        page = records.select(work, "core.customer", Query(order=("name",), columns=("name",)))

    assert [name for (name,) in page.rows] == ["阿里", "Bao", "echo", "Émile", "Zeta", "张伟"]


def test_foreign_cursor_is_refused(application: Application, customers: list[int]) -> None:
    for cursor in ("garbage", "WzBd", "W2ZhbHNlLCJ4Il0", "W2ZhbHNlLDEsInkiXQ"):
        with pytest.raises(BadRequest), application.work(write=False) as work:
            records.select(work, "core.customer", Query(order=("name",), after=cursor))


def test_unknown_order_names_the_allowed_ones(application: Application) -> None:
    with pytest.raises(InvalidFilter) as caught, application.work(write=False) as work:
        records.select(work, "core.customer", Query(order=("notes",)))

    assert "name" in caught.value.data["allowed"]
    assert "notes" not in caught.value.data["allowed"].split(", ")


def test_count_stops_at_its_cap(application: Application, customers: list[int]) -> None:
    with application.work(write=False) as work:
        assert records.count(work, "core.customer", Query(), cap=4) == records.Count(4, True)
        assert records.count(work, "core.customer", Query()) == records.Count(6, False)


def test_a_past_list_is_the_list_of_then(
    application: Application, clock: TestClock, customers: list[int]
) -> None:
    def listed(moment: object = None) -> list[tuple[object, ...]]:
        with application.work(write=False) as work:
            query = Query(
                order=("name",), columns=("id", "name", "city", "birthday", "version"), as_of=moment
            )
            return list(records.select(work, "core.customer", query).rows)

    then, snapshot = clock.advance(hours=1), listed()
    clock.advance(hours=1)
    with application.work() as work:
        records.update(
            work, "core.customer", customers[0], {"name": "Xu", "city": "Wuhan", "birthday": date(2000, 1, 1)}
        )
        records.delete(work, "core.customer", customers[1])
        records.create(work, "core.customer", {"name": "New"})
    later, changed = clock.advance(hours=1), listed()
    with application.work() as work:
        records.restore(work, "core.customer", customers[1])

    assert listed(then) == snapshot
    assert listed(later) == changed
    assert changed != snapshot


def test_a_past_record_is_the_record_of_then(
    application: Application, clock: TestClock, customers: list[int]
) -> None:
    with application.work(write=False) as work:
        snapshot = records.get(work, "core.customer", customers[0])
    then = clock.advance(hours=1)
    clock.advance(hours=1)
    with application.work() as work:
        records.update(work, "core.customer", customers[0], {"name": "Changed"})
        records.delete(work, "core.customer", customers[0])

    with application.work(write=False) as work:
        past = records.as_of(work, "core.customer", customers[0], then)
        assert past is not None
        stamps = ("version", "updated_at", "updated_by")
        assert {k: v for k, v in past.items() if k not in stamps} == {
            k: v for k, v in snapshot.items() if k not in stamps
        }
        assert records.as_of(work, "core.customer", customers[0], clock()) is None
        assert records.as_of(work, "core.customer", customers[0], clock._now.replace(year=2020)) is None


def test_history_tells_who_changed_what_and_why(application: Application, customers: list[int]) -> None:
    with application.work(reason="typo") as work:
        records.update(work, "core.customer", customers[2], {"name": "Echo"})

    with application.work(write=False) as work:
        newest, oldest = records.history(work, "core.customer", customers[2])
        [step] = newest.changes
        assert (step.field.name, step.was, step.now) == ("name", "echo", "Echo")
        assert (newest.reason, newest.actor_name, oldest.kind) == ("typo", "system:system", "create")
