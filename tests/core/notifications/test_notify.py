"""Telling people: who is told, what they see, and how it comes by mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.contributions import NotificationKind
from crmframe.core.jobs.queue import enqueue
from crmframe.core.jobs.running import run_next
from crmframe.core.mail.tables import outgoing
from crmframe.core.notifications.notify import choose, mark_read, notify, own
from crmframe.core.notifications.tables import notification

KIND = NotificationKind("core.won", "A deal is won", "{record} was won by {who}.", mail="now")


@pytest.fixture
def application(make_application: Any, monkeypatch: Any) -> Any:
    made = make_application()
    collect = made.hooks.collect
    found = lambda name: [("core", (KIND,))] if name == "notification_kinds" else collect(name)  # noqa: E731
    monkeypatch.setattr(made.hooks, "collect", found)
    return made


def person(application: Any, login: str, **given: Any) -> int:
    with application.work(door="cli") as work:
        values = {"login": login, "name": login.title(), "email": f"{login}@qiming.example", **given}
        user: int = records.create(work, "core.user", values)["id"]
        role = records.create(work, "core.role", {"name": f"role of {login}"})["id"]
        grants = {"role_id": role, "permission": "core.customer.read", "scope": "own"}
        records.create(work, "core.role_grant", grants)
        records.create(work, "core.user_role", {"user_id": user, "role_id": role})
    return user


def customer_of(application: Any, owner: int, name: str = "Huaxin 华新") -> str:
    with application.work(door="cli") as work:
        values = {"name": name, "owner_id": owner}
        return f"core.customer:{records.create(work, 'core.customer', values)['id']}"


def tell(application: Any, users: list[int], about: str = "", by: int | None = None) -> list[int]:
    with application.database.read() as connection:
        actor = None if by is None else actor_of_user(connection, by)
    with application.work(actor, door="event") as work:
        return notify(work, "core.won", users, about, who="Li")


def seen_by(application: Any, user: int) -> Any:
    with application.database.read() as connection:
        actor = actor_of_user(connection, user)
    with application.work(actor, write=False) as work:
        return own(work)


def run_job(application: Any, name: str) -> None:
    with application.work(door="cli") as work:
        enqueue(work, name)
    while run_next(application):
        pass


def mails(application: Any) -> list[Any]:
    with application.database.read() as connection:
        return list(connection.execute(sa.select(outgoing).order_by(outgoing.c.id)))


def test_people_are_told_once_and_never_of_their_own_deeds(application: Any) -> None:
    anna, bert = person(application, "anna"), person(application, "bert")
    gone = person(application, "gone", is_active=False)
    about = customer_of(application, anna)

    assert tell(application, [anna, bert, anna, gone], about, by=bert) == [anna]
    (told,) = seen_by(application, anna)
    assert (told.title, told.data, told.is_read) == ("Huaxin 华新", {"who": "Li"}, False)
    assert seen_by(application, bert) == []


def test_who_may_not_see_the_record_learns_no_content(application: Any) -> None:
    anna, bert = person(application, "anna"), person(application, "bert")
    tell(application, [bert], customer_of(application, anna))
    (told,) = seen_by(application, bert)
    assert told.title is None

    run_job(application, "core.mail_at_once")
    (mail,) = mails(application)
    assert "Huaxin" not in mail.subject + mail.text
    assert "Li" not in mail.subject + mail.text


def test_nobody_reads_or_marks_those_of_others(application: Any) -> None:
    anna, bert = person(application, "anna"), person(application, "bert")
    tell(application, [anna])
    (told,) = seen_by(application, anna)
    with application.database.read() as connection:
        actor = actor_of_user(connection, bert)
    with application.work(actor, door="web") as work:
        assert own(work) == []
        mark_read(work, [told.id])
        mark_read(work)
    assert not seen_by(application, anna)[0].is_read


def test_five_hundred_of_a_minute_come_in_one_mail(application: Any) -> None:
    anna = person(application, "anna", locale="zh_Hans")
    about = customer_of(application, anna)
    with application.work(door="event") as work:
        for _ in range(500):
            notify(work, "core.won", [anna], about, who="Li")

    run_job(application, "core.mail_at_once")
    run_job(application, "core.mail_at_once")

    (mail,) = mails(application)
    assert mail.recipient == "anna@qiming.example"
    assert "500" in mail.subject
    assert mail.text.count("Huaxin 华新") == 40
    with application.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(notification)) == 500


@pytest.mark.parametrize(
    ("zone", "morning"),
    [
        # Eight o'clock in Berlin before and after the clocks change, and in Shanghai, where they never do.
        ("Europe/Berlin", datetime(2026, 3, 28, 7, 0, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 24, 6, 0, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(2026, 3, 29, 0, 0, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(2026, 10, 25, 0, 0, tzinfo=UTC)),
    ],
)
def test_the_digest_comes_at_eight_of_the_readers_clock_once_a_day(
    application: Any, clock: Any, zone: str, morning: datetime
) -> None:
    anna = person(application, "anna", zone=zone)
    with application.database.read() as connection:
        actor = actor_of_user(connection, anna)
    with application.work(actor, door="web") as work:
        choose(work, {"core.won": "digest", "core.unknown": "now"})
    about = customer_of(application, anna)
    clock.set(
        morning.replace(hour=(morning.hour - 1) % 24)
        if morning.hour
        else morning.replace(day=morning.day - 1, hour=23)
    )
    tell(application, [anna], about)
    run_job(application, "core.mail_digests")
    assert mails(application) == []

    clock.set(morning)
    run_job(application, "core.mail_digests")
    assert [mail.subject for mail in mails(application)] == ["Huaxin 华新 was won by Li."]
    tell(application, [anna], about)
    run_job(application, "core.mail_digests")
    assert len(mails(application)) == 1


def test_sample_data_tells_nobody(application: Any) -> None:
    anna = person(application, "anna")
    with application.work(door="job", cause="core.sample") as work:
        assert notify(work, "core.won", [anna]) == []
        records.create(work, "core.customer", {"name": "Sample"})
    with application.work(door="event", cause="sales.react", cause_id=work.operation_id) as reacting:
        assert notify(reacting, "core.won", [anna]) == []
