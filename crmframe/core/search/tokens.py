"""The tokenizer: what is written of a record into the index, and what of a query is looked up there.

Tokens are letters and digits only, so they mean the same to FTS5 and to PostgreSQL, whatever somebody types.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from crmframe.core.entities.field import Field
from crmframe.core.entities.sort_key import plain_letters
from crmframe.core.search.pinyin import spellings

MOST_LETTERS = 40
MOST_TEXT = 4_000
SHORTEST_PHONE = 4
NAMES = "text"

# Scripts without blanks between words: Thai to Khmer, kana, Chinese, Hangul.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003134f"
RUN = re.compile(f"[{_UNSPACED}]+|[^\\W_{_UNSPACED}]+")
UNSPACED = re.compile(f"[{_UNSPACED}]")
_PARTS = re.compile(r"[0-9]+|[^0-9]+")
_DIGITS = re.compile(r"[0-9]")
# What Germans and Scandinavians write where they have no such key; without accents is the other way.
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "ae", "Ö": "oe", "Ü": "ue", "Å": "aa", "Ø": "oe"})  # fmt: skip
# Countries whose code has two digits; those of three are the others, but for 1 and 7.
_TWO_DIGITS = re.compile("2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")


def tokens_of(field: Field, value: str) -> Iterator[str]:
    """Yield the tokens of a field's value, some of them more than once."""
    if field.kind.name == "phone":
        yield from phone_tokens(value)
    elif field.kind.name == "email":
        yield from _email_tokens(value)
    else:
        yield from word_tokens(value)
        if field.kind.name == NAMES:
            yield from spellings(value)


def foldings(text: str) -> list[str]:
    """Return the ways in which the letters of *text* are written without accents."""
    if text.isascii():
        return [text.lower()]
    composed = unicodedata.normalize("NFC", text)
    spelled = composed.translate(_SPELLED_OUT)
    ways = [composed] if spelled == composed else [composed, spelled]
    # Composed once more: taking accents off also takes Korean syllables apart.
    return [unicodedata.normalize("NFC", plain_letters(way)) for way in ways]


def word_tokens(text: str) -> Iterator[str]:
    """Yield words and their parts, pairs of characters where words have no blanks, and codes without their hyphens."""
    for folded in foldings(text[:MOST_TEXT]):
        is_mixed = UNSPACED.search(folded) is not None
        for chunk in folded.split():
            runs = RUN.findall(chunk)
            for run in runs:
                yield from _pairs(run) if UNSPACED.match(run) else _words(run, is_mixed)
            if len(runs) > 1 and not UNSPACED.search(chunk):
                yield "".join(runs)[:MOST_LETTERS]


def _pairs(run: str) -> Iterator[str]:
    for start in range(len(run) - 1):
        yield run[start : start + 2]
    yield run[-1]


def _words(run: str, is_mixed: bool) -> Iterator[str]:
    yield run[:MOST_LETTERS]
    parts = _PARTS.findall(run)
    if len(parts) > 1:
        yield from (part[:MOST_LETTERS] for part in parts)
    if is_mixed and len(run) <= INSIDE:
        # Amid Chinese nobody thinks of where a word begins: TCL集团 is found by CL集.
        yield from (run[start:] for start in range(1, len(run)))


INSIDE = 10


def phone_tokens(value: str) -> Iterator[str]:
    """Yield the digits of a number: whole, without its country, and the last eight and four."""
    digits = "".join(_DIGITS.findall(unicodedata.normalize("NFKC", value)))[:MOST_LETTERS]
    if len(digits) < SHORTEST_PHONE:
        return
    yield digits
    yield digits[-8:]
    yield digits[-4:]
    if value.startswith("+"):
        yield digits[_code_length(digits) :]
    elif digits.startswith("0"):
        yield digits.lstrip("0") or digits


def _code_length(digits: str) -> int:
    if digits[0] in "17":
        return 1
    return 2 if _TWO_DIGITS.match(digits) else 3


def _email_tokens(value: str) -> Iterator[str]:
    """Yield the address whole, what stands before the @ and its words, and the domain as one word."""
    for folded in foldings(value):
        local, _, domain = folded.rpartition("@")
        words = RUN.findall(local)
        yield from (word[:MOST_LETTERS] for word in words)
        yield "".join(words)[:MOST_LETTERS]
        if domain:
            name = "".join(RUN.findall(domain))
            yield name[:MOST_LETTERS]
            yield ("".join(words) + name)[:MOST_LETTERS]
