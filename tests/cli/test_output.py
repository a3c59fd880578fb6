"""Tables that people read."""

from __future__ import annotations

from decimal import Decimal

from crmframe.cli.output import cell_text, pairs, shortened, table, width


def test_width_counts_columns_of_a_terminal() -> None:
    assert width("abc") == 3
    assert width("客户") == 4
    assert width("e\u0301") == 1
    assert width("ａ") == 2
    assert width("a\u200bb") == 2


def test_numbers_stand_at_the_right_and_empty_tables_keep_their_head() -> None:
    assert list(table(["Name", "Amount"], [("甲", Decimal("5.00")), ("bc", None), ("d", 1200)])) == [
        "Name  Amount",
        "----  ------",
        "甲      5.00",
        "bc",
        "d       1200",
    ]
    assert list(table(["Name"], [])) == ["Name", "----"]


def test_long_text_is_cut_between_characters() -> None:
    assert shortened("客户关系管理", 7) == "客户关…"
    assert shortened("short", 7) == "short"
    assert shortened("long enough", None) == "long enough"


def test_a_cell_is_one_printable_line() -> None:
    assert cell_text("a\r\nb\tc") == "a b c"
    assert cell_text("\x1b]0;x\x07") == "\N{REPLACEMENT CHARACTER}]0;x\N{REPLACEMENT CHARACTER}"
    assert cell_text(None) == ""


def test_pairs_are_aligned() -> None:
    assert list(pairs([("名称", "李四"), ("Id", 7)])) == ["名称  李四", "Id    7"]
