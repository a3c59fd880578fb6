"""The forecast over a handful of deals whose sums one can do in one's head."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.api import records
from crmframe.core.access.loading import actor_of_user
from crmframe_sales.forecast.periods import Period, period_at
from crmframe_sales.forecast.queries import Forecast, forecast

YEAR = "2026-01-01"


def person(sales: Any, name: str, team: int | None = None) -> int:
    with sales.work() as work:
        user = int(records.create(work, "core.user", {"login": name.lower(), "name": name})["id"])
        if team is not None:
            records.create(work, "core.membership", {"user_id": user, "team_id": team})
        return user


def team(sales: Any, name: str, parent: int | None = None) -> int:
    with sales.work() as work:
        return int(records.create(work, "core.team", {"name": name, "parent_id": parent})["id"])


def target(sales: Any, value: str, **given: Any) -> None:
    with sales.work() as work:
        base = {"period": "month", "starts_on": YEAR, "measure": "won_amount", "currency": "USD"}
        records.create(work, "sales.target", base | {"value": value} | given)


def year(sales: Any, team_id: int | None = None, actor: Any = None) -> Forecast:
    with sales.work(actor=actor, write=False) as work:
        return forecast(work, period_at(work, "year", sales.clock().date()), team_id)


def soon(sales: Any) -> str:
    return str(sales.clock().date().isoformat())


def deal(sales: Any, **values: Any) -> int:
    return int(sales.deal(**({"currency": "USD", "close_on": soon(sales)} | values)))


def test_open_deals_count_by_category_estimate_and_probability(sales: Any) -> None:
    deal(sales, amount="1000", forecast_category="commit")
    deal(sales, amount="1000", estimate="700", forecast_category="best_case")
    deal(sales, amount="500")
    deal(sales, amount="9000", forecast_category="omitted")

    sums = year(sales).total.sums

    assert (sums.commit, sums.best_case, sums.pipeline) == (1000, 700, 500)
    assert sums.weighted == Decimal(250)  # ten percent of what is not omitted
    assert (sums.won, sums.own, sums.expected, sums.open_deals) == (0, 1000, 250, 3)


def test_deal_without_a_probability_takes_its_stages(sales: Any) -> None:
    deal(sales, amount="1000", probability=None)

    assert year(sales).total.sums.weighted == 100


def test_won_deals_count_in_the_month_they_were_won(sales: Any) -> None:
    won = deal(sales, amount="1000")
    sales.run(won, "win", amount="1200")

    found = year(sales)

    month = sales.clock().date().month
    assert found.total.sums.won == found.months[month - 1].sums.won == 1200
    assert found.total.sums.won_deals == 1
    assert [line.sums.won for line in found.months].count(Decimal(0)) == 11


def test_month_of_a_won_deal_is_the_one_of_the_workspaces_zone(sales: Any) -> None:
    won = deal(sales)
    with sales.work() as work:
        zone = work.settings.zone
    sales.run(won, "win")
    local = sales.get(won)["won_at"].astimezone(zone)

    months = year(sales).months

    assert months[local.month - 1].sums.won == 1000


def test_amounts_of_other_currencies_count_by_the_rate_of_their_day(sales: Any) -> None:
    today = sales.clock().date()
    first = sales.deal(currency="EUR", amount="100", close_on=soon(sales))
    with sales.work() as work:
        records.create(work, "core.currency_rate", {"currency": "EUR", "day": "2025-01-01", "rate": "1.5"})
    sales.run(first, "win")
    sales.clock.advance(days=2)
    later = sales.clock().date().isoformat()
    with sales.work() as work:
        records.create(work, "core.currency_rate", {"currency": "EUR", "day": later, "rate": "2"})
    sales.run(sales.deal(currency="EUR", amount="10"), "win")
    sales.deal(currency="EUR", amount="1000", close_on=today.isoformat())

    sums = year(sales).total.sums

    assert sums.won == Decimal(170)
    assert (sums.pipeline, sums.weighted) == (2000, 200)


def test_missing_rates_are_said_and_their_deals_left_out(sales: Any) -> None:
    deal(sales, currency="JPY", amount="1000000")
    deal(sales, amount="10")

    found = year(sales)

    assert found.missing == {"JPY": 1}
    assert found.total.sums.pipeline == 10


def test_what_has_no_date_or_a_past_one_counts_in_no_period(sales: Any) -> None:
    deal(sales, close_on=None)
    deal(sales, close_on="2020-05-05", amount="30")
    deal(sales, close_on="2090-05-05")

    found = year(sales)

    assert found.total.sums.open_deals == 0
    assert (found.undated.open_deals, found.overdue.open_deals, found.overdue.pipeline) == (1, 1, 30)


def test_teams_hold_what_the_teams_below_them_have(sales: Any) -> None:
    east = team(sales, "East")
    coast, inland = team(sales, "Coast", east), team(sales, "Inland", east)
    ann = person(sales, "Ann", coast)
    deal(sales, owner_id=ann, team_id=coast, amount="100")
    deal(sales, team_id=east, amount="10")
    target(sales, "60", owner_id=ann, team_id=coast)
    target(sales, "40", team_id=inland)

    found = year(sales)

    assert [(line.name, line.depth, line.sums.pipeline, line.target) for line in found.teams] == [
        ("East", 0, 110, 100),
        ("Coast", 1, 100, 60),
        ("Inland", 1, 0, 40),
    ]
    assert found.total.target == 100
    assert year(sales, coast).total.sums.pipeline == 100
    assert year(sales, coast).total.target == 60


def test_targets_of_months_add_up_until_a_longer_period_has_its_own(sales: Any) -> None:
    ann = person(sales, "Ann")
    for month in ("2026-01-01", "2026-02-01", "2026-04-01"):
        target(sales, "10", owner_id=ann, starts_on=month)
    target(sales, "100", owner_id=ann, period="quarter", starts_on="2026-04-01")

    with sales.work(write=False) as work:
        whole = forecast(work, Period("year", date(2026, 1, 1), date(2027, 1, 1)))

    assert [line.target for line in whole.owners] == [120]
    assert [line.target for line in whole.months][:5] == [10, 10, None, 10, None]


def test_forecast_obeys_the_rights(sales: Any) -> None:
    ann, bo = person(sales, "Ann"), person(sales, "Bo")
    with sales.work() as work:
        role = records.create(work, "core.role", {"name": "Own"})["id"]
        for permission in ("sales.deal.read", "sales.target.read"):
            grant = {"role_id": role, "permission": permission, "scope": "own"}
            records.create(work, "core.role_grant", grant)
        records.create(work, "core.user_role", {"user_id": ann, "role_id": role})
    for owner in (ann, bo):
        sales.run(deal(sales, owner_id=owner, amount="50"), "win")
        deal(sales, owner_id=owner, amount="7")
        target(sales, "100", owner_id=owner)

    with sales.application.database.read() as connection:
        actor = actor_of_user(connection, ann)
    found = year(sales, actor=actor)

    assert [(line.key, line.sums.won, line.sums.pipeline, line.target) for line in found.owners] == [
        (ann, 50, 7, 100)
    ]
    assert found.total.target == 100


def test_forecast_takes_eight_statements_whatever_there_is(sales: Any) -> None:
    statements: list[str] = []
    engine = sales.application.database.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    counts = []
    for _ in range(2):
        ann = person(sales, f"P{len(counts)}", team(sales, f"T{len(counts)}"))
        sales.run(deal(sales, owner_id=ann), "win")
        deal(sales, owner_id=ann)
        statements.clear()
        year(sales)
        counts.append(len([text for text in statements if text.startswith("SELECT")]))

    assert counts[0] == counts[1] <= 8


@pytest.mark.parametrize(
    ("kind", "day", "start", "end"),
    [
        ("month", "2026-02-10", "2026-02-01", "2026-03-01"),
        ("quarter", "2026-12-31", "2026-10-01", "2027-01-01"),
        ("year", "2026-07-01", "2026-01-01", "2027-01-01"),
    ],
)
def test_periods_begin_on_the_first(sales: Any, kind: str, day: str, start: str, end: str) -> None:
    with sales.work(write=False) as work:
        period = period_at(work, kind, date.fromisoformat(day))

    assert (period.start.isoformat(), period.end.isoformat()) == (start, end)
    assert period.shifted(1).shifted(-1) == period
