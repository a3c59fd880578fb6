from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import ViewContext, records
from crmframe.core.errors import Vetoed
from crmframe_sales import plugin
from crmframe_sales.routes import deals_of_customer, my_pipeline


def view(sales: Any, work: Any, entity: str = "", **parts: Any) -> ViewContext:
    declared = sales.application.registry.entity(entity) if entity else None
    return ViewContext(work, parts.pop("locale", "en"), declared, **parts)


def on_customer(sales: Any, work: Any, locale: str = "en") -> ViewContext:
    record = records.get(work, "core.customer", sales.customer)
    return view(sales, work, "core.customer", record=record, locale=locale)


def test_customer_with_open_deals_is_kept(sales: Any) -> None:
    deal = sales.deal()

    with pytest.raises(Vetoed, match="Open deals of Nordvik Marine: 1"), sales.work() as work:
        records.delete(work, "core.customer", sales.customer)

    sales.run(deal, "win")
    with sales.work() as work:
        records.delete(work, "core.customer", sales.customer)
    assert sales.get(deal)["customer_id"] is None


def test_badges_mark_overdue_and_stale_deals_in_one_statement(sales: Any) -> None:
    today = sales.clock().date()
    late, stale = sales.deal(close_on=today.isoformat()), sales.deal()
    sales.clock.advance(days=31)
    fresh, won = sales.deal(), sales.deal(close_on=today.isoformat())
    sales.run(won, "win")

    with sales.work(write=False) as work:
        context = view(sales, work, "sales.deal", rows=[{"id": i} for i in (late, stale, fresh, won)])
        badges = plugin.row_badges(context)

    assert [(badge.record_id, badge.text, badge.tone) for badge in badges] == [
        (late, "Overdue", "red"),
        (stale, "Stale", "amber"),
    ]


def test_badges_stay_off_other_entities(sales: Any) -> None:
    with sales.work(write=False) as work:
        assert plugin.row_badges(view(sales, work, "core.customer", rows=[{"id": 1}])) == ()


def test_timeline_of_a_customer_tells_of_won_and_lost_deals(sales: Any) -> None:
    sales.run(sales.deal(title="A", amount="1200"), "win")
    sales.run(sales.deal(title="B"), "lose", lost_reason_id=sales.reason)

    with sales.work(write=False) as work:
        items = plugin.timeline(on_customer(sales, work))
        chinese = plugin.timeline(on_customer(sales, work, "zh_Hans"))

    assert [(item.title, item.text, item.tone) for item in items] == [
        ("Deal lost: B", "€1,000.00 · Price", "red"),
        ("Deal won: A", "€1,200.00", "green"),
    ]
    assert [item.title for item in chinese] == ["输单：B", "赢单：A"]


def test_panel_shows_open_deals_and_hides_when_there_is_nothing(sales: Any) -> None:
    with sales.work(write=False) as work:
        assert deals_of_customer(on_customer(sales, work)) is None
    sales.deal(close_on="2026-01-01")

    with sales.work(write=False) as work:
        panel = deals_of_customer(on_customer(sales, work))

    assert panel is not None
    assert [(deal["stage"], deal["amount"], deal["late"]) for deal in panel["deals"]] == [
        ("Contacted", "€1,000.00", True)
    ]
    assert panel["won"] == []


def test_button_leads_to_a_new_deal_with_the_customer(sales: Any) -> None:
    with sales.work(write=False) as work:
        [button] = plugin.record_buttons(on_customer(sales, work))

    assert button.url == f"/deals/new?customer_id={sales.customer}"
    assert button.permission == "sales.deal.create"


def test_notice_and_tile_are_about_the_own_deals(sales: Any) -> None:
    with sales.work() as work:
        user = records.create(work, "core.user", {"login": "kim", "name": "Kim Falk", "is_admin": True})["id"]
    day = sales.clock().date().isoformat()
    sales.deal(owner_id=user, close_on=day)
    sales.deal(close_on=day)
    sales.clock.advance(days=2)
    actor = actor_of(sales, user)

    with sales.work(actor=actor, write=False) as work:
        notices = plugin.notices(view(sales, work))
        tile = my_pipeline(view(sales, work))

    assert notices == ["Open deals of yours that are past their expected close date: 1."]
    assert tile is not None
    assert [(row["name"], row["deals"]) for row in tile["rows"]] == [("Contacted", "1")]
    with sales.work(write=False) as work:
        assert my_pipeline(view(sales, work)) is None  # the system owns nothing


def test_onlookers_start_at_the_funnel(sales: Any) -> None:
    with sales.work() as work:
        user = records.create(work, "core.user", {"login": "kim", "name": "Kim Falk"})["id"]
        role = records.create(work, "core.role", {"name": "Board"})["id"]
        grant = {"role_id": role, "permission": "sales.deal.read", "scope": "all"}
        records.create(work, "core.role_grant", grant)
        records.create(work, "core.user_role", {"user_id": user, "role_id": role})

    with sales.work(actor=actor_of(sales, user), write=False) as work:
        assert plugin.home_page(view(sales, work)) == "/p/sales/funnel"
    with sales.work(write=False) as work:
        assert plugin.home_page(view(sales, work)) is None


def test_check_tells_of_a_deal_that_contradicts_its_stage(sales: Any) -> None:
    deal = sales.deal()
    sales.run(deal, "win")
    with sales.work(write=False) as work:
        assert plugin.deals_agree_with_stages(work) == []

    with sales.work() as work:
        records.update(work, "sales.stage", sales.stages["Won"], {"kind": "open"})

    with sales.work(write=False) as work:
        assert plugin.deals_agree_with_stages(work) == [f"Deal {deal} (Line upgrade) contradicts its stage."]


def actor_of(sales: Any, user: int) -> Any:
    from crmframe.core.access.loading import actor_of_user

    with sales.application.database.read() as connection:
        return actor_of_user(connection, user)
