"""Shares and deputies: what they widen, what they do not, and that they end at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import InvalidInput, NotFound, PermissionDenied
from crmframe.core.records import Query

OWN = ("core.customer", "core.contact")
VERBS = ("create", "read", "update", "delete")


@pytest.fixture
def people(application: Any) -> dict[str, int]:
    """Give ann, bob and cyd, who work on own records, and cyd's team."""
    found = {}
    with application.work() as work:
        role = records.create(work, "core.role", {"name": "own"})["id"]
        rows = [{"role_id": role, "permission": f"{e}.{v}", "scope": "own"} for e in OWN for v in VERBS]
        rows += [
            {"role_id": role, "permission": f"core.{e}.{v}", "scope": "parent"}
            for e in ("activity", "share")
            for v in VERBS
        ]
        records.create_many(work, "core.role_grant", rows)
        found["team"] = records.create(work, "core.team", {"name": "North"})["id"]
        for name in ("ann", "bob", "cyd"):
            found[name] = records.create(work, "core.user", {"login": name, "name": name.title()})["id"]
            records.create(work, "core.user_role", {"user_id": found[name], "role_id": role})
        records.create(work, "core.membership", {"user_id": found["cyd"], "team_id": found["team"]})
    return found


@pytest.fixture
def as_user(application: Any, people: dict[str, int]) -> Callable[..., Any]:
    """Give ``as_user(name)``, a unit of work of somebody as the database knows them now."""

    def opened(name: str, **options: Any) -> Any:
        with application.database.read() as connection:
            actor = actor_of_user(connection, people[name])
        return application.work(actor, **options)

    return opened


@pytest.fixture
def customer(as_user: Callable[..., Any]) -> int:
    """Give a customer of ann's with a contact and a note."""
    with as_user("ann") as work:
        made: int = records.create(work, "core.customer", {"name": "Nordvik"})["id"]
        records.create(work, "core.contact", {"name": "Mia", "customer_id": made})
        records.create(work, "core.activity", {"about": f"core.customer:{made}", "text": "Called."})
    return made


def share(as_user: Callable[..., Any], customer: int, **values: Any) -> int:
    with as_user("ann") as work:
        made: int = records.create(work, "core.share", {"about": f"core.customer:{customer}", **values})["id"]
    return made


def seen(as_user: Callable[..., Any], name: str, entity: str = "core.customer") -> int:
    with as_user(name, write=False) as work:
        rows = records.select(work, entity, Query()).records()
        assert records.count(work, entity, Query()).value == len(rows)
    return len(rows)


def test_shared_record_is_read_with_what_hangs_on_it_and_not_changed(as_user, people, customer) -> None:
    assert seen(as_user, "bob") == 0
    share(as_user, customer, user_id=people["bob"])

    assert seen(as_user, "bob") == 1
    assert seen(as_user, "bob", "core.contact") == 1
    assert seen(as_user, "bob", "core.activity") == 1
    assert seen(as_user, "cyd") == 0
    with as_user("bob", write=False) as work:
        assert records.get_and_verbs(work, "core.customer", customer, ("update", "delete"))[1] == set()
    for attempt in (
        lambda work: records.update(work, "core.customer", customer, {"city": "Basel"}),
        lambda work: records.archive(work, "core.customer", customer),
        lambda work: records.delete(work, "core.customer", customer),
        lambda work: records.create(
            work, "core.activity", {"about": f"core.customer:{customer}", "text": "Mine?"}
        ),
        lambda work: records.create(
            work, "core.share", {"about": f"core.customer:{customer}", "user_id": people["cyd"]}
        ),
    ):
        with pytest.raises((NotFound, PermissionDenied, InvalidInput)), as_user("bob") as work:
            attempt(work)


def test_share_to_write_lets_change_and_neither_delete_nor_give_away(as_user, people, customer) -> None:
    share(as_user, customer, user_id=people["bob"], right="write")

    with as_user("bob") as work:
        records.update(work, "core.customer", customer, {"city": "Basel"})
        records.create(work, "core.activity", {"about": f"core.customer:{customer}", "text": "Mine."})
    for attempt in (
        lambda work: records.delete(work, "core.customer", customer),
        lambda work: records.update(work, "core.customer", customer, {"owner_id": people["cyd"]}),
    ):
        with pytest.raises((NotFound, PermissionDenied)), as_user("bob") as work:
            attempt(work)


def test_share_with_a_team_reaches_its_members_until_its_last_day(as_user, people, customer, clock) -> None:
    share(as_user, customer, team_id=people["team"], until=(clock().date() + timedelta(days=1)).isoformat())

    assert (seen(as_user, "cyd"), seen(as_user, "bob")) == (1, 0)
    clock.advance(days=2)
    assert seen(as_user, "cyd") == 0


def test_each_sees_what_is_shared_with_them_alone(as_user, people, customer) -> None:
    with as_user("ann") as work:
        other = records.create(work, "core.customer", {"name": "Sudvik"})["id"]
    share(as_user, customer, user_id=people["bob"])
    share(as_user, other, user_id=people["cyd"])

    for name, wanted in (("bob", customer), ("cyd", other)):
        with as_user(name, write=False) as work:
            found = records.select(work, "core.customer", Query()).records()
            assert [row["id"] for row in found] == [wanted]


def test_share_that_is_taken_back_ends_at_once_and_comes_back_with_undo(as_user, people, customer) -> None:
    made = share(as_user, customer, user_id=people["bob"])
    with as_user("ann") as work:
        records.delete(work, "core.share", made)
    taken_back = work.operation_id
    assert seen(as_user, "bob") == 0

    with as_user("ann") as work:
        records.undo(work, taken_back)
    assert seen(as_user, "bob") == 1


