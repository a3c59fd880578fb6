"""A query: what was typed, as terms that the indexes of both databases and a look at a single record understand."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from crmframe.core.search.pinyin import LETTERS
from crmframe.core.search.tokens import MOST_LETTERS, RUN, UNSPACED, foldings

__all__ = ["Asked", "asked"]

MOST_CHARACTERS, MOST_GROUPS = 200, 12
SHORTEST_NUMBER = 7
_PHONE = re.compile(r"[+(]?[0-9][0-9 ().\-/–]*")


@dataclass(frozen=True, slots=True)
class Term:
    """A token, or how one begins."""

    token: str
    is_start: bool


Way = tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: in every group at least one way, and of a way every term."""

    text: str
    groups: tuple[tuple[Way, ...], ...]

    def fts5(self) -> str:
        """Return the expression for FTS5's MATCH; tokens hold nothing that has a meaning there."""
        return _joined(self.groups, '"{}"', '"{}" *', " AND ", " OR ")

    def tsquery(self, prefix: str = "") -> str:
        """Return the text of a tsquery for tokens that all begin with *prefix*."""
        return _joined(self.groups, f"'{prefix}{{}}'", f"'{prefix}{{}}':*", " & ", " | ")

    def fits(self, document: str) -> bool:
        """Return whether a document, as it is written into the index, is what was looked for."""
        tokens = sorted(document.split(" "))
        return all(any(all(_has(tokens, term) for term in way) for way in ways) for ways in self.groups)


def _joined(groups: Sequence[Sequence[Way]], whole: str, start: str, both: str, either: str) -> str:
    def written(way: Way) -> str:
        return both.join((start if term.is_start else whole).format(term.token) for term in way)

    return both.join("(" + either.join(f"({written(way)})" for way in ways) + ")" for ways in groups)


def _has(tokens: Sequence[str], term: Term) -> bool:
    place = bisect_left(tokens, term.token)
    if place == len(tokens):
        return False
    return tokens[place].startswith(term.token) if term.is_start else tokens[place] == term.token


def asked(text: str) -> Asked | None:
    """Return what *text* looks for, None when there is nothing in it to look for."""
    text = text[:MOST_CHARACTERS].encode("utf-8", "ignore").decode().strip()
    groups = [ways for chunk in text.split() if (ways := _ways_of(chunk))][:MOST_GROUPS]
    number = _number(text)
    if number:
        words = tuple(term for ways in groups for term in ways[0])
        groups = [(_start(number), words)]
    return Asked(text, tuple(groups)) if groups else None


def _number(text: str) -> str:
    """Return the digits of a telephone number as the index has them, empty when *text* is none."""
    if not _PHONE.fullmatch(text):
        return ""
    digits = "".join(c for c in text.replace("(0)", "") if c.isdigit())
    # 00 and 0 in front are dialed, they are no part of the number.
    number = digits if text.startswith("+") else digits.removeprefix("00").removeprefix("0")
    return number if len(digits) >= SHORTEST_NUMBER and number != text else ""


def _start(token: str) -> Way:
    return (Term(token[:MOST_LETTERS], True),)


def _ways_of(chunk: str) -> tuple[Way, ...]:
    """Return the ways in which a word between blanks may stand in the index."""
    found: dict[Way, None] = {}
    for folded in foldings(chunk):
        runs = RUN.findall(folded)
        if not runs:
            continue
        is_word = not any(UNSPACED.match(run) for run in runs)
        if is_word and (len(runs) > 1 or len(runs[0]) > LETTERS or "@" in chunk):
            whole = "".join(runs)
            found[_start(whole)] = None
            if len(whole) > LETTERS:
                found[(Term(whole[:LETTERS], False),)] = None
        if not (is_word and "@" in chunk):
            found[tuple(term for run in runs for term in _terms_of(run))] = None
    return tuple(found)


def _terms_of(run: str) -> list[Term]:
    if not UNSPACED.match(run):
        return [Term(run[:MOST_LETTERS], True)]
    if len(run) == 1:
        return [Term(run, True)]
    return [Term(run[at : at + 2], False) for at in range(len(run) - 1)]
