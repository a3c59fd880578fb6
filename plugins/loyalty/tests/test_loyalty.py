from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.api import FormView, InvalidInput, ViewContext, records
from crmframe.core.entities.filters import parse_params
from crmframe_loyalty import plugin


@pytest.fixture
def crm(make_application: Any) -> Any:
    return make_application("loyalty")


def customer(application: Any, **values: Any) -> int:
    with application.work() as work:
        return int(records.create(work, "core.customer", {"name": "Nordvik Marine", **values})["id"])


def test_customers_have_loyalty_fields(crm: Any) -> None:
    given = {"loyalty.tier": "gold", "loyalty.points": "120", "loyalty.since_on": "2026-01-31"}
    member = customer(crm, **given)

    with crm.work(write=False) as work:
        found = records.get(work, "core.customer", member)

    assert found["loyalty.tier"] == "gold"
    assert found["loyalty.points"] == 120
    assert found["loyalty.since_on"].isoformat() == "2026-01-31"


def test_points_fall_never_below_zero(crm: Any) -> None:
    with pytest.raises(InvalidInput) as error:
        customer(crm, **{"loyalty.points": -1})

    assert [problem.field for problem in error.value.problems] == ["loyalty.points"]


def test_undo_takes_a_tier_back(crm: Any) -> None:
    member = customer(crm)
    with crm.work() as work:
        records.update(work, "core.customer", member, {"loyalty.tier": "gold"})
    with crm.work() as undoing:
        records.undo(undoing, work.operation_id)

    with crm.work(write=False) as work:
        assert records.get(work, "core.customer", member)["loyalty.tier"] is None


def test_customers_come_from_the_loyalty_program_too(crm: Any) -> None:
    member = customer(crm, source="loyalty")

    with crm.work(write=False) as work:
        assert records.get(work, "core.customer", member)["source"] == "loyalty"


def test_source_is_unknown_without_the_plugin(application: Any) -> None:
    with pytest.raises(InvalidInput):
        customer(application, source="loyalty")


def test_customers_can_be_filtered_by_tier(crm: Any) -> None:
    gold, _ = customer(crm, **{"loyalty.tier": "gold"}), customer(crm)

    with crm.work(write=False) as work:
        entity = work.schema.entity("core.customer")
        where = parse_params(work.schema, entity, [("loyalty.tier", "gold")], work.parse_context())
        rows = records.select(work, "core.customer", records.Query(where=where, columns=("id",))).rows

    assert [row[0] for row in rows] == [gold]


def test_badges_name_the_tier_in_the_readers_language(crm: Any) -> None:
    gold, none = customer(crm, **{"loyalty.tier": "gold"}), customer(crm)
    rows = [{"id": gold}, {"id": none}]

    with crm.work(write=False) as work:
        entity = crm.registry.entity("core.customer")
        english = plugin.row_badges(ViewContext(work, "en", entity, rows=rows))
        chinese = plugin.row_badges(ViewContext(work, "zh_Hans", entity, rows=rows))
        elsewhere = plugin.row_badges(ViewContext(work, "en", crm.registry.entity("core.tag"), rows=rows))

    assert [(badge.record_id, badge.text, badge.tone) for badge in english] == [(gold, "Gold", "amber")]
    assert [badge.text for badge in chinese] == ["金卡"]
    assert elsewhere == ()


def test_form_explains_points_and_shows_loyalty_last(crm: Any) -> None:
    entity = crm.registry.entity("core.customer")
    given = FormView(entity, ["loyalty.tier", "name", "loyalty.points"])

    with crm.work(write=False) as work:
        form = plugin.amend_form(ViewContext(work, "en", entity), given)

    assert list(form.fields) == ["name", "loyalty.tier", "loyalty.points"]
    assert form.help == {"loyalty.points": "Points that the customer may still spend."}


@pytest.mark.writes_directly("plants what the check is to find")
def test_check_finds_planted_negative_points(crm: Any) -> None:
    member = customer(crm, **{"loyalty.points": 5})
    with crm.work(write=False) as work:
        assert plugin.no_negative_points(work) == []

    table = crm.registry.entity("loyalty.customer_loyalty").table
    with crm.database.write() as connection:
        connection.execute(sa.update(table).values(points=-1))

    with crm.work(write=False) as work:
        assert plugin.no_negative_points(work) == [f"Customer {member} has negative loyalty points."]


def test_deleting_a_customer_takes_loyalty_along_and_undo_brings_it_back(crm: Any) -> None:
    member = customer(crm, **{"loyalty.tier": "silver"})
    with crm.work() as work:
        records.delete(work, "core.customer", member)
    with crm.work() as undoing:
        records.undo(undoing, work.operation_id)

    with crm.work(write=False) as work:
        assert records.get(work, "core.customer", member)["loyalty.tier"] == "silver"
