"""Files are read by their bytes, whoever wrote them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmframe.core.transfer import ReadOptions, UnknownEncoding, UnreadableFile
from crmframe.core.transfer.defusing import armed, defused
from crmframe.core.transfer.reading import Table, opened


def table(data: bytes | str, **options: object) -> Table:
    raw = data.encode() if isinstance(data, str) else data
    return Table(io.BytesIO(raw), "test.csv", ReadOptions(**options))  # type: ignore[arg-type]


def cells(data: bytes | str, **options: object) -> list[list[str]]:
    return [row.cells for row in table(data, **options).rows()]


CHINESE = "客户名称,城市,备注\n上海恒达机械有限公司,上海,老客户\n北京云帆科技,北京,展会认识\n"
GERMAN = "Name;Ort\nMüller & Söhne;Düsseldorf\nGroß;Köln\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_chinese_is_read_in_every_usual_encoding(encoding: str, locale: str) -> None:
    assert cells(CHINESE.encode(encoding), locale=locale)[0] == ["上海恒达机械有限公司", "上海", "老客户"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_german_is_read_in_every_usual_encoding(encoding: str, locale: str) -> None:
    assert cells(GERMAN.encode(encoding), locale=locale) == [
        ["Müller & Söhne", "Düsseldorf"],
        ["Groß", "Köln"],
    ]


def test_one_broken_place_does_not_change_the_encoding_of_the_rest() -> None:
    rows = "".join(f"公司{i},北京\n" for i in range(50)).encode()
    read = cells(b"name,city\n" + rows + b"bro\xffken,x\n")

    assert read[0] == ["公司0", "北京"]
    assert "\udcff" in read[-1][0]


def test_an_encoding_can_be_told() -> None:
    assert cells("n,c\nМосква,x\n".encode("cp1251"), encoding="cp1251") == [["Москва", "x"]]
    with pytest.raises(UnknownEncoding):
        table("a,b\n", encoding="klingon")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separators_are_found_despite_others_in_the_text(delimiter: str) -> None:
    lines = [["name", "notes", "city"], ["Acme, Inc.; Ltd", "a | b", "Rome"], ["O'Neil's", "it's", "Paris"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)

    assert cells(text) == lines[1:]


def test_a_line_that_tells_the_separator_is_obeyed() -> None:
    assert cells("sep=|\na|b,c,d\n1|2,3,4\n") == [["1", "2,3,4"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cells_may_hold_line_breaks_whatever_ends_the_lines(end: str) -> None:
    assert cells(f'name,notes{end}A,"one\ntwo"{end}B,x{end}') == [["A", "one\ntwo"], ["B", "x"]]


def test_apostrophes_quote_only_where_every_line_does() -> None:
    assert cells("'a','b'\n'1, 2','3'\n") == [["1, 2", "3"]]
    assert cells("a,b\n'tis,x\n") == [["'tis", "x"]]


def test_titles_above_the_headers_are_skipped_and_rows_count_as_in_a_spreadsheet() -> None:
    read = table("Customers of 2025\n\nname,city,code\nA,B,C\n\nD,E,F\n")

    assert read.headers == ("name", "city", "code")
    assert [(row.number, row.cells[0]) for row in read.rows()] == [(4, "A"), (6, "D")]
    assert table("x,y,z\nname,city,code\nA,B,C\n", header_row=2).headers == ("name", "city", "code")


@pytest.mark.parametrize("data", [b"", b"\n\n  \n", b"\xef\xbb\xbf"])
def test_empty_files_are_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match="empty"):
        table(data)


def test_a_quote_that_is_never_closed_is_told_with_its_row() -> None:
    text = 'name,notes\nA,x\nB,"' + "y" * 200_000
    with pytest.raises(UnreadableFile, match="row 3"):
        cells(text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no file"), opened(tmp_path / "none.csv", ReadOptions()):
        pass


def test_streams_that_cannot_go_back_are_copied() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError("not seekable")

    with opened(Pipe(b"a,b\n1,2\n"), ReadOptions()) as read:
        assert [row.cells for row in read.rows()] == [row.cells for row in read.rows()] == [["1", "2"]]


@given(st.text(alphabet="'=+-@\t\r\n＝019a ", max_size=8))
def test_what_was_defused_comes_back_exactly(text: str) -> None:
    assert armed(defused(text)) == text
    assert not defused(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))


def test_a_number_kept_as_text_by_a_spreadsheet_is_that_number() -> None:
    assert armed("'72104483011") == "72104483011"
    assert armed("'s-Hertogenbosch") == "'s-Hertogenbosch"
