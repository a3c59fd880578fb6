"""Patterns of numbers: what is wrong with one, and what it makes of a day and a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

LONGEST = 60
_PART = re.compile(r"\{([a-z_]+)(?::0?([1-9]))?\}")
_PARTS = ("year", "short_year", "fiscal_year", "month", "day", "number")
# What a pattern must hold so that a number that begins anew is another one than before.
_TELLS_APART: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "never": (),
    "yearly": (("year", "short_year"),),
    "fiscal_yearly": (("fiscal_year",),),
    "monthly": (("year", "short_year"), ("month",)),
}


def fiscal_year(day: date, first_month: int) -> int:
    """Return the fiscal year of a day, named after the calendar year in which it ends."""
    return day.year + (1 if first_month > 1 and day.month >= first_month else 0)


def period(resets: str, day: date, first_month: int) -> str:
    """Return the name of the period in which numbers are counted; later periods sort behind earlier ones."""
    if resets == "yearly":
        return f"{day.year:04}"
    if resets == "fiscal_yearly":
        return f"{fiscal_year(day, first_month):04}"
    return f"{day.year:04}-{day.month:02}" if resets == "monthly" else ""


def filled(pattern: str, day: date, number: int, first_month: int) -> str:
    """Return the number as it is written."""
    values = {
        "year": day.year,
        "short_year": day.year % 100,
        "fiscal_year": fiscal_year(day, first_month),
        "month": day.month,
        "day": day.day,
        "number": number,
    }
    usual = {"short_year": "2", "month": "2", "day": "2"}

    def part(found: re.Match[str]) -> str:
        width = int(found[2] or usual.get(found[1], "1"))
        return f"{values[found[1]]:0{width}}"

    return _PART.sub(part, pattern)


def wrong_with(pattern: str, resets: str) -> str:
    """Return the sentence that says why no numbers can be made by a pattern; empty when they can."""
    parts = [found[1] for found in _PART.finditer(pattern)]
    if parts.count("number") != 1 or not set(parts) <= set(_PARTS) or set("{}") & set(_PART.sub("", pattern)):
        return "{field}: {value} is no pattern. Write it like {example}, with {number} once."
    if any(set(parts).isdisjoint(wanted) for wanted in _TELLS_APART.get(resets, ())):
        return "{field}: {value} would repeat numbers when it begins anew. Add the year (and the month)."
    return ""
