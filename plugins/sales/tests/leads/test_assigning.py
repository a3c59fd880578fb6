from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from crmframe.api import CrmError, InvalidInput, NotFound, assign, records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.jobs.worker import Worker
from crmframe_sales.leads.assigning import NobodyFits

PEOPLE = ("Ann", "Bo", "Cy", "Dee")


@pytest.fixture
def people(leads: Any) -> dict[str, int]:
    return {name: leads.add("core.user", login=name.lower(), name=name) for name in PEOPLE}


def rule(leads: Any, people: dict[str, int], *members: dict[str, Any], **values: Any) -> int:
    made = leads.add("core.assignment_rule", **{"name": "All", "entity": "sales.lead", **values})
    for given in members or tuple({"user": name} for name in people):
        rest = {k: v for k, v in given.items() if k != "user"}
        leads.add("core.assignment_member", rule_id=made, user_id=people[given["user"]], **rest)
    return int(made)


def give(leads: Any, number: int, **values: Any) -> list[str]:
    """Make leads, assign each in its own operation, and return the owners' names in order."""
    names = []
    for i in range(number):
        lead = leads.add(name=f"Lead {i}", **values)
        with leads.work() as work:
            found = assign(work, "sales.lead", [lead])
        names.append(found[lead].reason if lead in found else "")
    return names


def owners(leads: Any) -> Counter[int | None]:
    with leads.work(write=False) as work:
        rows = records.select(work, "sales.lead", records.Query(limit=1000)).records()
    return Counter(row["owner_id"] for row in rows)


def test_leads_go_in_turn_and_say_why(leads: Any, people: dict[str, int]) -> None:
    chosen = rule(leads, people)
    lead = leads.add()

    result = leads.run(lead, "assign")

    after = leads.get(lead)
    assert result == {"owner_id": people["Ann"], "reason": "It was the turn of Ann."}
    assert (after["owner_id"], after["assigned_by_rule_id"]) == (people["Ann"], chosen)
    assert after["assignment_reason"] == "It was the turn of Ann."
    assert [text.split()[-1] for text in give(leads, 4)] == ["Bo.", "Cy.", "Dee.", "Ann."]


def test_assignment_is_undone_by_one_click_and_the_turn_stays_had(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people)
    lead = leads.add()
    leads.run(lead, "assign")

    leads.undo(leads.operation)

    after = leads.get(lead)
    assert (after["owner_id"], after["assignment_reason"], after["assigned_at"]) == (None, None, None)
    assert leads.run(lead, "assign")["owner_id"] == people["Bo"]


def test_weights_share_out(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people, {"user": "Ann", "weight": 3}, {"user": "Bo"})

    give(leads, 8)

    assert owners(leads) == {people["Ann"]: 6, people["Bo"]: 2}


def test_region_decides_and_the_rest_goes_to_those_without_one(leads: Any, people: dict[str, int]) -> None:
    rule(
        leads,
        people,
        {"user": "Ann", "regions": "Bavaria, 上海"},
        {"user": "Bo", "regions": "Hesse"},
        {"user": "Cy"},
        strategy="core.region",
    )

    assert give(leads, 1, region="上海") == ["Ann looks after 上海."]
    assert give(leads, 1, region="hesse") == ["Bo looks after hesse."]
    assert give(leads, 1, region="Saxony") == ["Nobody looks after this region; it was the turn of Cy."]


def test_load_counts_open_leads_only(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people, {"user": "Ann"}, {"user": "Bo"}, strategy="core.load")
    for _ in range(2):
        leads.add(owner_id=people["Ann"])
    for _ in range(3):
        leads.add(owner_id=people["Bo"], status="unqualified", unqualified_reason="spam")

    assert give(leads, 2) == ["Bo had the least open work: 0.", "Bo had the least open work: 1."]


