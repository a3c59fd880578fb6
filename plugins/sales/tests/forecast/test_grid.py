from __future__ import annotations

from typing import Any

import pytest

from crmframe.api import Call, InvalidInput, PermissionDenied, records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import Vetoed
from crmframe_sales.forecast.grid import save_targets, show_targets
from crmframe_sales.forecast.routes import forecast_data, show_forecast


def call(form: dict[str, str] | None = None, **query: str) -> Call:
    lists = {name: [value] for name, value in (form or {}).items()}
    return Call(site=None, query=list(query.items()), form_lists=lists, locale="en")  # type: ignore[arg-type]


def person(sales: Any, name: str) -> int:
    with sales.work() as work:
        return int(records.create(work, "core.user", {"login": name.lower(), "name": name})["id"])


def kept(sales: Any) -> list[tuple[Any, ...]]:
    with sales.work(write=False) as work:
        query = records.Query(order=("starts_on",))
        rows = records.select(work, "sales.target", query).records()
    return [(r["owner_id"], str(r["starts_on"]), r["period"], f"{r['value']:f}", r["currency"]) for r in rows]


def save(sales: Any, **form: str) -> Any:
    with sales.work() as work:
        return save_targets(call(form, start="2026-05-05"), work)


def test_grid_saves_what_was_changed_in_one_operation(sales: Any) -> None:
    ann = person(sales, "Ann")
    reply = save(sales, **{f"person-{ann}-0": "1,000", f"person-{ann}-2": "500.5", f"person-{ann}-3": ""})
    assert reply.location == "/p/sales/targets?start=2026-01-01&period=month&measure=won_amount"
    first = kept(sales)

    save(sales, **{f"person-{ann}-0": "1,000", f"person-{ann}-2": "", f"person-{ann}-3": "7"})

    assert first == [
        (ann, "2026-01-01", "month", "1000.0000", "USD"),
        (ann, "2026-03-01", "month", "500.5000", "USD"),
    ]
    assert kept(sales) == [first[0], (ann, "2026-04-01", "month", "7.0000", "USD")]


def test_one_wrong_cell_saves_nothing_and_keeps_what_was_typed(sales: Any) -> None:
    ann = person(sales, "Ann")

    reply = save(sales, **{f"person-{ann}-0": "many", f"person-{ann}-1": "12"})

    assert (reply.status, reply.template) == (422, "sales/targets.html")
    assert list(reply.data["wrong"]) == [f"person-{ann}-0"]
    cells = next(row for row in reply.data["rows"] if row["name"] == "Ann")["cells"]
    assert [value for _, value, _ in cells[:2]] == ["many", "12"]
    assert kept(sales) == []


def test_grid_shows_the_kept_targets_with_their_sums(sales: Any) -> None:
    ann = person(sales, "Ann")
    save(sales, **{f"person-{ann}-0": "1000", f"person-{ann}-1": "500"})

    with sales.work(write=False) as work:
        data = show_targets(call(start="2026-01-01"), work).data

    row = next(row for row in data["rows"] if row["name"] == "Ann")
    assert [value for _, value, _ in row["cells"][:3]] == ["1000", "500", ""]
    assert row["total"] == "1,500"
    assert data["sums"][:3] == ["1,000", "500", ""]


@pytest.mark.parametrize("who", ["owner_id", "team_id", ""])
def test_nobody_has_two_targets_for_one_period(sales: Any, who: str) -> None:
    values = {"period": "month", "starts_on": "2026-01-01", "measure": "won_count", "value": "3"}
    if who == "team_id":
        with sales.work() as work:
            values[who] = records.create(work, "core.team", {"name": "East"})["id"]
    if who == "owner_id":
        values[who] = str(person(sales, "Ann"))
    with sales.work() as work:
        records.create(work, "sales.target", values)

    with pytest.raises(Vetoed, match="a target for this period already"), sales.work() as work:
        records.create(work, "sales.target", values)


def test_forecast_page_and_json_show_the_same_figures(sales: Any) -> None:
    ann = person(sales, "Ann")
    save(sales, **{f"person-{ann}-{place}": "100" for place in range(12)})
    deal = sales.deal(owner_id=ann, currency="USD", amount="300")
    sales.run(deal, "win")

    with sales.work(write=False) as work:
        shown = show_forecast(call(period="year"), work).data
        exact = forecast_data(call(period="year"), work).data

    assert (shown["total"]["won"], shown["total"]["target"], shown["total"]["share"]) == (
        "300",
        "1,200",
        "25%",
    )
    assert (exact["total"]["won"], exact["total"]["target"]) == ("300.00", "1200.00")
    assert [line["name"] for line in exact["owners"]] == ["Ann"]


@pytest.mark.parametrize(
    ("query", "code"), [({"period": "day"}, "not_a_period"), ({"start": "May"}, "not_a_date")]
)
def test_strange_period_is_refused(sales: Any, query: dict[str, str], code: str) -> None:
    with pytest.raises(InvalidInput) as error, sales.work(write=False) as work:
        forecast_data(call(**query), work)

    assert [problem.code for problem in error.value.problems] == [code]


def test_leader_sets_targets_of_the_own_team_only(sales: Any) -> None:
    ann, bo, cy = (person(sales, name) for name in ("Ann", "Bo", "Cy"))
    with sales.work() as work:
        east = records.create(work, "core.team", {"name": "East"})["id"]
        role = records.create(work, "core.role", {"name": "Leader"})["id"]
        for verb in ("read", "create", "update", "delete"):
            grant = {"role_id": role, "permission": f"sales.target.{verb}", "scope": "team_tree"}
            records.create(work, "core.role_grant", grant)
        records.create(work, "core.user_role", {"user_id": ann, "role_id": role})
        for user in (ann, bo):
            records.create(work, "core.membership", {"user_id": user, "team_id": east})
    with sales.application.database.read() as connection:
        leader, stranger = actor_of_user(connection, ann), actor_of_user(connection, cy)

    with sales.work(actor=leader) as work:
        save_targets(call({f"person-{bo}-0": "5", f"person-{cy}-0": "6", f"team-{east}-0": "9"}), work)

    year = sales.clock().date().year
    assert sorted(kept(sales), key=str) == [
        (bo, f"{year}-01-01", "month", "5.0000", "USD"),
        (None, f"{year}-01-01", "month", "9.0000", "USD"),
    ]
    with sales.work(actor=stranger) as work:
        save_targets(call({f"person-{bo}-0": "1", f"team-{east}-0": "1"}), work)
    assert len(kept(sales)) == 2
    with pytest.raises(PermissionDenied), sales.work(actor=stranger) as work:
        records.create(work, "sales.target", {"starts_on": f"{year}-02-01", "value": "3"})
