"""News of records: followers, new owners, deputies; each person once for a deed, and nobody who may not see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.jobs.worker import Worker
from crmframe.core.notifications.notify import notify, own
from crmframe.core.notifications.tables import notification


def person(application: Any, login: str, scope: str) -> int:
    with application.work(door="cli") as work:
        user: int = records.create(work, "core.user", {"login": login, "name": login.title()})["id"]
        role = records.create(work, "core.role", {"name": f"role of {login}"})["id"]
        for permission in ("customer.read", "activity.read", "follower.create", "follower.read"):
            grant = {"role_id": role, "permission": f"core.{permission}", "scope": scope}
            records.create(work, "core.role_grant", grant)
        records.create(work, "core.user_role", {"user_id": user, "role_id": role})
    return user


def acting(application: Any, user: int, **options: Any) -> Any:
    with application.database.read() as connection:
        return application.work(actor_of_user(connection, user), **options)


def told(application: Any) -> list[tuple[int, str, str]]:
    with application.database.read() as connection:
        rows = connection.execute(sa.select(notification).order_by(notification.c.user_id, notification.c.id))
        return [(row.user_id, row.kind, row.about) for row in rows]


@pytest.fixture
def boss(application: Any) -> int:
    with application.work() as work:
        values = {"login": "boss", "name": "Boss", "is_admin": True}
        return int(records.create(work, "core.user", values)["id"])


def customers(application: Any, number: int = 1, **values: Any) -> list[int]:
    with application.work() as work:
        given = [{"name": f"Huaxin {each}", **values} for each in range(number)]
        return list(records.create_many(work, "core.customer", given))


def test_followers_who_may_see_it_hear_of_a_follow_up_once_and_not_who_wrote_it(
    application: Any, boss: int
) -> None:
    anna, bert = person(application, "anna", "all"), person(application, "bert", "own")
    (customer,) = customers(application, owner_id=boss)
    about = f"core.customer:{customer}"
    with application.work() as work:
        for user in (anna, bert, boss):
            records.create(work, "core.follower", {"user_id": user, "about": about})
    with acting(application, boss, door="web") as work:
        for text in ("Called", "and wrote to @Anna"):
            records.create(work, "core.activity", {"about": about, "text": text})
    Worker(application).run_once()

    assert [(user, kind) for user, kind, _ in told(application)] == [(anna, "core.mentioned")]

    with acting(application, boss, door="web") as work:
        activity = records.create(work, "core.activity", {"about": about, "text": "Visited"})["id"]
    with acting(application, boss, door="web") as work:
        records.create(work, "core.comment", {"activity_id": activity, "text": "Nice"})
    Worker(application).run_once()

    assert told(application)[1:] == [(anna, "core.followed", about)] * 2


def test_new_owner_hears_of_one_record_or_of_their_number(application: Any, boss: int) -> None:
    anna = person(application, "anna", "all")
    one, *many = customers(application, 31, owner_id=boss)
    with acting(application, boss, door="web") as work:
        records.update(work, "core.customer", one, {"owner_id": anna})
    Worker(application).run_once()
    assert told(application) == [(anna, "core.owner_changed", f"core.customer:{one}")]

    with acting(application, boss, door="web") as work:
        for number in many:
            records.update(work, "core.customer", number, {"owner_id": anna})
        records.update(work, "core.customer", one, {"name": "Of no interest", "owner_id": anna})
    with acting(application, anna, door="web") as work:
        assert work.actor.id == anna
    Worker(application).run_once()
    assert [kind for _, kind, _ in told(application)] == ["core.owner_changed", "core.owners_changed"]
    with acting(application, anna, write=False) as work:
        newest = own(work)[0]
    assert (newest.data["count"], newest.data["who"]) == (30, "Boss")


def test_deputy_is_told_too_while_the_absence_lasts_and_no_longer_sees_it_afterwards(
    application: Any, boss: int, clock: Any
) -> None:
    anna, bert = person(application, "anna", "own"), person(application, "bert", "own")
    (customer,) = customers(application, owner_id=anna)
    about = f"core.customer:{customer}"
    with application.work() as work:
        day = work.today
        values = {"user_id": anna, "deputy_id": bert, "starts_on": day, "ends_on": day + timedelta(days=2)}
        records.create(work, "core.absence", values)
    with application.work(door="event") as work:
        notify(work, "core.mentioned", [anna], about, who="Boss")
    assert [user for user, _, _ in told(application)] == [anna, bert]
    with acting(application, bert, write=False) as work:
        (copied,) = own(work)
    assert (copied.title, copied.data["stands_for"]) == ("Huaxin 0", "Anna")

    clock.advance(days=4)
    with application.work(door="event") as work:
        notify(work, "core.mentioned", [anna], about, who="Boss")
    with acting(application, bert, write=False) as work:
        assert [each.title for each in own(work)] == [None]
