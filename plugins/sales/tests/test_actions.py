from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from crmframe.api import InvalidInput, records
from crmframe.core.errors import Vetoed
from crmframe.core.journal.events import Cursor, read_events
from crmframe_sales.inputs import DealClosed, DealOpen


def problem_of(error: pytest.ExceptionInfo[InvalidInput]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in error.value.problems]


def test_new_deal_begins_in_the_first_open_stage(sales: Any) -> None:
    deal = sales.get(sales.deal())

    assert deal["pipeline_id"] == sales.pipeline
    assert deal["stage_id"] == sales.stages["Contacted"]
    assert deal["probability"] == 10
    assert deal["closed_at"] is None


def test_deal_without_a_pipeline_is_refused_with_a_way_out(make_application: Any) -> None:
    application = make_application("sales")

    with pytest.raises(InvalidInput) as error, application.work() as work:
        records.create(work, "sales.deal", {"title": "Too early"})

    assert problem_of(error) == [("stage_id", "no_pipeline")]


def test_stage_is_written_by_actions_only(sales: Any) -> None:
    deal = sales.deal()

    with pytest.raises(InvalidInput) as error, sales.work() as work:
        records.update(work, "sales.deal", deal, {"stage_id": sales.stages["Won"]})

    assert problem_of(error) == [("stage_id", "written_by")]
    assert "move, win, lose, reopen, place" in error.value.problems[0].message()


def test_move_writes_stage_probability_and_a_stage_change(sales: Any) -> None:
    deal = sales.deal()

    moved = sales.run(deal, "move", stage_id=sales.stages["Proposal"])

    assert moved["stage_id"] == sales.stages["Proposal"]
    assert moved["probability"] == 50
    assert sales.changes(deal) == [(sales.stages["Contacted"], sales.stages["Proposal"])]


def test_move_to_the_stage_it_is_in_changes_nothing(sales: Any) -> None:
    deal = sales.deal()

    moved = sales.run(deal, "move", stage_id=sales.stages["Contacted"])

    assert moved["version"] == 1
    assert sales.changes(deal) == []


def test_gate_names_every_field_that_is_missing(sales: Any) -> None:
    deal = sales.deal(customer_id=None)

    with pytest.raises(InvalidInput) as error:
        sales.run(deal, "move", stage_id=sales.stages["Negotiation"])

    assert problem_of(error) == [("customer", "stage_gate"), ("close_on", "stage_gate")]
    assert error.value.problems[0].message() == "The stage Negotiation asks for Customer. Fill it in first."


def test_unknown_stage_is_refused(sales: Any) -> None:
    with pytest.raises(InvalidInput) as error:
        sales.run(sales.deal(), "move", stage_id=999)

    assert problem_of(error) == [("stage_id", "unknown_reference")]


def test_win_closes_the_deal_for_the_final_amount_and_tells(sales: Any) -> None:
    deal = sales.deal()

    won = sales.run(deal, "win", amount="1250.50")

    assert won["stage_id"] == sales.stages["Won"]
    assert won["amount"] == Decimal("1250.50")
    assert won["won_at"] == won["closed_at"] == won["stage_entered_at"]
    assert won["lost_at"] is None
    with sales.application.database.read() as connection:
        events, _ = read_events(connection, Cursor(), 100, ["sales.deal_won"])
    assert [(event.payload["deal_id"], event.payload["amount"]) for event in events] == [(deal, "1250.50")]


def test_move_into_the_won_stage_wins(sales: Any) -> None:
    won = sales.run(sales.deal(), "move", stage_id=sales.stages["Won"])

    assert won["won_at"] is not None


def test_lose_keeps_the_reason(sales: Any) -> None:
    lost = sales.run(sales.deal(), "lose", lost_reason_id=sales.reason)

    assert lost["stage_id"] == sales.stages["Lost"]
    assert lost["lost_reason_id"] == sales.reason
    assert lost["lost_at"] == lost["closed_at"]
    assert lost["probability"] == 0


