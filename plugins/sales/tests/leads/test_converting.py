from __future__ import annotations

import threading
from typing import Any

import pytest

from crmframe.api import CrmError, InvalidInput, records
from crmframe.core.errors import UndoConflict
from crmframe_sales.leads.converting import LeadConverted

COMPANY = {
    "name": "Ann Chen",
    "company": "Nordlicht GmbH",
    "phone": "+49 30 1234567",
    "email": "ann@nordlicht.de",
    "job_title": "Buyer",
    "city": "Berlin",
    "source": "referral",
    "need": "Ten pumps",
}


def with_history(leads: Any) -> tuple[int, dict[str, int]]:
    lead = leads.add(**COMPANY)
    about = f"sales.lead:{lead}"
    tag = leads.add("core.tag", name="Hot")
    parts = {
        "core.activity": leads.add("core.activity", about=about, text="Called", kind="call"),
        "core.task": leads.add("core.task", about=about, title="Send the offer"),
        "core.tag_link": leads.add("core.tag_link", about=about, tag_id=tag),
        "core.consent": leads.add("core.consent", about=about, purpose="marketing", source="Fair"),
        "core.contact_point": leads.add("core.contact_point", about=about, kind="wechat", value="ann-c"),
    }
    return lead, parts


def test_company_lead_becomes_customer_contact_and_deal(leads: Any) -> None:
    lead = leads.add(**COMPANY)

    made = leads.run(lead, "convert", amount="5000")

    customer = leads.get(made["customer_id"], "core.customer")
    contact = leads.get(made["contact_id"], "core.contact")
    deal = leads.get(made["deal_id"], "sales.deal")
    after = leads.get(lead)
    assert (customer["name"], customer["kind"], customer["source"]) == (
        "Nordlicht GmbH",
        "company",
        "referral",
    )
    assert (contact["name"], contact["email"], contact["customer_id"]) == (
        "Ann Chen",
        "ann@nordlicht.de",
        customer["id"],
    )
    assert (deal["title"], deal["amount"], deal["contact_id"], deal["source"]) == (
        "Nordlicht GmbH",
        5000,
        contact["id"],
        "referral",
    )
    assert (after["status"], after["deal_id"]) == ("converted", deal["id"])
    assert after["converted_at"] is not None


def test_person_becomes_a_customer_without_contact(leads: Any) -> None:
    made = leads.run(leads.add(name="Li Si", phone="+86 138 0013 8000"), "convert", without_deal=True)

    customer = leads.get(made["customer_id"], "core.customer")
    assert (customer["name"], customer["kind"], customer["phone"]) == ("Li Si", "person", "+8613800138000")
    assert (made["contact_id"], made["deal_id"]) == (None, None)


def test_history_goes_to_the_customer_and_consent_to_the_person(leads: Any) -> None:
    lead, parts = with_history(leads)

    made = leads.run(lead, "convert")

    abouts = {entity: leads.get(i, entity)["about"] for entity, i in parts.items()}
    customer, contact = f"core.customer:{made['customer_id']}", f"core.contact:{made['contact_id']}"
    assert abouts == {
        "core.activity": customer,
        "core.task": customer,
        "core.tag_link": customer,
        "core.consent": contact,
        "core.contact_point": contact,
    }
    assert leads.get(made["customer_id"], "core.customer")["last_activity_at"] is not None
    [need] = leads.all("core.need")
    assert (need["text"], need["customer_id"]) == ("Ten pumps", made["customer_id"])


def test_one_undo_restores_lead_and_history_and_removes_what_was_made(leads: Any) -> None:
    lead, parts = with_history(leads)
    before = leads.get(lead)
    customers = len(leads.all("core.customer"))
    leads.run(lead, "convert")

    result = leads.undo(leads.operation)

    stamps = ("version", "updated_at", "updated_by")
    after = leads.get(lead)
    assert {n: v for n, v in after.items() if n not in stamps} == {
        n: v for n, v in before.items() if n not in stamps
    }
    assert {leads.get(i, entity)["about"] for entity, i in parts.items()} == {f"sales.lead:{lead}"}
    assert len(leads.all("core.customer")) == customers
    assert (leads.all("core.contact"), leads.all("sales.deal")) == ([], [])
    assert result.kept == []


def test_undo_names_the_customer_that_was_touched_since(leads: Any) -> None:
    made = leads.run(leads.add(**COMPANY), "convert")
    operation = leads.operation
    with leads.work() as work:
        records.update(work, "core.customer", made["customer_id"], {"city": "Hamburg"})

    with pytest.raises(UndoConflict) as error:
        leads.undo(operation)

    named = {(kept.entity, kept.record_id) for kept in error.value.data["conflicts"]}
    assert ("core.customer", made["customer_id"]) in named


def test_existing_customer_is_linked_and_its_tag_kept(leads: Any) -> None:
    lead, parts = with_history(leads)
    tag = leads.get(parts["core.tag_link"], "core.tag_link")["tag_id"]
    customer = leads.sales.customer
    leads.add("core.tag_link", about=f"core.customer:{customer}", tag_id=tag)

    made = leads.run(lead, "convert", customer_id=customer, without_deal=True)

    assert made["customer_id"] == customer
    assert leads.get(made["contact_id"], "core.contact")["customer_id"] == customer
    assert leads.get(parts["core.tag_link"], "core.tag_link")["about"] == f"sales.lead:{lead}"


def test_lead_is_converted_once(leads: Any) -> None:
    lead = leads.add(**COMPANY)
    leads.run(lead, "convert")

    with pytest.raises(LeadConverted):
        leads.run(lead, "convert")


def test_deal_begins_in_the_chosen_pipeline(leads: Any) -> None:
    pipeline = leads.add("sales.pipeline", name="Service", position=9)
    stage = leads.add("sales.stage", name="Asked", pipeline_id=pipeline, kind="open", probability=20)

    made = leads.run(leads.add(**COMPANY), "convert", pipeline_id=pipeline)

    deal = leads.get(made["deal_id"], "sales.deal")
    assert (deal["pipeline_id"], deal["stage_id"]) == (pipeline, stage)


def test_pipeline_without_open_stage_is_refused(leads: Any) -> None:
    pipeline = leads.add("sales.pipeline", name="Empty", position=9)

    with pytest.raises(InvalidInput) as error:
        leads.run(leads.add(**COMPANY), "convert", pipeline_id=pipeline)

    assert error.value.problems[0].code == "no_open_stage"
    assert leads.all("core.contact") == []


@pytest.mark.parametrize(
    ("values", "said"),
    [({"status": "converted"}, "Only the action Convert"), ({"status": "unqualified"}, "Say why")],
)
def test_status_must_agree_with_the_rest(leads: Any, values: dict[str, str], said: str) -> None:
    lead = leads.add()

    with pytest.raises(CrmError) as error, leads.work() as work:
        records.update(work, "sales.lead", lead, values)

    assert said in str(error.value)


def test_of_concurrent_conversions_one_wins(leads: Any) -> None:
    lead = leads.add(**COMPANY)
    barrier, outcomes = threading.Barrier(6), []

    def convert() -> None:
        barrier.wait()
        try:
            with leads.work() as work:
                records.run(work, "sales.lead", lead, "convert", {})
            outcomes.append("won")
        except LeadConverted:
            outcomes.append("refused")

    threads = [threading.Thread(target=convert) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused"] * 5 + ["won"]
    assert len(leads.all("sales.deal")) == 1
