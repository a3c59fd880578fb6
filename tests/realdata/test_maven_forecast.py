"""The forecast and the page of the team over the Maven data: their sums equal those of the files."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmframe.core import records
from crmframe.testing.application import MakeApplication
from crmframe_sales.forecast.periods import Period
from crmframe_sales.forecast.queries import Forecast, Line, forecast
from crmframe_sales.team.queries import team
from tests.realdata.maven import DEAL_MAPPING, FOLDER, Maven

pytestmark = pytest.mark.realdata
ALIAS = {"product": {"GTXPro": "GTX Pro"}}
TARGETS = {"Darcel Schlecht": 100_000, "Anna Snelling": 25_000}


@pytest.fixture
def maven(make_application: MakeApplication, data_folder: Path, tmp_path: Path) -> Maven:
    """Give the data, each deal in the team of its agent's manager."""
    maven = Maven(make_application("sales"), data_folder / FOLDER, tmp_path)
    maven.load_people()
    maven.load_masters()
    maven.set_up_pipeline()
    managers = {row["sales_agent"]: row["manager"] for row in maven.rows("sales_teams.csv")}
    rows = maven.rows("sales_pipeline.csv")
    headers = [*rows[0], "team"]
    file = maven.make("deals.csv", headers, [[*row.values(), managers[row["sales_agent"]]] for row in rows])
    report = maven.load_deals(file, aliases=ALIAS, mapping={**DEAL_MAPPING, "team": "team_id"})
    assert (report.created, report.refused) == (8800, 0)
    return maven


def won_by(maven: Maven, key: Any, month: str = "2017") -> dict[str, Decimal]:
    """Return what the file says was won in a year or month, by what *key* makes of a row."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in maven.rows("sales_pipeline.csv"):
        if row["deal_stage"] == "Won" and row["close_date"].startswith(month):
            found[key(row)] += Decimal(row["close_value"])
    return dict(found)


def year(maven: Maven) -> Forecast:
    with maven.application.work(write=False) as work:
        return forecast(work, Period("year", date(2017, 1, 1), date(2018, 1, 1)))


def won(lines: list[Line]) -> dict[str, Decimal]:
    return {line.name: line.sums.won for line in lines if line.sums.won}


def test_forecast_has_the_sums_of_the_file_by_person_team_and_month(maven: Maven) -> None:
    people = {row["sales_agent"]: row for row in maven.rows("sales_teams.csv")}
    found = year(maven)

    offices = won_by(maven, lambda row: people[row["sales_agent"]]["regional_office"])
    teams = won_by(maven, lambda row: people[row["sales_agent"]]["manager"])
    months = won_by(maven, lambda row: row["close_date"][:7] + "-01")
    assert found.total.sums.won == sum(offices.values()) == Decimal(10_005_534)
    assert found.total.sums.won_deals == 4238
    assert won(found.owners) == won_by(maven, lambda row: row["sales_agent"])
    assert won(found.teams) == {**offices, **teams}
    assert won(found.months) == months
    # The open deals of the file have neither a day nor an amount: they count in no period, and it is said.
    stages = Counter(row["deal_stage"] for row in maven.rows("sales_pipeline.csv"))
    assert found.undated.open_deals == stages["Engaging"] + stages["Prospecting"]
    assert found.total.sums.open_deals == 0


def test_team_page_has_the_sums_of_the_file_for_each_person(maven: Maven, clock: Any) -> None:
    clock.set(datetime(2017, 12, 20, 12, tzinfo=UTC))
    with maven.application.work() as work:
        ids = {row["name"]: row["id"] for row in records.select(work, "core.user", records.Query()).records()}
        goals = [
            {"owner_id": ids[name], "starts_on": "2017-12-01", "value": value}
            for name, value in TARGETS.items()
        ]
        records.create_many(work, "sales.target", goals)

    with maven.application.work(write=False) as work:
        found = {member.name: member for member in team(work).members}

    open_deals = Counter(
        row["sales_agent"]
        for row in maven.rows("sales_pipeline.csv")
        if row["deal_stage"] in ("Engaging", "Prospecting")
    )
    assert {name: m.won for name, m in found.items() if m.won} == won_by(
        maven, lambda row: row["sales_agent"], "2017-12"
    )
    assert {name: m.deals for name, m in found.items() if m.deals} == dict(open_deals)
    assert {name: m.target for name, m in found.items() if m.target} == TARGETS
    assert set(found) >= {row["sales_agent"] for row in maven.rows("sales_teams.csv")}


def test_office_holds_the_targets_and_the_deals_of_the_teams_below_it(maven: Maven) -> None:
    people = {row["sales_agent"]: row for row in maven.rows("sales_teams.csv")}
    with maven.application.work() as work:
        ids = {row["name"]: row["id"] for row in records.select(work, "core.user", records.Query()).records()}
        teams = {
            row["name"]: row["id"] for row in records.select(work, "core.team", records.Query()).records()
        }
        records.create_many(
            work,
            "sales.target",
            [
                {
                    "owner_id": ids[name],
                    "team_id": teams[row["manager"]],
                    "period": "quarter",
                    "starts_on": "2017-04-01",
                    "value": 1000,
                }
                for name, row in people.items()
            ],
        )

    lines = {line.name: line for line in year(maven).teams}

    sizes = Counter(row["regional_office"] for row in people.values())
    assert {office: lines[office].target for office in sizes} == {o: 1000 * n for o, n in sizes.items()}
    assert all(lines[row["manager"]].depth == 1 for row in people.values())
