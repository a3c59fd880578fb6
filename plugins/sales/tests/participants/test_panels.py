from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import InvalidInput, ViewContext, records
from crmframe_sales.participants.panels import competitors_of_deal, contacts_of_deal


def on_deal(sales: Any, work: Any, deal: int, locale: str = "en") -> ViewContext:
    declared = sales.application.registry.entity("sales.deal")
    return ViewContext(work, locale, declared, records.get(work, "sales.deal", deal))


def contact(sales: Any, name: str) -> int:
    with sales.work() as work:
        values = {"name": name, "customer_id": sales.customer}
        return int(records.create(work, "core.contact", values)["id"])


def add(sales: Any, entity: str, **values: Any) -> int:
    with sales.work() as work:
        return int(records.create(work, entity, values)["id"])


def test_people_show_with_role_and_attitude_and_the_others_are_offered(sales: Any) -> None:
    deal, ann, bo = sales.deal(), contact(sales, "Ann Chen"), contact(sales, "Bo Li")
    part = {"role": "decision_maker", "attitude": "opponent", "is_primary": True}
    add(sales, "sales.deal_contact", deal_id=deal, contact_id=ann, **part)

    with sales.work(write=False) as work:
        panel = contacts_of_deal(on_deal(sales, work, deal))

    assert panel is not None
    assert [(row["name"], row["is_primary"], row["pills"]) for row in panel["rows"]] == [
        ("Ann Chen", True, [("Decision maker", "violet"), ("Opponent", "red")])
    ]
    assert panel["offered"] == [(bo, "Bo Li")]


def test_deal_has_one_primary_contact(sales: Any) -> None:
    deal, other = sales.deal(), sales.deal()
    first = add(sales, "sales.deal_contact", deal_id=deal, contact_id=contact(sales, "Ann"), is_primary=True)
    elsewhere = add(
        sales, "sales.deal_contact", deal_id=other, contact_id=contact(sales, "Bo"), is_primary=True
    )
    second = add(sales, "sales.deal_contact", deal_id=deal, contact_id=contact(sales, "Cy"))
    with sales.work() as work:
        records.update(work, "sales.deal_contact", second, {"is_primary": True})

    with sales.work(write=False) as work:
        rows = records.select(work, "sales.deal_contact", records.Query()).records()

    assert {row["id"]: row["is_primary"] for row in rows} == {first: False, second: True, elsewhere: True}


def test_somebody_has_one_part_in_a_deal(sales: Any) -> None:
    deal, ann = sales.deal(), contact(sales, "Ann")
    add(sales, "sales.deal_contact", deal_id=deal, contact_id=ann)

    with pytest.raises(InvalidInput) as error:
        add(sales, "sales.deal_contact", deal_id=deal, contact_id=ann)

    assert [problem.code for problem in error.value.problems] == ["taken"]


def test_competitors_show_with_threat_and_who_won(sales: Any) -> None:
    deal = sales.deal()
    rival = add(sales, "sales.competitor", name="Rival AG", strengths="Price", weaknesses="Service")
    spare = add(sales, "sales.competitor", name="Anders GmbH")
    add(sales, "sales.deal_competitor", deal_id=deal, competitor_id=rival, threat="high", price="900")
    lost = sales.run(deal, "lose", lost_reason_id=sales.reason, lost_to_id=rival)

    with sales.work(write=False) as work:
        panel = competitors_of_deal(on_deal(sales, work, deal))

    assert lost["lost_to_id"] == rival
    assert panel is not None
    assert [(row["name"], row["won"], row["pills"][0]) for row in panel["rows"]] == [
        ("Rival AG", True, ("High", "red"))
    ]
    assert panel["offered"] == [(spare, "Anders GmbH")]


def test_reopened_deal_is_lost_to_nobody(sales: Any) -> None:
    rival = add(sales, "sales.competitor", name="Rival AG")
    deal = sales.deal()
    sales.run(deal, "lose", lost_reason_id=sales.reason, lost_to_id=rival)

    opened = sales.run(deal, "reopen")

    assert opened["lost_to_id"] is None


def test_deal_is_not_lost_to_a_competitor_who_does_not_exist(sales: Any) -> None:
    with pytest.raises(InvalidInput) as error:
        sales.run(sales.deal(), "lose", lost_reason_id=sales.reason, lost_to_id=999)

    assert [(p.field, p.code) for p in error.value.problems] == [("lost_to_id", "unknown_reference")]
