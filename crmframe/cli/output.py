"""Tables for people: plain, aligned also where characters are two columns wide, without anything that a terminal obeys."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

GAP = "  "
WIDEST = 40
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a table; numbers stand at the right, long cells are cut for people only."""
    given = [list(row) for row in rows]
    widest = WIDEST if sys.stdout.isatty() else None
    cells = [[shortened(cell_text(value), widest) for value in row] for row in given]
    numeric = [bool(given) and all(_is_number(row[i]) for row in given) for i in range(len(head))]
    widths = [max(width(line[i]) for line in [list(head), *cells]) for i in range(len(head))]
    yield _line(head, widths, numeric)
    yield GAP.join("-" * each for each in widths)
    for line in cells:
        yield _line(line, widths, numeric)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    return GAP.join(padded(*each) for each in zip(cells, widths, numeric, strict=True)).rstrip()


def padded(text: str, columns: int, right: bool = False) -> str:
    """Return *text* filled with blanks to a width in columns."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def pairs(items: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Yield one line for each name and value."""
    given = [(name, cell_text(value)) for name, value in items]
    columns = max((width(name) for name, _ in given), default=0)
    for name, value in given:
        yield f"{padded(name, columns)}{GAP}{value}".rstrip()


def width(text: str) -> int:
    """Return how many columns a terminal needs for *text*."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, columns: int | None) -> str:
    """Return *text* cut to a width in columns."""
    if columns is None or width(text) <= columns:
        return text
    kept, used = [], 1
    for character in text:
        used += _columns(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept) + "…"


def cell_text(value: Any) -> str:
    """Return a value on one line; what a terminal would obey (escape sequences in a name) is replaced."""
    if value is None:
        return ""
    text = " ".join(str(value).split())
    return text if text.isprintable() else "".join(c if c.isprintable() else REPLACEMENT for c in text)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))
