"""Events as they are read from the journal."""

from __future__ import annotations

import random
import threading
import time

import pytest

from crmframe.core.journal.events import (
    MOST_CHANGES,
    Cursor,
    end_of_stream,
    is_wanted,
    read_batches,
    read_events,
)
from crmframe.core.journal.runs import IdRuns


def read_all(application, names=("*",), limit=100):
    cursor, found = Cursor(), []
    with application.database.read() as connection:
        while True:
            events, following = read_events(connection, cursor, limit, names)
            found += events
            if following == cursor:
                return found
            cursor = following


def create(application, *ids, entity="core.customer"):
    with application.work() as work:
        work.journal.created(entity, ids)


def follow(application, found: list[int], done: threading.Event) -> None:
    cursor = Cursor()
    while True:
        was_done = done.is_set()
        with application.database.read() as connection:
            events, following = read_events(connection, cursor, 7)
        found += [event.ids[0] for event in events]
        if was_done and following == cursor:
            return
        cursor = following


def test_one_event_per_commit_entity_and_kind(applications) -> None:
    application = applications.open()
    with application.work() as work:
        work.journal.changed("sales.deal", "update", 7, 2, {"amount": "5.00"})
        work.journal.changed("core.customer", "update", 1, 2, {"name": "A"})
        work.journal.changed("sales.deal", "update", 9, 4, {"amount": None, "title": "T"})
        work.journal.changed("sales.deal", "archive", 9, 5, {"archived_at": None})
        operation = work.journal

    first, second, third = read_all(application)

    assert (first.name, first.entity, first.ids) == ("sales.deal.updated", "sales.deal", (7, 9))
    assert first.fields == {"amount", "title"}
    assert first.before == {7: {"amount": "5.00"}, 9: {"amount": None, "title": "T"}}
    assert (first.operation_id, first.actor_id, first.at) == (operation.operation_id, None, application.now)
    assert (second.name, third.name) == ("core.customer.updated", "sales.deal.archived")


@pytest.mark.parametrize(
    ("kind", "name"),
    [("delete", "deleted"), ("restore", "restored"), ("unarchive", "unarchived")],
)
def test_every_kind_of_change_has_its_name(applications, kind, name) -> None:
    application = applications.open()
    with application.work() as work:
        work.journal.changed("core.customer", kind, 7, 2, {"name": "A"})

    (event,) = read_all(application)

    assert (event.name, event.ids, event.before) == (f"core.customer.{name}", [7], {7: {"name": "A"}})


def test_load_of_many_records_is_one_event_with_a_range(applications) -> None:
    application = applications.open()
    create(application, *range(1, 40_001), 50_000)

    (event,) = read_all(application)

    assert (len(event.ids), event.ids[0], event.ids[39_999], event.ids[-1]) == (40_001, 1, 40_000, 50_000)
    assert 50_000 in event.ids
    assert 45_000 not in event.ids
    assert repr(event.ids) == "IdRuns(1..40000, 50000)"
    assert (event.before, event.fields) == ({}, frozenset())


def test_record_changed_twice_in_a_commit_is_one_id_with_the_oldest_values(applications) -> None:
    application = applications.open()
    with application.work() as work:
        work.journal.changed("sales.deal", "update", 7, 2, {"amount": "1.00"})
        work.journal.changed("sales.deal", "update", 7, 3, {"amount": "2.00", "title": "T"})

    (event,) = read_all(application)

    assert (event.ids, event.before) == ([7], {7: {"amount": "1.00", "title": "T"}})


def test_published_and_action_events_follow_the_derived_ones(applications) -> None:
    application = applications.open()
    with application.work() as work:
        work.publish("sales.target_reached", {"month": "2026-03"}, version=2)
        work.journal.publish("sales.deal.win", "sales.deal", [7], {"amount": "5.00"}, 1)
        work.journal.changed("sales.deal", "update", 7, 2, {"stage_id": 1})

    names = [(event.name, list(event.ids), dict(event.payload)) for event in read_all(application)]

    assert names == [
        ("sales.deal.updated", [7], {}),
        ("sales.target_reached", [], {"month": "2026-03"}),
        ("sales.deal.win", [7], {"amount": "5.00"}),
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("sales.deal.*",), {"sales.deal.created", "sales.deal.win"}),
        (("sales.*",), {"sales.deal.created", "sales.deal.win", "sales.closed"}),
        (("sales.deal.win", "core.customer.created"), {"sales.deal.win", "core.customer.created"}),
        (("sales.deal",), set()),
        (("*",), {"sales.deal.created", "sales.deal.win", "sales.closed", "core.customer.created"}),
    ],
)
def test_only_wanted_events_are_read(applications, names, expected) -> None:
    application = applications.open()
    with application.work() as work:
        work.journal.created("sales.deal", [1])
        work.journal.created("core.customer", [1])
        work.journal.publish("sales.deal.win", "sales.deal", [1], {}, 1)
        work.publish("sales.closed", {})

    assert {event.name for event in read_all(application, names)} == expected


