"""Real companies and numbers are imported as they come, and found as people look for them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from pypinyin import lazy_pinyin

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.records import Query
from crmframe.core.search.feeding import Feeder
from crmframe.core.search.rebuilding import unequal
from crmframe.core.search.searching import matching, search
from crmframe.core.transfer import ImportOptions, import_file

pytestmark = pytest.mark.realdata
CUSTOMER = "core.customer"


def read(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as lines:
        return list(csv.DictReader(lines))


def ids_of(application: Application, text: str) -> set[int]:
    """Return everything that a text finds, through the list."""
    with application.work(write=False) as work:
        term = matching(work, work.schema.entity(CUSTOMER), text)
        return {
            row[0]
            for row in records.select(work, CUSTOMER, Query(columns=("id",), limit=1000, matching=term)).rows
        }


def test_listed_companies_of_a_gbk_file_are_found(application: Application, data_folder: Path) -> None:
    folder = data_folder / "companies"
    report = import_file(application, None, folder / "cn-a-shares-gbk.csv", CUSTOMER, ImportOptions())
    Feeder(application).drain()
    assert report.created == 3621

    with application.work(write=False) as work:
        page = records.select(work, CUSTOMER, Query(columns=("id", "code", "name"), limit=1000))
        rows = list(page.rows)
        while page.next:
            page = records.select(
                work, CUSTOMER, Query(columns=("id", "code", "name"), limit=1000, after=page.next)
            )
            rows += page.rows
        assert list(unequal(work)) == []
    assert sum(code.startswith("0") for _, code, _ in rows) == 1396
    for number, code, name in rows[::150]:
        spelled = lazy_pinyin(name)
        assert number in ids_of(application, code), code
        assert number in ids_of(application, name[:2]), name
        assert number in ids_of(application, name[1:3].strip(" *") or name), name
        if all("\u4e00" <= c <= "\u9fff" for c in name):
            assert number in ids_of(application, "".join(spelled)), name
            assert number in ids_of(application, "".join(each[0] for each in spelled)), name


def test_numbers_of_all_regions_are_kept_as_given_and_found_by_their_ends(
    application: Application, data_folder: Path
) -> None:
    given = read(data_folder / "phones" / "phones.csv")
    with application.work() as work:
        ids = records.create_many(
            work, CUSTOMER, [{"name": row["region"], "phone": row["international"]} for row in given]
        )
        phones = [records.get(work, CUSTOMER, i, columns=("phone",))["phone"] for i in ids]
    Feeder(application).drain()

    assert phones == [row["e164"] for row in given]
    with application.work(write=False) as work:
        for number, row in zip(ids, given, strict=True):
            for text in (row["e164"], row["international"], row["e164"][-8:], row["e164"][-4:]):
                found = search(work, text, [CUSTOMER], limit=400).hits.get(CUSTOMER, ())
                assert number in {hit.id for hit in found}, (text, row)