def test_who_is_full_inactive_or_away_gets_nothing(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people, {"user": "Ann", "capacity": 1}, {"user": "Bo"}, {"user": "Cy"}, {"user": "Dee"})
    with leads.work() as work:
        records.update(work, "core.user", people["Bo"], {"is_active": False})
        today = {"starts_on": work.today, "ends_on": work.today}
        records.create(work, "core.absence", {"user_id": people["Cy"], **today})

    give(leads, 5)

    assert owners(leads) == {people["Ann"]: 1, people["Dee"]: 4}


def test_first_rule_that_fits_decides(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people, {"user": "Dee"}, position=2)
    rule(leads, people, {"user": "Ann"}, position=1, conditions={"source": "fair"})

    give(leads, 1, source="fair")
    give(leads, 2, source="website")

    assert owners(leads) == {people["Ann"]: 1, people["Dee"]: 2}


def test_who_joins_later_does_not_get_all_for_weeks(leads: Any, people: dict[str, int]) -> None:
    chosen = rule(leads, people, {"user": "Ann"}, {"user": "Bo"})
    give(leads, 20)
    leads.add("core.assignment_member", rule_id=chosen, user_id=people["Cy"])

    give(leads, 6)

    assert owners(leads)[people["Cy"]] == 2


def test_lead_that_no_rule_fits_stays_and_the_action_says_so(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people, conditions={"source": "fair"})

    with pytest.raises(NobodyFits):
        leads.run(leads.add(), "assign")


def test_leads_without_owner_are_assigned_when_they_come(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people)
    worker = Worker(leads.application)
    worker.run_once()
    with leads.work() as work:
        records.create_many(work, "sales.lead", [{"name": f"Lead {i}"} for i in range(8)])
    kept = leads.add(owner_id=people["Dee"])

    worker.run_once()

    assert owners(leads) == {people["Ann"]: 2, people["Bo"]: 2, people["Cy"]: 2, people["Dee"]: 3}
    assert leads.get(kept)["assignment_reason"] is None


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"entity": "core.tag"}, "unknown_entity"),
        ({"strategy": "core.dice"}, "unknown_strategy"),
        ({"conditions": {"shoe_size": 44}}, "invalid_filter"),
    ],
)
def test_rule_that_cannot_work_is_refused(leads: Any, values: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as error:
        rule(leads, {}, **values)

    assert [problem.code for problem in error.value.problems] == [code]


def test_unknown_lead_is_not_found(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people)

    with pytest.raises(NotFound), leads.work() as work:
        assign(work, "sales.lead", [999])


def test_only_the_action_writes_the_reason(leads: Any) -> None:
    with pytest.raises(CrmError):
        leads.add(assignment_reason="Because")


def test_two_hundred_at_once_are_fair_and_none_is_double(leads: Any, people: dict[str, int]) -> None:
    rule(leads, people)
    with leads.work() as work:
        ids = records.create_many(work, "sales.lead", [{"name": f"Lead {i}"} for i in range(200)])
    queue, failures = list(ids), []

    def work_off() -> None:
        while queue:
            try:
                lead = queue.pop()
                with leads.work() as work:
                    records.run(work, "sales.lead", lead, "assign", {})
            except IndexError:
                return
            except Exception as error:  # noqa: BLE001 - told by the main thread
                failures.append(error)

    threads = [threading.Thread(target=work_off) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert owners(leads) == dict.fromkeys(people.values(), 50)


def test_nobody_assigns_what_they_may_not_assign(leads: Any, people: dict[str, int]) -> None:
    """Whoever calls the service asks for nobody else's records, whatever rule would take them."""
    rule(leads, people)
    own, other = leads.add(owner_id=people["Ann"]), leads.add(owner_id=people["Bo"])
    role = leads.add("core.role", name="Own leads")
    for verb in ("read", "update", "assign"):
        leads.add("core.role_grant", role_id=role, permission=f"sales.lead.{verb}", scope="own")
    leads.add("core.user_role", role_id=role, user_id=people["Ann"])
    with leads.work(write=False) as work:
        ann = actor_of_user(work.connection, people["Ann"])

    with leads.application.work(ann) as work:
        assert assign(work, "sales.lead", [own])
    with pytest.raises(NotFound), leads.application.work(ann) as work:
        assign(work, "sales.lead", [own, other])
