"""Files as other programs wrote them: each is read as its maker meant it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmframe.core.transfer import ReadOptions, UnreadableFile
from crmframe.core.transfer.reading import Table, opened

pytestmark = pytest.mark.realdata


def read(path: Path, locale: str = "en") -> tuple[Table, list[list[str]]]:
    with opened(path, ReadOptions(locale=locale)) as table:
        return table, [row.cells for row in table.rows()]


def test_the_spectrum_of_csv_is_read_as_its_json_says(data_folder: Path) -> None:
    folder = data_folder / "csv-messy" / "csv-spectrum"
    files = sorted(folder.glob("*.csv"))
    assert len(files) == 11
    for file in files:
        table, rows = read(file)
        expected = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        found = [dict(zip(table.headers, cells, strict=False)) for cells in rows]
        assert normal(found) == normal(expected), file.name


def normal(records: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: value.replace("\r\n", "\n") for name, value in record.items()} for record in records]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("companies/cn-a-shares-gbk.csv", ("gb18030", ",", "code", 3621)),
        ("csv-messy/csvkit-examples/test_latin1.csv", ("cp1252", ",", "a", 2)),
        ("csv-messy/messytables-horror/spanish_chars.csv", ("cp1252", ",", "GF_ID", 115)),
        ("csv-messy/messytables-horror/utf-16le_encoded.csv", ("utf-16", ",", "Organisation_code", 327)),
        ("csv-messy/messytables-horror/example.tsv", ("utf-8", "\t", "hour", 140)),
        ("salesforce-dataloader/samples/data/accountData.csv", ("cp1252", ",", "ID", 423)),
        ("vendor-headers/chinese-crm-gbk.csv", ("gb18030", ",", "客户名称", 4)),
        ("vendor-headers/outlook-zh-CN-gbk.csv", ("gb18030", ",", "英文称谓", 4)),
        ("vendor-headers/outlook-en.csv", ("cp1252", ",", "Title", 4)),
        ("vendor-headers/linkedin-connections.csv", ("utf-8", ",", "First Name", 4)),
        ("csv-messy/csvkit-examples/test_skip_lines.csv", ("utf-8", ",", "a", 1)),
        ("csv-messy/csvkit-examples/mac_newlines.csv", ("utf-8", ",", "a", 2)),
    ],
)
@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_encoding_separator_and_headers_are_found(
    data_folder: Path, file: str, expected: tuple[str, str, str, int], locale: str
) -> None:
    table, rows = read(data_folder / file, locale)

    assert (table.encoding, table.delimiter, table.headers[0], len(rows)) == expected


def test_the_same_shares_come_out_of_both_encodings(data_folder: Path) -> None:
    _, utf8 = read(data_folder / "companies" / "cn-a-shares.csv")
    _, gbk = read(data_folder / "companies" / "cn-a-shares-gbk.csv")

    assert utf8 == gbk
    assert sum(row[0].startswith("0") for row in utf8) == 1396


def test_an_empty_file_is_refused_politely(data_folder: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(data_folder / "csv-messy" / "csvkit-examples" / "empty.csv")
