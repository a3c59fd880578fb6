from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import Call, InvalidInput, NotFound
from crmframe_sales.routes import funnel_data, pipeline_data, show_funnel


def call(**query: str) -> Call:
    return Call(site=None, query=list(query.items()), locale="en")  # type: ignore[arg-type]


def test_funnel_page_has_both_tables_with_formatted_figures(sales: Any) -> None:
    sales.deal(amount="1234.5")
    sales.deal()
    sales.run(sales.deal(), "win")

    with sales.work(write=False) as work:
        reply = show_funnel(call(), work)

    assert reply.template == "sales/funnel.html"
    assert [row["reached"] for row in reply.data["funnel"]] == ["3", "1", "1", "1"]
    assert [row["conversion"] for row in reply.data["funnel"]] == ["", "33.3%", "100.0%", "100.0%"]
    assert [row["width"] for row in reply.data["funnel"]] == [100, 33, 33, 33]
    assert [(row["amount"], row["weighted"]) for row in reply.data["forecast"]] == [("€2,234.50", "€223.45")]


def test_funnel_json_is_exact(sales: Any) -> None:
    sales.deal()

    with sales.work(write=False) as work:
        stages = funnel_data(call(pipeline=str(sales.pipeline)), work).data["stages"]
        forecast = pipeline_data(call(), work).data["stages"]

    assert [stage["reached"] for stage in stages] == [1, 0, 0, 0]
    assert forecast[0]["amount"] == "1000.00"
    assert forecast[0]["weighted"] == "100.00"


@pytest.mark.parametrize("given", ["999", "x", "-1", "9" * 30])
def test_unknown_pipeline_is_not_found(sales: Any, given: str) -> None:
    with pytest.raises(NotFound), sales.work(write=False) as work:
        show_funnel(call(pipeline=given), work)


def test_wrong_day_is_refused_with_a_way_out(sales: Any) -> None:
    with pytest.raises(InvalidInput) as error, sales.work(write=False) as work:
        funnel_data(call(since="yesterday"), work)

    assert error.value.problems[0].message() == "yesterday is not a day. Write it like 2026-01-31."
