"""The schedule: slots by the clock on the workspace's wall, each once, missed ones made up for once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crmframe.core.access.actor import system_actor
from crmframe.core.contributions import Job
from crmframe.core.jobs.running import run_next
from crmframe.core.jobs.schedule import last_slot, queue_due_slots
from crmframe.core.jobs.tables import job, schedule
from tests.core.small_application import make_mark, rows

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def slots(cron: str, zone: str, first: str, until: str) -> list[str]:
    """Return the slots that a scheduler sees which looks every ten minutes, in local time."""
    moment, seen = at(first), []
    while moment <= at(until):
        slot = last_slot(cron, ZoneInfo(zone), moment)
        if slot > at(first) and (not seen or slot > seen[-1]):
            seen.append(slot)
        moment += timedelta(minutes=10)
    return [slot.astimezone(ZoneInfo(zone)).strftime("%d %H:%M%z") for slot in seen]


@pytest.mark.parametrize(
    ("cron", "zone", "first", "until", "expected"),
    [
        # Berlin leaves out 02:00 to 03:00 on 29 March: the nightly slot comes right after.
        (
            "30 2 * * *",
            BERLIN,
            "2026-03-27T12:00",
            "2026-03-30T12:00",
            ["28 02:30+0100", "29 03:00+0200", "30 02:30+0200"],
        ),
        # And has 02:00 to 03:00 twice on 25 October: the nightly slot comes once.
        (
            "30 2 * * *",
            BERLIN,
            "2026-10-23T12:00",
            "2026-10-26T12:00",
            ["24 02:30+0200", "25 02:30+0200", "26 02:30+0100"],
        ),
        (
            "0 * * * *",
            BERLIN,
            "2026-10-24T23:30",
            "2026-10-25T02:30",
            ["25 02:00+0200", "25 02:00+0100", "25 03:00+0100"],
        ),
        (
            "0 * * * *",
            BERLIN,
            "2026-03-28T23:30",
            "2026-03-29T02:30",
            ["29 01:00+0100", "29 03:00+0200", "29 04:00+0200"],
        ),
        # Shanghai has kept its time since 1991; a day there begins at 16:00 UTC.
        (
            "0 0 * * *",
            SHANGHAI,
            "2026-03-28T12:00",
            "2026-03-30T20:00",
            ["29 00:00+0800", "30 00:00+0800", "31 00:00+0800"],
        ),
        ("30 2 * * *", SHANGHAI, "2026-10-24T12:00", "2026-10-25T20:00", ["25 02:30+0800", "26 02:30+0800"]),
        (
            "30 2 * * *",
            SHANGHAI,
            "1991-04-12T12:00",
            "1991-04-15T00:00",
            ["13 02:30+0800", "14 03:00+0900", "15 02:30+0900"],
        ),
        (
            "30 1 * * *",
            SHANGHAI,
            "1991-09-13T12:00",
            "1991-09-15T20:00",
            ["14 01:30+0900", "15 01:30+0900", "16 01:30+0800"],
        ),
    ],
)
def test_slots_follow_the_clock_on_the_wall(cron, zone, first, until, expected) -> None:
    assert slots(cron, zone, first, until) == expected


def test_slot_comes_at_its_very_second() -> None:
    assert last_slot("0 8 * * *", ZoneInfo("UTC"), at("2026-03-02T08:00")) == at("2026-03-02T08:00")


def daily(name="a.daily", cron="0 8 * * *", **options) -> Job:
    return Job(name, lambda work, payload: make_mark(work, work.now), cron=cron, **options)


def tick(application) -> int:
    return queue_due_slots(application, system_actor("job"))


def test_job_enabled_after_its_hour_waits_for_tomorrow(applications) -> None:
    application = applications.open(jobs=[daily(), Job("a.manual", lambda work, payload: None)])

    assert tick(application) == 0
    application.now = at("2026-03-03T07:59")
    assert tick(application) == 0
    application.now = at("2026-03-03T08:00")
    assert (tick(application), tick(application)) == (1, 0)
    (row,) = rows(application, job)
    assert (row.name, row.run_at, row.schedule) == (
        "a.daily",
        application.now,
        "a.daily@2026-03-03T08:00:00.000000Z",
    )


def test_wall_clock_is_the_workspace_s(applications) -> None:
    application = applications.open(jobs=[daily()], zone=SHANGHAI)
    tick(application)

    application.now = at("2026-03-03T00:00")
    assert tick(application) == 1


def test_missed_slots_run_once(applications) -> None:
    application = applications.open(jobs=[daily()])
    tick(application)
    application.now = at("2026-03-06T12:00")

    assert (tick(application), run_next(application), run_next(application)) == (1, True, False)
    assert [row.slot for row in rows(application, schedule)] == [at("2026-03-06T08:00")]


def test_runs_of_one_schedule_do_not_overlap(applications) -> None:
    application = applications.open(jobs=[daily(cron="* * * * *")])
    tick(application)
    application.pass_time(minutes=1)
    assert tick(application) == 1
    application.pass_time(minutes=5)

    assert tick(application) == 0
    assert run_next(application)
    assert tick(application) == 1
    assert len(rows(application, job)) == 2


def test_clock_that_goes_back_runs_nothing_twice(applications) -> None:
    application = applications.open(jobs=[daily()])
    tick(application)
    application.now = at("2026-03-03T08:30")
    tick(application)
    run_next(application)
    application.now = at("2026-03-03T07:30")

    assert tick(application) == 0
    application.now = at("2026-03-03T08:30")
    assert tick(application) == 0


def test_misspelt_schedule_stops_no_other(applications) -> None:
    application = applications.open(jobs=[daily("a.bad", "every day"), daily()])
    tick(application)
    application.now = at("2026-03-03T08:00")

    assert tick(application) == 1


def test_two_schedulers_queue_a_slot_once(applications) -> None:
    opened = [applications.open(jobs=[daily()]) for _ in range(3)]
    start = threading.Barrier(3)
    for moment in ("2026-03-02T09:00", "2026-03-03T08:00"):
        for application in opened:
            application.now = at(moment)
        threads = [threading.Thread(target=lambda each=each: (start.wait(), tick(each))) for each in opened]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(rows(opened[0], job)) == 1
