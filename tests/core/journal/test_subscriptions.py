"""Subscriptions: who is told what, how often, and what happens when a handler or a process fails."""

from __future__ import annotations

import pytest

from crmframe.core.contributions import Subscription
from crmframe.core.errors import NotFound, Unavailable
from crmframe.core.journal import delivery as delivering
from crmframe.core.journal import retries
from crmframe.core.journal.event_tables import event_retry, subscription
from crmframe.core.journal.subscriptions import LONGEST_CHAIN, register, standings
from crmframe.core.journal.tables import operation
from tests.core.journal.subscribing import NOTE, create, delivery, mark_ids, open_registered
from tests.core.small_application import Crash, make_mark, marks, rows


def test_subscriber_is_told_once_and_only_what_it_asked_for(applications) -> None:
    application = open_registered(applications, NOTE)
    create(application, 1, 2)
    create(application, 9, entity="sales.deal")
    create(application, 3)

    assert delivery(application).run_once() == 2
    assert delivery(application).run_once() == 0
    assert marks(application) == ["core.customer:1", "core.customer:2", "core.customer:3"]


def test_commits_of_one_operation_come_in_one_batch(applications) -> None:
    batches = []
    application = open_registered(
        applications, Subscription("a.count", ("*",), lambda work, events: batches.append(len(events)))
    )
    with application.work() as work:
        work.journal.created("core.customer", [1])
        work.finish()
        first = work.operation_id
    for number in (2, 3):
        with application.work(operation=first) as work:
            work.journal.created("core.customer", [number])
    create(application, 4)

    delivery(application).run_once()

    assert batches == [3, 1]


def test_what_a_handler_writes_names_its_cause(applications) -> None:
    def add_activity(work, events) -> None:
        work.journal.created("core.activity", [events[0].operation_id])

    application = open_registered(
        applications, Subscription("sales.follow", ("core.customer.*",), add_activity)
    )
    create(application, 1)

    delivery(application).run_once()

    first, second = rows(application, operation)
    assert (second.door, second.cause, second.cause_id) == ("event", "sales.follow", first.id)
    assert second.actor_name == "system:event"


def test_new_subscription_starts_at_the_end_of_the_stream(applications) -> None:
    application = applications.open([NOTE])
    create(application, 1)
    delivery(application).run_once()
    create(application, 2)

    delivery(application).run_once()

    assert marks(application) == ["core.customer:2"]


def test_parked_subscription_goes_on_where_it_was(applications) -> None:
    application = open_registered(applications, NOTE)
    create(application, 1)
    delivery(application).run_once()
    without_plugin = applications.open([])
    delivery(without_plugin).run_once()
    create(application, 2)

    assert [row.parked for row in rows(application, subscription)] == [True]
    assert delivery(applications.open([NOTE])).run_once() == 1
    assert marks(application) == ["core.customer:1", "core.customer:2"]


def test_delivery_of_a_subscription_that_was_parked_meanwhile_is_not_kept(applications) -> None:
    application = open_registered(applications, NOTE)
    create(application, 1)

    def park() -> None:
        application.before_work = lambda: None
        with application.database.write() as connection:
            register(connection, [])

    application.before_work = park
    delivery(application).run_once()

    assert marks(application) == []


def test_failing_handler_is_set_aside_and_silences_nobody(applications) -> None:
    def fail_on_two(work, events) -> None:
        make_mark(work, f"tried {list(events[0].ids)}")
        if 2 in events[0].ids:
            raise SystemExit("no 2, please")

    application = open_registered(applications, Subscription("a.bad", ("*",), fail_on_two), NOTE)
    for number in (1, 2, 3):
        create(application, number)

    delivery(application).run_once()

    assert [text for text in marks(application) if text.startswith("tried")] == ["tried [1]", "tried [3]"]
    assert len(marks(application)) == 5
    (retry,) = rows(application, event_retry)
    assert (retry.subscription, retry.attempts, retry.state) == ("a.bad", 1, "retry")
    assert "SystemExit: no 2, please" in retry.error
    with application.database.read() as connection:
        bad, note = standings(connection)
    assert (bad.key, bad.behind, bad.waiting, bad.dead, bad.parked) == ("a.bad", 0, 1, 0, False)
    assert (note.key, note.behind, note.waiting) == ("sales.note", 0, 0)


def test_failed_batch_is_delivered_again_after_a_pause(applications) -> None:
    broken = [True]

    def handle(work, events) -> None:
        mark_ids(work, events)
        if broken[0]:
            raise ValueError("not yet")

    application = open_registered(applications, Subscription("a.flaky", ("core.customer.created",), handle))
    create(application, 1, 2)
    delivery(application).run_once()
    assert delivery(application).run_once() == 0
    broken.clear()
    broken.append(False)
    application.pass_time(seconds=3)

    assert delivery(application).run_once() == 1
    assert marks(application) == ["core.customer:1", "core.customer:2"]
    assert rows(application, event_retry) == []


