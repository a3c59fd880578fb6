"""Amounts in capital figures, read back by an independent reader."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmframe_sales.quotes.capital import capital_amount

# The first block is the annex 正确填写票据和结算凭证的基本规定 itself.
EXAMPLES = (
    ("1409.50", "壹仟肆佰零玖元伍角整"),
    ("6007.14", "陆仟零柒元壹角肆分"),
    ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
    ("107000.53", "壹拾万零柒仟元零伍角叁分"),
    ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
    ("325.04", "叁佰贰拾伍元零肆分"),
    ("0", "零元整"),
    ("0.01", "壹分"),
    ("0.50", "伍角整"),
    ("10", "壹拾元整"),
    ("10001", "壹万零壹元整"),
    ("100000001", "壹亿零壹元整"),
    ("1000000000000", "壹万亿元整"),
    ("-1234.5", "负壹仟贰佰叁拾肆元伍角整"),
    ("0.005", "壹分"),
    ("-0.001", "零元整"),
)
FIGURES = "零壹贰叁肆伍陆柒捌玖"


@pytest.mark.parametrize(("amount", "text"), EXAMPLES)
def test_amounts_are_written_as_the_rules_say(amount: str, text: str) -> None:
    assert capital_amount(Decimal(amount)) == text


@given(st.integers(-(10**14), 10**14))
def test_what_is_written_reads_back_as_the_amount(cents: int) -> None:
    text = capital_amount(Decimal(cents).scaleb(-2))

    assert read(text) == cents
    assert "零零" not in text
    assert text.endswith("整") == (cents % 10 == 0)


def read(text: str) -> int:
    sign, text = (-1, text[1:]) if text.startswith("负") else (1, text)
    yuan, _, rest = text.rpartition("元") if "元" in text else ("", "", text)
    small = {"角": 10, "分": 1}
    cents = sum(FIGURES.index(rest[i - 1]) * small[c] for i, c in enumerate(rest) if c in small)
    return sign * (whole(yuan) * 100 + cents)


def whole(text: str) -> int:
    for word, size in (("亿", 10**8), ("万", 10**4)):
        before, found, after = text.rpartition(word)
        if found:
            return (whole(before) if before else 1) * size + whole(after)
    total, figure = 0, 0
    for character in text:
        if character in FIGURES:
            figure = FIGURES.index(character)
        else:
            total += figure * {"拾": 10, "佰": 100, "仟": 1000}[character]
            figure = 0
    return total + figure


def test_more_than_a_trillion_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond"):
        capital_amount(Decimal("1000000000000.01"))
