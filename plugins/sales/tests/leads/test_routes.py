"""The hand-written pages of leads, and what a salesperson sees of others' records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crmframe.testing.doors import Doors

READS = [("sales.lead.read", "own"), ("core.customer.read", "own"), ("core.contact.read", "own")]


@pytest.fixture
def doors(leads: Any) -> Iterator[Doors]:
    doors = Doors(leads.application)
    yield doors
    doors.close()


@pytest.mark.parametrize(("locale", "word"), [("en", "Lead conversion"), ("zh_Hans", "fair")])
def test_report_shows_shares_in_the_reader_s_language(
    leads: Any, doors: Doors, locale: str, word: str
) -> None:
    leads.run(leads.add(source="fair"), "convert")
    leads.add(source="fair")

    page = doors.browser(doors.user(is_admin=True), locale).get("/p/sales/conversion").text

    assert word in page
    assert "50.0%" in page


def test_report_counts_what_its_reader_may_see(leads: Any, doors: Doors) -> None:
    seller = doors.user(grants=READS)
    leads.add(source="mine", owner_id=seller)
    leads.add(source="other")

    answer = doors.browser(seller).get("/p/sales/api/conversion").json()

    assert [(row["key"], row["leads"]) for row in answer["rows"]] == [("mine", 1)]


def test_duplicate_that_may_not_be_seen_only_says_who_holds_it(leads: Any, doors: Doors) -> None:
    seller, other = doors.user(grants=READS), doors.user()
    leads.add("core.customer", name="Secret Pumps", phone="+49 30 1234567", owner_id=other)
    mine = leads.add("core.customer", name="My Pumps", phone="+49 30 1234567", owner_id=seller)

    matches = (
        doors.browser(seller).get("/p/sales/api/duplicates?phone=030 1234567&phone=%2B49301234567").json()
    )
    leads.add("core.setting", key="core.duplicates_show_holder", value=False)
    silent = doors.browser(seller).get("/p/sales/api/duplicates?phone=%2B49301234567").json()

    hidden, seen = matches["matches"]
    assert (seen["record_id"], seen["title"]) == (mine, "My Pumps")
    assert (hidden["record_id"], hidden["title"]) == (None, "")
    assert hidden["holder"].startswith("Person")
    assert silent["matches"][0]["holder"] == ""


def test_many_are_assigned_in_one_operation(leads: Any, doors: Doors) -> None:
    seller = doors.user()
    rule = leads.add("core.assignment_rule", name="All", entity="sales.lead")
    leads.add("core.assignment_member", rule_id=rule, user_id=seller)
    ids = [leads.add(name=f"Lead {i}") for i in range(3)]

    answer = doors.browser(doors.user(is_admin=True)).post("/p/sales/leads/assign", json={"ids": ids})

    assert {int(key): each["user_id"] for key, each in answer.json()["assigned"].items()} == dict.fromkeys(
        ids, seller
    )
    leads.undo(int(answer.headers["crmframe-operation"]))
    assert {leads.get(i)["owner_id"] for i in ids} == {None}


def test_who_may_not_assign_is_refused(leads: Any, doors: Doors) -> None:
    lead = leads.add()

    answer = doors.browser(doors.user(grants=READS)).post("/p/sales/leads/assign", json={"ids": [lead]})

    assert answer.status_code == 403


def test_new_owner_is_told(leads: Any, doors: Doors) -> None:
    seller = doors.user(grants=READS)
    rule = leads.add("core.assignment_rule", name="All", entity="sales.lead")
    leads.add("core.assignment_member", rule_id=rule, user_id=seller)
    leads.run(leads.add(name="Ann Chen"), "assign")

    page = doors.browser(seller).get("/notifications").text

    assert "New lead: Ann Chen" in page


def test_lead_s_page_shows_duplicates_score_and_reason(leads: Any, doors: Doors) -> None:
    leads.add("core.customer", name="Acme GmbH")
    leads.add("sales.score_rule", name="Has a company", conditions={"company__empty": False}, points=15)
    lead = leads.add(company="Acme")

    page = doors.browser(doors.user(is_admin=True)).get(f"/leads/{lead}").text

    assert "Acme GmbH" in page
    assert "+15 Has a company" in page