@pytest.mark.parametrize(
    ("verb", "data", "expected"),
    [
        ("lose", {}, [("lost_reason_id", "required")]),
        ("lose", {"lost_reason_id": 999}, [("lost_reason_id", "unknown_reference")]),
        ("move", {"stage_id": "Lost"}, [("lost_reason_id", "required")]),
    ],
)
def test_losing_asks_for_a_reason_that_exists(
    sales: Any, verb: str, data: dict[str, Any], expected: Any
) -> None:
    given = {name: sales.stages.get(value, value) for name, value in data.items()}

    with pytest.raises(InvalidInput) as error:
        sales.run(sales.deal(), verb, **given)

    assert problem_of(error) == expected


@pytest.mark.parametrize("verb", ["move", "win", "lose"])
def test_closed_deal_must_be_reopened_first(sales: Any, verb: str) -> None:
    deal = sales.deal()
    sales.run(deal, "win")
    data = {"move": {"stage_id": sales.stages["Proposal"]}, "lose": {"lost_reason_id": sales.reason}}.get(
        verb, {}
    )

    with pytest.raises(DealClosed, match="The deal Line upgrade is closed"):
        sales.run(deal, verb, **data)


def test_reopen_leads_back_to_the_stage_before(sales: Any) -> None:
    deal = sales.deal()
    sales.run(deal, "move", stage_id=sales.stages["Proposal"])
    sales.run(deal, "lose", lost_reason_id=sales.reason)

    opened = sales.run(deal, "reopen")

    assert opened["stage_id"] == sales.stages["Proposal"]
    assert opened["probability"] == 50
    assert [opened[name] for name in ("closed_at", "lost_at", "lost_reason_id")] == [None, None, None]


def test_reopen_refuses_open_deals_and_closed_stages(sales: Any) -> None:
    deal = sales.deal()

    with pytest.raises(DealOpen):
        sales.run(deal, "reopen")

    sales.run(deal, "win")
    with pytest.raises(InvalidInput) as error:
        sales.run(deal, "reopen", stage_id=sales.stages["Lost"])
    assert problem_of(error) == [("stage_id", "not_open")]


def test_moment_may_lie_in_the_past_of_the_stage_only(sales: Any) -> None:
    deal = sales.deal()
    entered = sales.get(deal)["stage_entered_at"]
    sales.clock.advance(days=10)

    for days, code in ((30, "in_future"), (-1, "before_stage")):
        with pytest.raises(InvalidInput) as error:
            sales.run(deal, "win", at=(entered + timedelta(days=days)).isoformat())
        assert problem_of(error) == [("at", code)]

    won = sales.run(deal, "win", at=(entered + timedelta(days=3)).isoformat())
    assert won["won_at"] == entered + timedelta(days=3)


def test_moment_without_an_offset_is_in_the_workspaces_zone(make_application: Any, sales: Any) -> None:
    deal = sales.deal()
    entered = sales.get(deal)["stage_entered_at"]
    sales.clock.advance(days=2)

    won = sales.run(deal, "win", at=(entered + timedelta(days=1)).replace(tzinfo=None).isoformat())

    assert won["won_at"] == entered + timedelta(days=1)  # the test's workspace is in UTC


def test_place_writes_the_history_of_an_imported_deal(sales: Any) -> None:
    deal = sales.deal()

    placed = sales.run(
        deal,
        "place",
        stage_id=sales.stages["Won"],
        opened_at="2016-10-20T00:00:00Z",
        closed_at="2017-03-01T00:00:00Z",
    )

    assert placed["closed_at"].date().isoformat() == "2017-03-01"
    assert placed["won_at"] == placed["closed_at"]
    assert sales.changes(deal) == [
        (None, sales.stages["Negotiation"]),
        (sales.stages["Negotiation"], sales.stages["Won"]),
    ]


def test_place_closes_on_the_day_of_the_file_when_no_moment_is_given(sales: Any) -> None:
    past, ahead = sales.deal(close_on="2017-03-01"), sales.deal(close_on="2027-03-01")

    first = sales.run(past, "place", stage_id=sales.stages["Won"])
    second = sales.run(ahead, "place", stage_id=sales.stages["Won"])

    assert first["won_at"].isoformat() == "2017-03-01T00:00:00+00:00"
    assert second["won_at"] == second["updated_at"]


