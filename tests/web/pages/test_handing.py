"""Somebody leaves: everything goes to others in one operation, and comes back with one click."""

from __future__ import annotations

import re

import pytest

from crmframe.core import records
from crmframe.core.jobs.running import run_next
from crmframe.core.records import Query


@pytest.fixture
def leaving(people, write, company) -> dict[str, int]:
    """Give somebody who holds records of several kinds, and two colleagues."""
    found = {name: people.user(name) for name in ("leo", "ann", "bob")}

    def hold(work):
        leo = found["leo"]
        team = records.create(work, "core.team", {"name": "North"})["id"]
        records.create(work, "core.membership", {"user_id": leo, "team_id": team})
        rows = [{"name": f"Leo's {n}", "owner_id": leo} for n in range(4)]
        customers = records.create_many(work, "core.customer", rows)
        records.archive(work, "core.customer", customers[0])
        records.update(work, "sales.deal", company.deal, {"owner_id": leo})
        for title, done in (("Open", None), ("Done", "2026-01-05T08:00:00Z")):
            records.create(work, "core.task", {"title": title, "assignee_id": leo, "done_at": done})
        view = {"name": "Leo's", "entity": "core.customer", "owner_id": leo, "query": "grade=a"}
        records.create(work, "core.saved_view", view)
        return found | {"team": team}

    return write(hold)


def held(write, name: str, holder: str, user_id: int) -> int:
    where = lambda work: records.parse_filter(work, name, [(holder, str(user_id))])  # noqa: E731
    return write(lambda work: records.count(work, name, Query(where=where(work), archived=None)).value)


def test_everything_goes_to_one_and_comes_back_exactly(leaving, root, write):
    leo, ann = leaving["leo"], leaving["ann"]
    page = root.get(f"/admin/users/{leo}/handover").text
    assert f'href="/customers?owner_id={leo}"' in page

    wish = {"to": str(ann), "memberships": "true", "deactivate": "true"}
    done = root.post(f"/admin/users/{leo}/handover", data=wish)
    assert done.status_code == 303
    told = root.get(done.headers["location"]).text
    assert "Handed over." in told
    for name, holder, count in (
        ("core.customer", "owner_id", 4),
        ("sales.deal", "owner_id", 1),
        ("core.task", "assignee_id", 1),
        ("core.saved_view", "owner_id", 1),
        ("core.membership", "user_id", 1),
    ):
        assert held(write, name, holder, ann) == count, name
    assert held(write, "core.task", "assignee_id", leo) == 1  # the one that is done
    assert not write(lambda work: records.get(work, "core.user", leo)["is_active"])

    undo = re.search(r'action="(/undo/\d+)"', told)[1]
    assert root.post(undo, data={"back": "/"}).status_code == 303
    assert held(write, "core.customer", "owner_id", leo) == 4
    assert held(write, "core.customer", "owner_id", ann) == 0
    assert held(write, "core.membership", "user_id", leo) == 1
    assert write(lambda work: records.get(work, "core.user", leo)["is_active"])


def test_several_get_it_in_turn(leaving, root, write):
    leo, ann, bob = leaving["leo"], leaving["ann"], leaving["bob"]
    root.post(f"/admin/users/{leo}/handover", data={"to": [str(ann), str(bob), ""]})

    assert held(write, "core.customer", "owner_id", ann) == 2
    assert held(write, "core.customer", "owner_id", bob) == 2
    assert write(lambda work: records.get(work, "core.user", leo)["is_active"])


def test_much_is_handed_over_by_a_job_as_one_operation(leaving, root, write, host):
    leo, ann = leaving["leo"], leaving["ann"]
    rows = [{"name": f"More {n}", "owner_id": leo} for n in range(600)]
    write(lambda work: records.create_many(work, "core.customer", rows))

    queued = root.post(f"/admin/users/{leo}/handover", data={"to": str(ann)}).headers["location"]
    assert run_next(host.site.application)
    told = root.get(queued).text
    assert held(write, "core.customer", "owner_id", ann) == 604
    undo = re.search(r'action="(/undo/\d+)"', told)[1]
    assert root.post(undo, data={"back": "/"}).status_code == 303
    assert held(write, "core.customer", "owner_id", ann) == 0


def test_somebody_must_get_it_and_only_who_decides_about_users_may(leaving, root, seller):
    leo = leaving["leo"]
    answer = root.post(f"/admin/users/{leo}/handover", data={"to": [str(leo), ""]})
    assert answer.status_code == 422
    assert "Choose who gets it." in answer.text
    assert seller.get(f"/admin/users/{leo}/handover").status_code == 403
    assert seller.post(f"/admin/users/{leo}/handover", data={"to": "1"}).status_code == 403
