from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.api import NotFound, records
from crmframe_sales import queries


def placed(sales: Any, *steps: tuple[str, str], **values: Any) -> int:
    """Create a deal that entered these stages on these days."""
    deal = sales.deal(**values)
    history = [{"stage_id": sales.stages[name], "at": f"{day}T00:00:00Z"} for name, day in steps]
    reason = sales.reason if steps[-1][0] == "Lost" else None
    sales.run(deal, "place", stage_id=history[-1]["stage_id"], history=history, lost_reason_id=reason)
    return deal


def funnel(sales: Any, since: date | None = None) -> dict[str, queries.FunnelRow]:
    with sales.work(write=False) as work:
        return {row.name: row for row in queries.funnel(work, sales.pipeline, since)}


def test_deal_counts_where_it_has_been_not_where_it_is(sales: Any) -> None:
    placed(sales, ("Contacted", "2025-01-01"), ("Proposal", "2025-01-05"), ("Lost", "2025-01-25"))
    placed(sales, ("Contacted", "2025-01-01"), ("Proposal", "2025-01-11"), ("Won", "2025-01-12"))
    placed(sales, ("Contacted", "2025-01-01"))

    rows = funnel(sales)

    assert {name: row.reached for name, row in rows.items()} == {
        "Contacted": 3,
        "Proposal": 2,
        "Negotiation": 1,  # the won deal went past it
        "Won": 1,
    }
    assert [row.current for row in rows.values()] == [1, 0, 0, 1]
    assert [row.lost for row in rows.values()] == [0, 1, 0, 0]
    assert rows["Contacted"].conversion is None
    assert rows["Proposal"].conversion == pytest.approx(2 / 3)
    assert rows["Won"].conversion == 1.0


def test_median_days_are_those_of_the_stays_that_ended(sales: Any) -> None:
    placed(sales, ("Contacted", "2025-01-01"), ("Proposal", "2025-01-05"), ("Lost", "2025-01-25"))
    placed(sales, ("Contacted", "2025-01-01"), ("Proposal", "2025-01-11"), ("Won", "2025-01-12"))
    placed(sales, ("Contacted", "2025-01-01"))

    rows = funnel(sales)

    assert rows["Contacted"].median_days == 7.0
    assert rows["Proposal"].median_days == 10.5
    assert rows["Negotiation"].median_days is None


def test_deal_made_by_hand_begins_its_first_stage_when_it_is_made(sales: Any) -> None:
    deal = sales.deal()
    sales.clock.advance(days=4)
    sales.run(deal, "move", stage_id=sales.stages["Proposal"])
    sales.deal()

    rows = funnel(sales)

    assert rows["Contacted"].reached == 2
    assert rows["Contacted"].median_days == 4.0
    assert rows["Proposal"].reached == 1


def test_deal_that_came_back_counts_once(sales: Any) -> None:
    deal = sales.deal(close_on="2027-01-01")
    for stage in ("Proposal", "Negotiation", "Proposal"):
        sales.clock.advance(days=1)
        sales.run(deal, "move", stage_id=sales.stages[stage])

    rows = funnel(sales)

    assert [row.reached for row in rows.values()] == [1, 1, 1, 0]


def test_funnel_counts_only_deals_that_began_since(sales: Any) -> None:
    placed(sales, ("Contacted", "2025-01-01"), ("Won", "2025-06-01"))
    placed(sales, ("Contacted", "2025-05-01"))

    rows = funnel(sales, date(2025, 5, 1))

    assert [row.reached for row in rows.values()] == [1, 0, 0, 0]


def test_lost_deal_without_any_other_stage_reached_the_first(sales: Any) -> None:
    placed(sales, ("Lost", "2025-01-25"))

    assert [row.reached for row in funnel(sales).values()] == [1, 0, 0, 0]


def test_funnel_of_an_empty_pipeline_is_all_zero(sales: Any) -> None:
    rows = funnel(sales)

    assert [(row.reached, row.conversion) for row in rows.values()] == [(0, None)] * 4


def test_unknown_pipeline_is_not_found(sales: Any) -> None:
    with pytest.raises(NotFound), sales.work(write=False) as work:
        queries.funnel(work, 999)


def test_funnel_takes_four_statements_however_many_deals(sales: Any) -> None:
    for _ in range(5):
        placed(sales, ("Contacted", "2025-01-01"), ("Won", "2025-06-01"))
    seen: list[str] = []
    engine = sales.application.database.engine
    with sales.work(write=False) as work:
        sa.event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        queries.funnel(work, sales.pipeline)

    assert len([statement for statement in seen if statement.lstrip().startswith("SELECT")]) == 4


def test_weighted_pipeline_sums_exactly_by_stage_and_currency(sales: Any) -> None:
    sales.deal(amount="0.10", probability=33)
    sales.deal(amount="1000000000.20")
    sales.deal(amount="500", currency="CNY")
    sales.deal(amount=None)
    won = sales.deal(amount="99")
    sales.run(won, "win")

    with sales.work(write=False) as work:
        rows = queries.weighted_pipeline(work, sales.pipeline)

    assert [(row.name, row.currency, row.deals, row.amount, row.weighted) for row in rows] == [
        ("Contacted", "CNY", 1, Decimal("500.00"), Decimal("50.00")),
        ("Contacted", "EUR", 3, Decimal("1000000000.30"), Decimal("100000000.05")),
    ]


def test_customers_deals_show_the_open_ones_and_what_was_won(sales: Any) -> None:
    sales.deal(title="Late", close_on="2026-05-01")
    sales.deal(title="Early", close_on="2026-04-01")
    sales.deal(title="Some day")
    sales.run(sales.deal(amount="10"), "win")
    sales.run(sales.deal(amount="20"), "win")

    with sales.work(write=False) as work:
        open_deals = queries.customer_deals(work, sales.customer)
        won = queries.won_sums(work, sales.customer)

    assert [row.title for row in open_deals] == ["Early", "Late", "Some day"]
    assert won == [("EUR", Decimal("30.00"))]


def test_closed_deals_carry_the_reason(sales: Any) -> None:
    sales.run(sales.deal(title="A"), "win")
    sales.run(sales.deal(title="B"), "lose", lost_reason_id=sales.reason)

    with sales.work(write=False) as work:
        rows = queries.closed_deals(work, sales.customer)

    assert [(row.title, row.reason) for row in rows] == [("B", "Price"), ("A", None)]


def test_deals_of_others_stay_out_of_the_figures(sales: Any) -> None:
    with sales.work() as work:
        stranger = records.create(work, "core.user", {"login": "kim", "name": "Kim Falk"})["id"]
    sales.deal()
    with sales.application.database.read() as connection:
        from crmframe.core.access.loading import actor_of_user

        actor = actor_of_user(connection, stranger)

    with sales.application.work(actor, write=False) as work:
        assert queries.weighted_pipeline(work) == []
        assert queries.customer_deals(work, sales.customer) == []


@pytest.mark.writes_directly("plants what the check is to find")
def test_planted_contradictions_are_found(sales: Any) -> None:
    healthy, broken = sales.deal(), sales.deal()
    sales.run(healthy, "win")
    with sales.work() as work:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        table = sales.application.registry.entity("sales.deal").table
        work.connection.execute(sa.update(table).where(table.c.id == broken).values(closed_at=moment))

    with sales.work(write=False) as work:
        assert [row.id for row in queries.inconsistent_deals(work)] == [broken]
