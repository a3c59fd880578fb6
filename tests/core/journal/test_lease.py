"""The lease of a subscription: one process delivers, whoever dies or sleeps is overtaken."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from crmframe.core.journal import delivery as delivering
from crmframe.core.journal.event_tables import event_retry, subscription
from crmframe.core.journal.lease import LeaseLost
from crmframe.core.journal.subscriptions import claim, places
from tests.core.journal.subscribing import NOTE, create, delivery, open_registered
from tests.core.small_application import Crash, marks, rows


def test_lease_is_taken_over_once_it_has_run_out(applications) -> None:
    first, second = open_registered(applications, NOTE), applications.open([NOTE])
    with first.database.write() as connection:
        assert claim(connection, NOTE.key, "first", first.now) is not None
    create(first, 1)

    assert delivery(second).run_once() == 0
    second.pass_time(seconds=61)
    assert delivery(second).run_once() == 1
    assert marks(first) == ["core.customer:1"]


def test_closed_delivery_gives_its_lease_back(applications) -> None:
    first, second = open_registered(applications, NOTE), applications.open([NOTE])
    create(first, 1)
    served = delivery(first)
    served.run_once()
    create(first, 2)

    assert delivery(second).run_once() == 0
    served.close()
    assert delivery(second).run_once() == 1


def test_zombie_that_was_overtaken_commits_nothing(applications) -> None:
    zombie, successor = open_registered(applications, NOTE), applications.open([NOTE])
    create(zombie, 1)
    successor.pass_time(seconds=61)

    def fall_asleep() -> None:
        zombie.before_work = lambda: None
        assert delivery(successor).run_once() == 1

    zombie.before_work = fall_asleep
    delivery(zombie).run_once()

    assert marks(zombie) == ["core.customer:1"]
    assert rows(zombie, event_retry) == []
    with zombie.database.read() as connection:
        assert NOTE.key not in places(connection, "anybody", zombie.now)


def test_crash_between_handler_and_commit_repeats_and_loses_nothing(applications) -> None:
    def crash() -> None:
        raise Crash

    application, successor = open_registered(applications, NOTE), applications.open([NOTE])
    create(application, 1)
    create(application, 2)
    application.before_commit = crash
    with pytest.raises(Crash):
        delivery(application).run_once()
    successor.pass_time(seconds=61)

    assert marks(application) == []
    assert delivery(successor).run_once() == 2
    assert marks(application) == ["core.customer:1", "core.customer:2"]


def test_two_processes_and_many_writers_deliver_everything_once(applications) -> None:
    """A repeated event would break the unique mark, be retried, and stay in the retry table."""
    opened = [open_registered(applications, NOTE), applications.open([NOTE])]
    done = threading.Event()

    def write(number: int) -> None:
        for position in range(15):
            create(opened[number % 2], number * 100 + position)

    def deliver(application) -> None:
        deliverer = delivery(application)
        while not done.is_set():
            deliverer.run_once()
            time.sleep(0.005)
            deliverer.close()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    readers = [threading.Thread(target=deliver, args=(application,)) for application in opened]
    for thread in writers + readers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    delivery(opened[0]).run_once()

    expected = sorted(f"core.customer:{n * 100 + p}" for n in range(4) for p in range(15))
    assert marks(opened[0]) == expected
    assert rows(opened[0], event_retry) == []


def test_two_processes_register_the_same_subscription(applications) -> None:
    opened = [applications.open([NOTE]), applications.open([NOTE])]
    threads = [threading.Thread(target=delivery(application).run_once) for application in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [row.key for row in rows(opened[0], subscription)] == [NOTE.key]


def test_moving_without_the_lease_is_refused(applications) -> None:
    application = open_registered(applications, NOTE)
    with application.database.read() as connection:
        place = places(connection, "me", application.now)[NOTE.key].cursor
    step = delivering.Step(NOTE.key, "me", place, place)

    with application.database.write() as connection, pytest.raises(LeaseLost):
        step.take(connection, application.now)


def test_step_is_taken_only_from_where_the_subscription_is(applications) -> None:
    application = open_registered(applications, NOTE)
    with application.database.write() as connection:
        place = claim(connection, NOTE.key, "me", application.now).cursor
        step = delivering.Step(NOTE.key, "me", place, replace(place, commit_id=place.commit_id + 1))
        step.take(connection, application.now)

        with pytest.raises(LeaseLost):
            step.take(connection, application.now)
