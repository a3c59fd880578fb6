"""Sharing a record from its page."""

from __future__ import annotations

import re

import pytest

from crmframe.core import records

OWN = tuple((f"core.customer.{verb}", "own") for verb in ("create", "read", "update", "delete"))
SHARE = tuple((f"core.share.{verb}", "parent") for verb in ("create", "read", "update", "delete"))


@pytest.fixture
def ann_and_bob(people):
    """Give the browsers of two people who work on own records, and bob's number."""
    people.user("ann", grants=(*OWN, *SHARE))
    bob = people.user("bob", grants=(*OWN, *SHARE))
    return people.signed_in("ann"), people.signed_in("bob"), bob


def test_a_record_is_shared_and_taken_back_from_its_page(ann_and_bob):
    ann, bob, bob_id = ann_and_bob
    made = ann.post("/customers/new", data={"name": "Nordvik"}).headers["location"].partition("?")[0]
    assert f'href="{made}/share"' in ann.get(made).text
    assert bob.get(made).status_code == 404
    assert bob.get(f"{made}/share").status_code == 404

    assert ann.post(f"{made}/share", data={"user_id": str(bob_id), "right": "read"}).status_code == 303
    assert bob.get(made).status_code == 200
    assert "Nordvik" in bob.get("/customers").text
    assert f'href="{made}/edit"' not in bob.get(made).text
    assert bob.post(f"{made}/edit", data={"name": "Mine"}).status_code in (403, 404)

    page = ann.get(f"{made}/share").text
    assert "Bob" in page
    number = re.search(r'name="remove" value="(\d+)"', page)[1]
    assert 'name="remove"' not in bob.get(f"{made}/share").text
    assert bob.post(f"{made}/share", data={"remove": number}).status_code in (403, 404)
    assert ann.post(f"{made}/share", data={"remove": number}).status_code == 303
    assert bob.get(made).status_code == 404


def test_sharing_with_nobody_asks_for_somebody(ann_and_bob):
    ann, _, _ = ann_and_bob
    made = ann.post("/customers/new", data={"name": "Nordvik"}).headers["location"].partition("?")[0]

    answer = ann.post(f"{made}/share", data={"right": "read"})
    assert answer.status_code == 422
    assert "Choose a person or a team" in answer.text
    assert ann.get("/activities/1/share").status_code == 404


def test_both_are_told_of_an_absence(people, write):
    ann, bob = people.user("ann"), people.user("bob")
    days = {"starts_on": "2020-01-01", "ends_on": "2099-01-01"}
    write(lambda work: records.create(work, "core.absence", {"user_id": ann, "deputy_id": bob, **days}))

    assert "Bob stands in for you." in people.signed_in("ann").get("/home").text
    assert "You stand in for Ann until" in people.signed_in("bob").get("/home").text
