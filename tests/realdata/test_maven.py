"""The Maven sales data, as a company would bring it: customers with parents, people in teams, 8,800 deals with a past."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.journal.tables import operation
from crmframe.core.storage.metadata import METADATA
from crmframe.testing.application import MakeApplication
from crmframe_sales import queries
from tests.realdata.maven import FOLDER, Maven

pytestmark = pytest.mark.realdata

# What an import and its undo leave behind on purpose: who did what, numbers that never come back, and what the
# search index has still to read.
ASIDE = (
    "core_operation",
    "core_commit",
    "core_change",
    "core_event",
    "core_epoch",
    "core_idempotency",
    "core_reference",
    "core_search_pending",
)
ALIAS = {"product": {"GTXPro": "GTX Pro"}}


@pytest.fixture
def maven(make_application: MakeApplication, data_folder: Path, tmp_path: Path) -> Maven:
    return Maven(make_application("sales"), data_folder / FOLDER, tmp_path)


def tables(maven: Maven) -> dict[str, dict[int, tuple[Any, ...]]]:
    """Return every row of every table by id, versions and stamps included."""
    found = {}
    with maven.application.database.read() as connection:
        present = set(sa.inspect(connection).get_table_names())
        for table in METADATA.sorted_tables:
            if table.name in present and table.name not in ASIDE and "id" in table.c:
                rows = connection.execute(sa.select(table).order_by(table.c.id)).mappings()
                found[table.name] = {row["id"]: tuple(map(str, row.values())) for row in rows}
    return found


def all_rows(maven: Maven, entity: str, *columns: str) -> list[Any]:
    with maven.application.work(write=False) as work:
        table = records.visible(work, entity)
        return work.rows(sa.select(*(table.c[name] for name in columns)).order_by(table.c.id))


def test_customers_find_their_parents_by_name(maven: Maven) -> None:
    report, products = maven.load_masters()

    names = {row.id: row.name for row in all_rows(maven, "core.customer", "id", "name")}
    parents = {
        row.name: names[row.parent_id]
        for row in all_rows(maven, "core.customer", "name", "parent_id")
        if row.parent_id
    }
    assert (report.created, report.refused, products.created) == (85, 0, 7)
    assert parents == {
        r["account"]: r["subsidiary_of"] for r in maven.rows("accounts.csv") if r["subsidiary_of"]
    }
    assert len(parents) == 15
    assert report.ignored == []


def test_people_become_users_in_teams(maven: Maven) -> None:
    maven.load_people()

    users = {row.id: row.name for row in all_rows(maven, "core.user", "id", "name")}
    teams = {row.id: row.name for row in all_rows(maven, "core.team", "id", "name")}
    members = {
        (users[m.user_id], teams[m.team_id]) for m in all_rows(maven, "core.membership", "user_id", "team_id")
    }
    offices = {
        row.name: teams[row.parent_id]
        for row in all_rows(maven, "core.team", "name", "parent_id")
        if row.parent_id
    }
    people = maven.rows("sales_teams.csv")
    assert {(p["sales_agent"], p["manager"]) for p in people} <= members
    assert offices == {p["manager"]: p["regional_office"] for p in people}
    assert len(users) == 35 + len(offices)


@pytest.fixture
def loaded(maven: Maven) -> tuple[Maven, dict[str, int]]:
    maven.load_people()
    maven.load_masters()
    return maven, maven.set_up_pipeline()


def test_unknown_products_are_reported_row_by_row_and_settled_by_an_alias(
    loaded: tuple[Maven, dict[str, int]],
) -> None:
    maven, _ = loaded
    before = tables(maven)

    dry = maven.load_deals(dry_run=True)
    unchanged = tables(maven) == before
    mend = maven.scratch / "mend.csv"
    first = maven.load_deals(mend=mend)
    with mend.open(encoding="utf-8-sig", newline="") as file:
        mended = list(csv.DictReader(file))
    second = maven.load_deals(mend, aliases=ALIAS)

    rows = maven.rows("sales_pipeline.csv")
    wrong = [number for number, row in enumerate(rows, 2) if row["product"] == "GTXPro"]
    assert unchanged
    assert dry.counts == first.counts == Counter(created=7320, refused=1480)
    assert dry.problems == first.problems == Counter({("product_id", "unknown_link"): 1480})
    assert [int(row["crmframe row"]) for row in mended] == wrong
    assert all("GTXPro" in row["crmframe problems"] for row in mended)
    assert (second.created, second.refused) == (1480, 0)


def test_deals_come_with_their_stages_dates_and_values(loaded: tuple[Maven, dict[str, int]]) -> None:
    maven, stages = loaded
    report = maven.load_deals(aliases=ALIAS)

    deals = all_rows(maven, "sales.deal", "code", "stage_id", "amount", "customer_id", "won_at", "owner_id")
    names = {record_id: name for name, record_id in stages.items()}
    assert (report.created, report.refused) == (8800, 0)
    assert Counter(names[d.stage_id] for d in deals) == Counter(
        Won=4238, Lost=2473, Engaging=1589, Prospecting=500
    )
    assert sum(d.amount for d in deals if d.won_at) == Decimal(10_005_534)
    assert sum(d.customer_id is None for d in deals) == 1425
    assert len({d.owner_id for d in deals}) == 30
    assert history(maven, names) == expected_history(maven.rows("sales_pipeline.csv"))


def history(maven: Maven, stages: dict[int, str]) -> set[tuple[str, str, date]]:
    codes = {row.id: row.code for row in all_rows(maven, "sales.deal", "id", "code")}
    changes = all_rows(maven, "sales.stage_change", "deal_id", "to_stage_id", "at")
    steps = {(codes[c.deal_id], stages[c.to_stage_id], c.at.date()) for c in changes}
    assert len(steps) == len(changes)
    assert all(c.at.time() == datetime.min.time() for c in changes if stages[c.to_stage_id] != "Prospecting")
    return {step for step in steps if step[1] != "Prospecting"}  # the file gives those no day


def expected_history(rows: list[dict[str, str]]) -> set[tuple[str, str, date]]:
    steps = set()
    for row in rows:
        if row["engage_date"]:
            steps.add((row["opportunity_id"], "Engaging", date.fromisoformat(row["engage_date"])))
        if row["close_date"]:
            steps.add((row["opportunity_id"], row["deal_stage"], date.fromisoformat(row["close_date"])))
    return steps


def test_funnel_agrees_with_the_file(loaded: tuple[Maven, dict[str, int]]) -> None:
    maven, _ = loaded
    maven.load_deals(aliases=ALIAS)

    with maven.application.work(write=False) as work:
        pipeline = queries.default_pipeline(work)
        assert pipeline is not None
        funnel = {row.name: row for row in queries.funnel(work, pipeline)}
        doubtful = queries.inconsistent_deals(work)

    rows = maven.rows("sales_pipeline.csv")
    stage = Counter(row["deal_stage"] for row in rows)
    engaged = stage["Engaging"] + stage["Won"] + stage["Lost"]
    days = [
        (date.fromisoformat(r["close_date"]) - date.fromisoformat(r["engage_date"])).days
        for r in rows
        if r["close_date"]
    ]
    assert [funnel[n].reached for n in ("Prospecting", "Engaging", "Won")] == [
        len(rows),
        engaged,
        stage["Won"],
    ]
    assert funnel["Engaging"].lost == stage["Lost"]
    assert [funnel[n].current for n in ("Prospecting", "Engaging", "Won")] == [500, 1589, 4238]
    assert funnel["Engaging"].median_days == round(float(median(days)), 1)
    assert funnel["Won"].conversion == pytest.approx(stage["Won"] / engaged)
    assert doubtful == []


def test_undo_takes_everything_back_but_the_deal_that_was_edited(
    loaded: tuple[Maven, dict[str, int]],
) -> None:
    maven, _ = loaded
    before = tables(maven)
    mend = maven.scratch / "mend.csv"
    first = maven.load_deals(mend=mend)
    second = maven.load_deals(mend, aliases=ALIAS)
    with maven.application.work() as work:
        edited = first.outcomes[0].record_id
        assert edited is not None
        records.update(work, "sales.deal", edited, {"next_step": "Call them"})

    kept = []
    for report in (second, first):
        with maven.application.work() as work:
            assert report.operation_id is not None
            kept += records.undo(work, report.operation_id, partly=True).kept

    after = tables(maven)
    assert [k.record_id for k in kept if k.entity == "sales.deal"] == [edited]
    assert {k.entity for k in kept} == {"sales.deal", "sales.stage_change"}
    own = {row.id for row in all_rows(maven, "sales.stage_change", "id", "deal_id") if row.deal_id == edited}
    assert {k.record_id for k in kept if k.entity == "sales.stage_change"} == own
    left = after["sales_deals"].pop(edited)
    assert "Call them" in left
    assert set(after["sales_stage_changes"]) == own
    after["sales_stage_changes"] = {}
    assert after == before


def test_undo_of_all_imports_leaves_what_the_edited_deal_needs(loaded: tuple[Maven, dict[str, int]]) -> None:
    maven, _ = loaded
    deals = maven.load_deals(aliases=ALIAS)
    with maven.application.work() as work:
        edited = deals.outcomes[0].record_id
        assert edited is not None
        deal = records.update(work, "sales.deal", edited, {"notes": "Kept"})
        imports = sa.select(operation.c.id).where(operation.c.door == "import")
        operations = work.rows(imports.order_by(operation.c.id.desc()))

    for row in operations:
        with maven.application.work() as work:
            records.undo(work, row.id, partly=True)

    assert [r.id for r in all_rows(maven, "sales.deal", "id")] == [edited]
    assert [r.id for r in all_rows(maven, "core.product", "id")] == [deal["product_id"]]
    assert deal["customer_id"] in {r.id for r in all_rows(maven, "core.customer", "id")}
    assert [r.id for r in all_rows(maven, "core.user", "id")] == [deal["owner_id"]]
