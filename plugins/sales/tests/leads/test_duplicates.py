from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import ViewContext, find_duplicates, reachable, records
from crmframe_sales.leads.pages import duplicates_of_lead


def found(leads: Any, **given: Any) -> set[tuple[str, int | None, str]]:
    with leads.work(write=False) as work:
        return {(m.entity, m.record_id, m.by) for m in find_duplicates(work, **given)}


def test_number_and_address_are_found_however_they_are_typed(leads: Any) -> None:
    customer = leads.add("core.customer", name="Acme", phone="+49 30 1234567")
    contact = leads.add("core.contact", name="Bo", mobile="+49 (30) 123-4567", email="bo@acme.de")
    lead = leads.add(email="bo@ACME.de")

    assert found(leads, phones=["0049 30 1234567", "+49301234567"]) == {
        ("core.customer", customer, "phone"),
        ("core.contact", contact, "phone"),
    }
    assert found(leads, emails=["bo@acme.DE"]) == {
        ("core.contact", contact, "email"),
        ("sales.lead", lead, "email"),
    }


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        ("上海贝尔股份有限公司", "上海贝尔"),
        ("上海贝尔", "上海贝尔有限公司"),
        ("华为技术有限公司", "华为技术"),
        ("华为", "华为有限公司"),
        ("Acme, Inc.", "ACME GmbH"),
        ("Müller & Söhne GmbH & Co. KG", "müller & söhne"),
    ],
)
def test_company_is_found_whatever_its_legal_form(leads: Any, held: str, asked: str) -> None:
    customer = leads.add("core.customer", name=held)
    leads.add("core.customer", name=f"{held} X")

    assert found(leads, company=asked) == {("core.customer", customer, "company")}


def test_other_company_is_not_taken_for_it(leads: Any) -> None:
    leads.add("core.customer", name="Acme Pumps Ltd")

    assert found(leads, company="Acme") == set()


def test_panel_shows_others_and_not_what_the_lead_became(leads: Any) -> None:
    lead = leads.add(company="Acme", email="ann@acme.de")
    other = leads.add("core.customer", name="Acme GmbH")
    declared = leads.application.registry.entity("sales.lead")

    with leads.work(write=False) as work:
        panel = duplicates_of_lead(ViewContext(work, "en", declared, records.get(work, "sales.lead", lead)))
    leads.run(lead, "convert", customer_id=other, without_deal=True)
    with leads.work(write=False) as work:
        after = duplicates_of_lead(ViewContext(work, "en", declared, records.get(work, "sales.lead", lead)))

    assert panel is not None
    assert [(row["title"], row["url"]) for row in panel["rows"]] == [("Acme GmbH", f"/customers/{other}")]
    assert after is None


def test_people_behind_leads_contacts_and_persons_can_be_reached(leads: Any) -> None:
    leads.add(email="lead@acme.de")
    leads.add("core.contact", name="Bo", email="bo@acme.de")
    leads.add("core.customer", name="Cy", kind="person", email="cy@acme.de")
    leads.add("core.customer", name="Acme", email="info@acme.de")

    with leads.work(write=False) as work:
        people = {(person.entity, person.address) for person in reachable(work, "email")}

    assert people == {
        ("sales.lead", "lead@acme.de"),
        ("core.contact", "bo@acme.de"),
        ("core.customer", "cy@acme.de"),
    }
