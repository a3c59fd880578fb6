from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.errors import InvalidInput


@pytest.fixture
def customer(application: Any) -> int:
    with application.work() as work:
        return int(records.create(work, "core.customer", {"name": "Nordvik Marine"})["id"])


def test_core_alone_is_a_usable_address_book(application: Any, customer: int) -> None:
    with application.work() as work:
        contact = records.create(work, "core.contact", {"name": "Freya Moen", "customer_id": customer})
        about = f"core.customer:{customer}"
        records.create(work, "core.address", {"about": about, "street": "Strandgaten 4", "city": "Bergen"})
        records.create(
            work, "core.contact_point", {"about": about, "kind": "phone", "value": "+47 55 31 44 76"}
        )
        product = records.create(work, "core.product", {"name": "Sensor", "price": "480"})["id"]
        values = {"customer_id": customer, "product_id": product, "quantity": "2.5", "amount": "1200"}
        purchase = records.create(work, "core.purchase", values)
        tag = records.create(work, "core.tag", {"name": "Key account"})["id"]
        records.create(work, "core.tag_link", {"tag_id": tag, "about": about})

    assert contact["customer_id"] == customer
    assert purchase["currency"] == "USD"
    assert str(purchase["quantity"]) == "2.500"


def test_new_customer_is_a_prospect_and_a_company(application: Any, customer: int) -> None:
    with application.work(write=False) as work:
        found = records.get(work, "core.customer", customer)

    assert (found["kind"], found["lifecycle_stage"], found["do_not_call"]) == ("company", "prospect", False)


def test_last_activity_and_next_step_follow_the_activities(application: Any, customer: int) -> None:
    about = f"core.customer:{customer}"
    early, late = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    with application.work() as work:
        call = records.create(
            work, "core.activity", {"about": about, "text": "Called", "at": late, "next_step_at": late}
        )["id"]
        records.create(work, "core.activity", {"about": about, "text": "Wrote", "at": early})

    assert stamps(application, customer) == (late, late)
    with application.work() as work:
        records.delete(work, "core.activity", call)
    assert stamps(application, customer) == (early, None)


def stamps(application: Any, customer: int) -> tuple[Any, Any]:
    with application.work(write=False) as work:
        found = records.get(work, "core.customer", customer)
    return found["last_activity_at"], found["next_step_at"]


@pytest.mark.parametrize("field", ["last_activity_at", "next_step_at"])
def test_maintained_fields_are_written_by_nobody_else(application: Any, customer: int, field: str) -> None:
    with pytest.raises(InvalidInput) as error, application.work() as work:
        records.update(work, "core.customer", customer, {field: "2026-01-01T00:00:00Z"})

    assert [problem.code for problem in error.value.problems] == ["read_only"]


@pytest.mark.parametrize(
    ("entity", "values"),
    [
        ("core.external_ref", {"system": "sap", "external_id": "4711", "record": "core.customer:{customer}"}),
        ("core.currency_rate", {"currency": "EUR", "day": "2026-01-01", "rate": "1.08"}),
        ("core.tag", {"name": "Key account"}),
    ],
)
def test_what_must_be_unique_is_refused_twice(
    application: Any, customer: int, entity: str, values: dict[str, str]
) -> None:
    given = {name: value.format(customer=customer) for name, value in values.items()}
    with application.work() as work:
        records.create(work, entity, given)

    with pytest.raises(InvalidInput) as error, application.work() as work:
        records.create(work, entity, given)

    assert {problem.code for problem in error.value.problems} == {"taken"}


def test_what_hangs_on_a_customer_goes_with_it_and_comes_back(application: Any, customer: int) -> None:
    about = f"core.customer:{customer}"
    with application.work() as work:
        records.create(work, "core.address", {"about": about, "city": "Bergen"})
        records.create(work, "core.external_ref", {"system": "sap", "external_id": "1", "record": about})
        records.create(work, "core.contact", {"name": "Freya Moen", "customer_id": customer})
    entities = ("core.address", "core.external_ref", "core.contact")

    with application.work() as work:
        records.delete(work, "core.customer", customer)
    assert counts(application, entities) == [0, 0, 0]

    with application.work() as undoing:
        records.undo(undoing, work.operation_id)
    assert counts(application, entities) == [1, 1, 1]


def counts(application: Any, entities: tuple[str, ...]) -> list[int]:
    with application.work(write=False) as work:
        return [records.count(work, entity, records.Query()).value for entity in entities]
