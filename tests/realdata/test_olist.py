"""The marketing funnel of Olist: 8,000 leads, 842 of which became sellers, as the files have it."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.transfer import ImportOptions, import_file
from crmframe.testing.application import MakeApplication
from crmframe_sales.leads.queries import conversion
from crmframe_sales.standard import make_standard

pytestmark = pytest.mark.realdata

FOLDER = "olist-marketing-funnel"
LEADS, DEALS = "olist_marketing_qualified_leads_dataset.csv", "olist_closed_deals_dataset.csv"
CHUNK = 300


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def loaded(make_application: MakeApplication, data_folder: Path) -> Any:
    application = make_application("sales")
    with application.work() as work:
        records.create(work, "sales.pipeline", {"name": "Standard"})
        make_standard(work, (("Contacted", "open", 10, None), ("Won", "won", 100, None)))
    mapping = {
        "mql_id": "name",
        "first_contact_date": "received_at",
        "landing_page_id": "landing_page",
        "origin": "source",
    }
    report = import_file(
        application, None, data_folder / FOLDER / LEADS, "sales.lead", ImportOptions(mapping=mapping)
    )
    assert (report.created, dict(report.problems)) == (8000, {})
    return application


def test_every_lead_and_conversion_is_counted_by_origin_as_in_the_files(
    loaded: Any, data_folder: Path
) -> None:
    leads, deals = rows_of(data_folder / FOLDER / LEADS), rows_of(data_folder / FOLDER / DEALS)
    won = {row["mql_id"]: row["won_date"] for row in deals}
    with loaded.work(write=False) as work:
        table = records.visible(work, "sales.lead")
        ids = {row.name: row.id for row in work.rows(table.select())}

    names = sorted(won)
    for start in range(0, len(names), CHUNK):
        inputs = {
            ids[name]: {
                "converted_at": datetime.strptime(won[name], "%d-%m-%Y %H:%M")
                .replace(tzinfo=UTC)
                .isoformat(),
                "without_deal": True,
            }
            for name in names[start : start + CHUNK]
        }
        with loaded.work() as work:
            records.run_many(work, "sales.lead", "convert_imported", inputs)

    with loaded.work(write=False) as work:
        counted = {row.key: (row.leads, row.converted) for row in conversion(work)}
    origins = Counter(row["origin"] or None for row in leads)
    converted = Counter(row["origin"] or None for row in leads if row["mql_id"] in won)
    assert len(won) == len(set(won) & set(ids)) == 842
    assert counted == {origin: (number, converted[origin]) for origin, number in origins.items()}
    assert sum(number for number, _ in counted.values()) == 8000
    assert sum(number for _, number in counted.values()) == 842