def test_batch_is_given_up_after_eight_attempts_and_an_admin_may_retry_or_discard(applications) -> None:
    def fail(work, events) -> None:
        raise ValueError("never")

    application = open_registered(applications, Subscription("a.bad", ("*",), fail))
    create(application, 1)
    deliverer = delivery(application)
    attempts = 0
    while ran := deliverer.run_once():
        attempts += ran
        application.pass_time(hours=7)
    with application.work() as work:
        (dead,) = retries.dead_letters(work)
        retries.retry_dead(work, dead.id)

    assert (attempts, dead.attempts, dead.state) == (8, 8, "dead")
    assert deliverer.run_once() == 1
    with application.work() as work:
        assert retries.dead_letters(work) == []
        retries.discard(work, dead.id)
    assert rows(application, event_retry) == []
    with application.work() as work, pytest.raises(NotFound):
        retries.discard(work, dead.id)


def test_pauses_grow_and_differ() -> None:
    pauses = [retries.pause_after(attempts).total_seconds() for attempts in range(1, 9)]

    assert all(low <= pause <= high for pause, low, high in zip(pauses, (1, 4, 16), (2, 8, 32), strict=False))
    assert max(pauses) <= 6 * 3600
    assert len({retries.pause_after(8) for _ in range(5)}) > 1


def test_retry_that_crashes_is_tried_by_the_next_process(applications) -> None:
    behaviour = ["fail"]

    def handle(work, events) -> None:
        mark_ids(work, events)
        if behaviour[0] == "fail":
            raise ValueError("not yet")
        if behaviour[0] == "crash":
            raise Crash

    watch = Subscription("a.flaky", ("*",), handle)
    application = open_registered(applications, watch)
    create(application, 1)
    deliverer = delivery(application)
    deliverer.run_once()
    application.pass_time(minutes=5)
    behaviour[0] = "crash"
    with pytest.raises(Crash):
        deliverer.run_once()
    behaviour[0] = "work"
    application.pass_time(minutes=5)

    assert delivery(application).run_once() == 1
    assert marks(application) == ["core.customer:1"]


def test_handler_that_kills_its_process_is_set_aside_and_given_up(applications) -> None:
    def kill(work, events) -> None:
        raise Crash

    killer = Subscription("a.killer", ("*",), kill)
    application = open_registered(applications, killer)
    create(application, 1)
    lost = 0
    for _ in range(50):
        try:
            delivery(application).run_once()
        except Crash:
            lost += 1
        application.pass_time(hours=7)
        found = rows(application, event_retry)
        if found and found[0].state == "dead":
            break

    assert (lost, found[0].attempts) == (3 + retries.MOST_ATTEMPTS - 1, retries.MOST_ATTEMPTS)
    assert found[0].error == "The process ended during the last attempt."


def test_trouble_of_the_database_is_not_held_against_the_handler(applications) -> None:
    def lose_server(work, events) -> None:
        raise Unavailable

    application = open_registered(applications, Subscription("a.unlucky", ("*",), lose_server))
    create(application, 1)

    with pytest.raises(Unavailable):
        delivery(application).run_once()
    assert rows(application, event_retry) == []


def test_two_retries_at_once_count_once(applications) -> None:
    application = open_registered(applications, NOTE)
    create(application, 1)
    with application.database.write() as connection:
        batch = delivering.Reaction(1, False, (1,), (), None)
        retries.set_aside(connection, NOTE.key, batch, ValueError("x"), application.now)
    application.pass_time(seconds=5)
    with application.database.read() as connection:
        (retry,) = retries.due(connection, [NOTE.key], application.now)

    with application.database.write() as connection:
        assert retries.take(connection, retry)
    with application.database.write() as connection:
        assert not retries.take(connection, retry)


def test_endless_reaction_is_stopped_with_a_sentence(applications) -> None:
    def react_to_itself(work, events) -> None:
        work.journal.created("core.activity", [events[-1].ids[-1] + 1])

    application = open_registered(applications, Subscription("a.loop", ("core.activity.*",), react_to_itself))
    create(application, 1, entity="core.activity")

    delivery(application).run_once()

    assert len(rows(application, operation)) == 1 + LONGEST_CHAIN
    (dead,) = rows(application, event_retry)
    assert (dead.state, dead.attempts) == ("dead", 1)
    assert dead.error.startswith(
        f"Operation {LONGEST_CHAIN + 1} is a reaction to a reaction, 16 times over. a.loop"
    )


def test_many_commits_of_no_interest_are_passed_in_a_few_writes(applications) -> None:
    application = open_registered(applications, NOTE)
    for number in range(delivering.WINDOW + 5):
        create(application, number, entity="sales.deal")
    deliverer = delivery(application)
    assert deliverer.run_once() == 0
    (place,) = rows(application, subscription)
    create(application, 1)

    assert place.commit_id == delivering.WINDOW
    assert deliverer.run_once() == 1
    (place,) = rows(application, subscription)
    assert place.commit_id == delivering.WINDOW + 6


def test_who_has_looked_past_what_concerns_nobody_is_not_behind_for_long(applications) -> None:
    application = open_registered(applications, NOTE)
    served = delivery(application)
    for number in (1, 2, 3):
        create(application, number, entity="sales.deal")
    served.run_once()
    assert standings_of(application).behind == 3

    application.now += delivering.REST
    served.run_once()
    assert standings_of(application).behind == 0
    create(application, 4)
    assert served.run_once() == 1
    assert marks(application) == ["core.customer:4"]


def standings_of(application):
    with application.database.read() as connection:
        return standings(connection)[0]