def test_share_without_anybody_is_refused(as_user, customer) -> None:
    with pytest.raises(InvalidInput) as refused:
        share(as_user, customer)
    assert [problem.code for problem in refused.value.problems] == ["nobody"]


def test_shared_record_is_seen_as_it_was(as_user, people, customer, clock) -> None:
    before = clock()
    clock.advance(hours=1)
    with as_user("ann") as work:
        records.update(work, "core.customer", customer, {"name": "Nordvik AG"})
    share(as_user, customer, user_id=people["bob"])

    with as_user("bob", write=False) as work:
        [row] = records.select(work, "core.customer", Query(as_of=before)).records()
        assert row["name"] == "Nordvik"


def test_deputy_sees_and_changes_and_the_journal_says_for_whom(
    application, as_user, people, customer, clock
) -> None:
    today = clock().date()
    days = {"starts_on": today.isoformat(), "ends_on": (today + timedelta(days=2)).isoformat()}
    with application.work() as work:
        records.create(work, "core.absence", {**days, "user_id": people["ann"], "deputy_id": people["bob"]})

    assert (seen(as_user, "bob"), seen(as_user, "bob", "core.contact"), seen(as_user, "cyd")) == (1, 1, 0)
    with as_user("bob") as work:
        records.update(work, "core.customer", customer, {"city": "Basel"})
    with as_user("bob", write=False) as work:
        assert records.history(work, "core.customer", customer)[0].reason == "deputy of Ann"
    clock.advance(days=3)
    assert seen(as_user, "bob") == 0


def test_absence_does_not_end_before_it_begins(application, people) -> None:
    days = {"starts_on": "2026-03-02", "ends_on": "2026-03-01"}
    with pytest.raises(InvalidInput) as refused, application.work() as work:
        records.create(work, "core.absence", {"user_id": people["ann"], **days})
    assert [problem.code for problem in refused.value.problems] == ["before_start"]


def test_whoever_was_lent_a_record_neither_prolongs_that_nor_lends_it_on(
    application, as_user, people, customer, clock
) -> None:
    """Until a day would otherwise be for good, for oneself or a friend."""
    about, last = f"core.customer:{customer}", (clock().date() + timedelta(days=3)).isoformat()
    made = share(as_user, customer, user_id=people["bob"], right="write", until=last)
    let_see_users(application)

    for attempt in (
        lambda work: records.update(work, "core.share", made, {"until": None}),
        lambda work: records.create(work, "core.share", {"about": about, "user_id": people["cyd"]}),
        lambda work: records.create(
            work, "core.share", {"about": about, "user_id": people["bob"], "until": last}
        ),
    ):
        with pytest.raises(InvalidInput) as refused, as_user("bob") as work:
            attempt(work)
        assert [problem.code for problem in refused.value.problems] == ["only_lent"]
    clock.advance(days=5)
    assert (seen(as_user, "bob"), seen(as_user, "cyd")) == (0, 0)
    with as_user("ann") as work:
        records.update(work, "core.share", made, {"until": None})
    assert seen(as_user, "bob") == 1


def test_a_deputy_shares_nothing_of_whom_they_stand_in_for(
    application, as_user, people, customer, clock
) -> None:
    today = clock().date()
    with application.work() as work:
        days = {"starts_on": today.isoformat(), "ends_on": (today + timedelta(days=3)).isoformat()}
        records.create(work, "core.absence", {"user_id": people["ann"], "deputy_id": people["bob"], **days})
    let_see_users(application)
    with as_user("bob") as work:
        own = records.create(work, "core.customer", {"name": "Bob's own"})["id"]

    for person in ("bob", "cyd"):
        given = {"about": f"core.customer:{customer}", "user_id": people[person]}
        with pytest.raises(InvalidInput) as refused, as_user("bob") as work:
            records.create(work, "core.share", given)
        assert [problem.code for problem in refused.value.problems] == ["only_lent"]
    with as_user("bob") as work:
        records.create(work, "core.share", {"about": f"core.customer:{own}", "user_id": people["cyd"]})
    clock.advance(days=5)
    assert (seen(as_user, "bob"), seen(as_user, "cyd")) == (1, 1)


def test_nobody_enters_an_absence_of_others_to_stand_in_for_them(application, as_user, people, clock) -> None:
    let_see_users(application)
    with application.work() as work:
        role = records.create(work, "core.role", {"name": "own days"})["id"]
        rows = [{"role_id": role, "permission": f"core.absence.{v}", "scope": "own"} for v in VERBS]
        records.create_many(work, "core.role_grant", rows)
        records.create(work, "core.user_role", {"user_id": people["bob"], "role_id": role})
    today = clock().date().isoformat()
    days = {"starts_on": today, "ends_on": today, "deputy_id": people["bob"]}
    with as_user("bob") as work:
        own = records.create(work, "core.absence", {**days, "deputy_id": None})["id"]
    for attempt in (
        lambda work: records.create(work, "core.absence", {"user_id": people["ann"], **days}),
        lambda work: records.update(work, "core.absence", own, {"user_id": people["ann"], **days}),
    ):
        with pytest.raises((NotFound, PermissionDenied)), as_user("bob") as work:
            attempt(work)


def let_see_users(application: Any) -> None:
    with application.work() as work:
        role = records.create(work, "core.role", {"name": "names"})["id"]
        records.create(
            work, "core.role_grant", {"role_id": role, "permission": "core.user.read", "scope": "all"}
        )
        for row in records.select(work, "core.user", Query()).records():
            records.create(work, "core.user_role", {"user_id": row["id"], "role_id": role})