def test_place_takes_a_whole_history_and_replaces_the_old_one(sales: Any) -> None:
    deal = sales.deal()
    sales.run(deal, "move", stage_id=sales.stages["Proposal"])
    steps = [("Contacted", "2025-01-01"), ("Negotiation", "2025-02-01"), ("Lost", "2025-03-01")]
    history = [{"stage_id": sales.stages[name], "at": f"{day}T00:00:00Z"} for name, day in steps]

    placed = sales.run(
        deal, "place", stage_id=sales.stages["Lost"], history=history, lost_reason_id=sales.reason
    )

    assert placed["lost_reason_id"] == sales.reason
    assert [to for _, to in sales.changes(deal)] == [sales.stages[name] for name, _ in steps]


def test_place_refuses_a_history_out_of_order(sales: Any) -> None:
    stages = sales.stages
    history = [
        {"stage_id": stages["Contacted"], "at": "2025-02-01T00:00:00Z"},
        {"stage_id": stages["Won"], "at": "2025-01-01T00:00:00Z"},
    ]

    with pytest.raises(InvalidInput) as error:
        sales.run(sales.deal(), "place", stage_id=stages["Won"], history=history)

    assert problem_of(error) == [("history", "out_of_order")]


def test_undoing_a_win_takes_back_stage_dates_and_stage_change(sales: Any) -> None:
    deal = sales.deal()
    before = sales.get(deal)
    with sales.work() as work:
        records.run(work, "sales.deal", deal, "win", {})
    with sales.work() as undoing:
        records.undo(undoing, work.operation_id)

    after = sales.get(deal)
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"version", "updated_at", "updated_by"}
    assert sales.changes(deal) == []


# The product of the last two is longer than 64 bits on the way.
LINES = (
    ("3", "19.99"),
    ("0.333", "0.0005"),
    ("-2.5", "0.0001"),
    ("-0.005", "-0.3"),
    ("710000.001", "71000000.0007"),
    ("-9999999.999", "9999999.9999"),
)


def test_line_amount_is_quantity_times_price_to_the_last_digit(sales: Any) -> None:
    deal = sales.deal()
    with sales.work() as work:
        for quantity, price in LINES:
            records.create(work, "sales.deal_line", {"deal_id": deal, "quantity": quantity, "price": price})
        query = records.Query(columns=("amount",), order=("id",))
        amounts = [row[0] for row in records.select(work, "sales.deal_line", query).rows]

    places = Decimal("0.0001")
    exact = [
        (Decimal(quantity) * Decimal(price)).quantize(places, ROUND_HALF_UP) for quantity, price in LINES
    ]
    assert amounts == exact


def test_line_amount_that_no_column_could_hold_is_refused(sales: Any) -> None:
    deal = sales.deal()
    with sales.work() as work:
        line = {"deal_id": deal, "quantity": "10000000", "price": "9999999"}
        line_id = records.create(work, "sales.deal_line", line)["id"]
    for attempt in (
        lambda work: records.create(work, "sales.deal_line", {**line, "price": "10000000.01"}),
        lambda work: records.update(work, "sales.deal_line", line_id, {"quantity": "-10000002"}),
    ):
        with sales.work() as work, pytest.raises(Vetoed, match="more than an amount can be"):
            attempt(work)


def test_a_pipeline_without_a_won_stage_has_no_stage_to_win_into(sales: Any) -> None:
    with sales.work() as work:
        pipeline = records.create(work, "sales.pipeline", {"name": "Short"})["id"]
        stage = {"name": "Only", "kind": "open", "pipeline_id": pipeline, "position": 1}
        stage_id = records.create(work, "sales.stage", stage)["id"]
    deal = sales.deal()
    sales.run(deal, "move", stage_id=stage_id)

    with pytest.raises(InvalidInput) as caught:
        sales.run(deal, "win")

    assert [p.code for p in caught.value.problems] == ["no_stage"]
