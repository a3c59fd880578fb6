"""Numbers as people write them."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Any

from crmframe.core.entities.kinds_base import ParseContext, ValueProblem, shown

LONGEST = 60
DIGITS = 18

_SIMPLE = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?")
_GROUPED = re.compile(r"[0-9]+|[0-9]{1,3}(?:(?P<mark>[ ',])[0-9]{3})(?:(?P=mark)[0-9]{3})*")
_GROUPED_BY_POINT = re.compile(r"[0-9]+|[0-9]{1,3}(?:(?P<mark>[ '.])[0-9]{3})(?:(?P=mark)[0-9]{3})*")
_MARKS = re.compile(r"[ ',.]")
_UNITS = {
    "万": 10**4,
    "萬": 10**4,
    "亿": 10**8,
    "億": 10**8,
    "千": 10**3,
    "k": 10**3,
    "m": 10**6,
    "mn": 10**6,
    "b": 10**9,
    "bn": 10**9,
}
_UNIT = re.compile(r"(?P<number>.*[0-9])\s*(?P<unit>万|萬|亿|億|千|k|mn|m|bn|b)", re.IGNORECASE)
_CURRENCY = re.compile(r"[¥$€£₩₹₽元圆]|\b(?:US|HK|NT|CN|AU|CA|SG)(?=\$)|(?<![A-Z])[A-Z]{3}(?![A-Z])")
_MINUS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "’": "'", "\u202f": " ", "\u00a0": " ", "\u2009": " "})


def plain_number(text: str) -> int | None:
    """Return what 1 to 18 ASCII digits stand for, which any column can hold; None for every other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None


def read_number(raw: Any, context: ParseContext, *, money: bool = False) -> Decimal | None:
    """Return the number that *raw* stands for, None when it is empty.

    Args:
        money: Also accept a currency sign or code around it.

    Raises:
        ValueProblem: It stands for none, or could stand for two.
    """
    if isinstance(raw, str):
        if _SIMPLE.fullmatch(raw) and not context.decimal_comma:
            return Decimal(raw)
        return _read_text(raw, context, money=money)
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise _no_number(raw, context)
    value = Decimal(repr(raw)) if isinstance(raw, float) else Decimal(raw)
    if not value.is_finite():
        raise _no_number(raw, context)
    return value


def _read_text(raw: str, context: ParseContext, *, money: bool) -> Decimal | None:
    text = raw.strip()
    if not text:
        return None
    if len(text) > LONGEST:
        raise _no_number(raw, context)
    text = unicodedata.normalize("NFKC", text.translate(_MINUS))
    if money:
        text = _CURRENCY.sub("", text, count=2).strip()
    text, negative = _without_sign(text)
    if money:
        text = _CURRENCY.sub("", text, count=1).strip()
    text, factor = _without_unit(text)
    digits = _plain_digits(text, context)
    if digits is None:
        raise _no_number(raw, context)
    value = Decimal(digits) * factor
    return -value if negative else value


def _without_sign(text: str) -> tuple[str, bool]:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True  # as accountants write it
    if text.startswith(("-", "+")):
        return text[1:].strip(), text.startswith("-")
    return text, False


def _without_unit(text: str) -> tuple[str, int]:
    found = _UNIT.fullmatch(text)
    return (found["number"], _UNITS[found["unit"].lower()]) if found else (text, 1)


def _plain_digits(text: str, context: ParseContext) -> str | None:
    """Return digits with a decimal point; None when *text* is no number, or not surely one."""
    point, grouped = (",", _GROUPED_BY_POINT) if context.decimal_comma else (".", _GROUPED)
    whole, separator, fraction = text.partition(point)
    if grouped.fullmatch(whole) and _is_fraction(fraction, separator):
        return _MARKS.sub("", whole) + ("." + fraction if fraction else "")
    if context.decimal_comma and _SIMPLE.fullmatch(text):
        return text  # 1000.00 cannot be grouped by points: a program wrote it
    return None


def _is_fraction(text: str, separator: str) -> bool:
    return text.isascii() and text.isdigit() if separator else True


def _no_number(raw: Any, context: ParseContext) -> ValueProblem:
    example = "1.234,50" if context.decimal_comma else "1,234.50"
    template = "{field}: {value} is not a number. Write it like {example}."
    return ValueProblem("not_a_number", template, value=shown(raw), example=example)
