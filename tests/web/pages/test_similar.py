"""The form of a new record says who may be there already, and asks before a second one is made."""

from __future__ import annotations

import re

import pytest

from crmframe.core import records

OWN = tuple((f"core.customer.{verb}", "own") for verb in ("create", "read"))
GIVEN = {"name": "Huaxin Machines Ltd", "phone": "+86 10 6552 9988"}


def customer(write, **values):
    return write(lambda work: records.create(work, "core.customer", values)["id"])


def test_who_is_there_already_is_shown_while_typing_and_asked_about_before_saving(root, write):
    known = customer(write, name="Huaxin Machines Co., Ltd.", phone="+86 10 6552 9988")

    page = root.get("/customers/new").text
    assert page.count('hx-post="/customers/similar"') == 3
    shown = root.post("/customers/similar", data=GIVEN)
    assert f'href="/customers/{known}"' in shown.text
    assert "Same phone" in shown.text
    assert root.post("/customers/similar", data={"name": "Nobody else"}).text.strip() == ""

    asked = root.post("/customers/new", data={**GIVEN, "city": "Suzhou"})
    assert asked.status_code == 409
    assert f'href="/customers/{known}"' in asked.text
    assert 'value="Suzhou"' in asked.text
    assert "Create anyway" in asked.text
    assert re.search('name="anyway" value="1"', asked.text)
    assert root.post("/customers/new", data={**GIVEN, "anyway": "1"}).status_code == 303


def test_leads_and_contacts_are_compared_with_customers_too(root, write):
    known = customer(write, name="Nordvik", email="info@nordvik.example")
    for slug in ("contacts", "leads"):
        answer = root.post(f"/{slug}/new", data={"name": "Emma", "email": "INFO@nordvik.example"})
        assert answer.status_code == 409
        assert f'href="/customers/{known}"' in answer.text
    assert "hx-post" not in root.get("/products/new").text


@pytest.mark.parametrize(("shown", "said"), [(True, "held by"), (False, "you may not see it")])
def test_of_what_one_may_not_see_only_that_it_exists_is_said_and_not_for_ever(people, write, shown, said):
    holder = people.user("holder")
    customer(write, name="Secret works of Suzhou", phone=GIVEN["phone"], owner_id=holder)
    write(
        lambda work: records.create(
            work,
            "core.setting",
            {"key": "core.duplicates_show_holder", "value": "true" if shown else "false"},
        )
    )
    people.user("seller", grants=OWN)
    seller = people.signed_in("seller")

    answers = [seller.post("/customers/similar", data={"phone": GIVEN["phone"]}).text for _ in range(6)]

    assert said in answers[0]
    assert ("Holder" in answers[0]) is shown
    assert "Secret" not in "".join(answers)
    assert "/customers/" not in answers[0]
    assert answers[5].strip() == ""


def test_who_may_create_none_asks_nothing(people):
    people.user("reader", grants=(("core.customer.read", "all"),))
    assert people.signed_in("reader").post("/customers/similar", data=GIVEN).status_code == 403