def test_pattern_ends_at_a_dot() -> None:
    assert not is_wanted(["sales.deal.*"], "sales.deal_line.created")


def test_large_commits_are_read_a_few_at_a_time(applications) -> None:
    application = applications.open()
    for number in range(3):
        with application.work() as work:
            for record in range(MOST_CHANGES // 2 + 1):
                work.journal.changed("core.customer", "update", record, 2 + number, {"name": "A"})

    with application.database.read() as connection:
        first = read_batches(connection, Cursor(), 100)
        nothing_to_hold = read_batches(connection, Cursor(), 100, ["sales.deal.*"])

    assert (len(first), len(nothing_to_hold)) == (1, 3)
    assert len(read_all(application)) == 3


def test_cursor_reads_as_text_and_back() -> None:
    cursor = Cursor(1, 740, 12)

    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "1", "1-2", "1-2-x", "-1-2-3", "1-2-3-4", "1-2-٣", f"1-2-{'9' * 30}"])
def test_what_is_no_cursor_is_refused(text) -> None:
    with pytest.raises(ValueError, match="is no cursor"):
        Cursor.parse(text)


def test_reader_waits_for_a_transaction_that_began_before(copied_database_url) -> None:
    """PostgreSQL only: SQLite's writers commit in the order of their ids."""
    from tests.core.small_application import SmallApplication, build

    application = SmallApplication(copied_database_url("events and jobs", "postgres", build))
    with application.work() as slow:
        slow.journal.created("core.customer", [1])
        slow.finish()
        create(application, 2)

        assert read_all(application) == []

    assert [event.ids[0] for event in read_all(application)] == [1, 2]
    application.close()


def test_new_epoch_comes_after_the_old_whatever_the_transaction_ids(applications) -> None:
    from crmframe.core.journal.tables import commit, epoch

    application = applications.open()
    create(application, 1)
    with application.database.write() as connection:
        connection.execute(commit.update().values(txid=2**62))
        connection.execute(epoch.insert().values(id=2, value=1))
    create(application, 2)
    with application.database.write() as connection:
        connection.execute(commit.update().where(commit.c.id == 2).values(epoch=1))

    assert [event.ids[0] for event in read_all(application)] == [1, 2]
    with application.database.read() as connection:
        assert (end_of_stream(connection).epoch, end_of_stream(connection).commit_id) == (1, 2)


def test_no_event_is_missed_or_repeated_while_many_write(applications) -> None:
    writers, each = 4, 20
    opened = [applications.open(), applications.open()]
    done = threading.Event()

    def write(number: int) -> None:
        chance = random.Random(number)
        for position in range(each):
            with opened[number % 2].work() as work:
                work.journal.created("core.customer", [number * 1000 + position])
                work.finish()
                time.sleep(chance.random() * 0.004)

    found: list[list[int]] = [[], []]
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    readers = [
        threading.Thread(target=follow, args=(application, mine, done))
        for application, mine in zip(opened, found, strict=True)
    ]
    for thread in threads + readers:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()

    expected = {number * 1000 + position for number in range(writers) for position in range(each)}
    assert found[0] == found[1]
    assert len(found[0]) == writers * each
    assert set(found[0]) == expected


def test_runs_behave_as_a_sequence() -> None:
    runs = IdRuns([(1, 3), (7, 7), (9, 10)])

    assert (list(runs), len(runs), runs[3], runs[-1], runs[1:4]) == ([1, 2, 3, 7, 9, 10], 6, 7, 10, [2, 3, 7])
    assert runs == (1, 2, 3, 7, 9, 10)
    assert runs != [1]
    assert runs != 1
    assert hash(runs) == hash(IdRuns([(1, 3), (7, 7), (9, 10)]))
    with pytest.raises(IndexError, match="There are 6 ids, none at 6"):
        runs[6]
