"""Which character separates the cells: each candidate is tried, and the one that gives a table wins.

``csv.Sniffer`` guesses from letter counts: it answered a carriage return, an "i" and a NUL for real exports.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

DELIMITERS = (",", ";", "\t", "|", "^")
QUOTES = ('"', "'")
SAMPLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are separated and quoted; ``skip`` lines before the table name the separator (``sep=;``)."""

    delimiter: str = ","
    quote: str = '"'
    skip: int = 0


def detect(lines: Sequence[str], delimiter: str = "") -> Dialect:
    """Return the dialect of a file that begins with *lines*.

    Args:
        lines: With their ends, as they are.
        delimiter: What the user says it is.
    """
    told = _told(lines)
    skip = 1 if told else 0
    rest = lines[skip:]
    candidates = (delimiter or told,) if delimiter or told else DELIMITERS
    tried = [Dialect(d, q, skip) for d in candidates for q in _quotes(rest)]
    # max keeps the first of equals: comma and double quote.
    return max(tried, key=lambda dialect: _score(rest, dialect))


def _told(lines: Sequence[str]) -> str:
    first = lines[0].rstrip("\r\n").lower() if lines else ""
    return first[4] if len(first) == 5 and first.startswith("sep=") else ""


def _quotes(lines: Sequence[str]) -> Sequence[str]:
    # Apostrophes in names look like quotes; only a file whose cells begin and end with them uses them so.
    quoted = [line for line in lines if line.startswith("'") and line.rstrip().endswith("'")]
    return QUOTES if lines and len(quoted) > 0.5 * len(lines) else QUOTES[:1]


def _score(lines: Sequence[str], dialect: Dialect) -> tuple[float, int]:
    """Return how much of the sample is a table, then how wide it is."""
    widths = [len(cells) for cells in _parsed(lines, dialect) if any(cells)]
    if not widths:
        return (0.0, 0)
    usual, count = max(Counter(widths).items(), key=lambda item: (item[1], item[0]))
    # One column is what every wrong separator gives.
    return (count / len(widths) if usual > 1 else 0.01, usual)


def _parsed(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    reader = csv.reader(iter(lines), delimiter=dialect.delimiter, quotechar=dialect.quote)
    try:
        return list(islice(reader, SAMPLE_ROWS))
    except csv.Error:
        return []
