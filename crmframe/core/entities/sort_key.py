"""The key by which text sorts: the same order on both databases, and the one that people expect.

Case and accents do not count, numbers sort by their value, Chinese sorts by pinyin.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

MAX_LENGTH = 120

_DIGITS = re.compile(r"[0-9]+")
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]")
# What Unicode does not take apart, though dictionaries do.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "þ": "th"}
)
# Characters that names and places read in another way than the dictionary's first.
_SURNAMES = {
    "单": "shan4", "曾": "zeng1", "解": "xie4", "仇": "qiu2", "查": "zha1", "盖": "ge3", "区": "ou1", "朴": "piao2",
    "任": "ren2", "华": "hua4", "乐": "yue4", "翟": "zhai2", "覃": "qin2", "缪": "miao4", "宓": "mi4", "冼": "xian3",
    "尹": "yin3", "召": "shao4", "逄": "pang2", "种": "chong2", "繁": "po2", "秘": "bi4", "员": "yun4", "牟": "mu4",
}  # fmt: skip
_WORDS = {
    "重庆": "chong2 qing4", "厦门": "xia4 men2", "成都": "cheng2 du1", "长沙": "chang2 sha1", "长春": "chang2 chun1",
    "长江": "chang2 jiang1", "长城": "chang2 cheng2", "朝阳": "chao2 yang2", "银行": "yin2 hang2", "六安": "lu4 an1",
    "台州": "tai1 zhou1", "丽水": "li2 shui3", "蚌埠": "beng4 bu4", "音乐": "yin1 yue4", "会计": "kuai4 ji4",
    "重新": "chong2 xin1", "首都": "shou3 du1", "行业": "hang2 ye4", "番禺": "pan1 yu2", "东莞": "dong1 guan3",
    "乐清": "yue4 qing1", "尉迟": "yu4 chi2", "万俟": "mo4 qi2", "长孙": "zhang3 sun1", "单于": "chan2 yu2",
}  # fmt: skip
_SPELLED = re.compile("|".join([*_WORDS, _HAN.pattern]))
# Nothing in it is folded or taken apart, but for the case of its letters: most Chinese names are so.
_PLAIN = re.compile("[ -~\u4e00-\u9fff]*")
_WORD_STARTS = frozenset(word[0] for word in _WORDS)


def sort_key(text: str) -> str:
    """Return the key of *text*, at most 120 characters, to be compared byte by byte."""
    if not text.isascii():
        return _folded(text[: MAX_LENGTH * 2])[:MAX_LENGTH]
    key = text.lower()
    return (key if key.isalpha() else _with_numbers(key))[:MAX_LENGTH]


def plain_letters(text: str) -> str:
    """Return *text* without case and accents: ``Straße`` and ``STRASSE`` are one, ``é`` is an ``e``."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold().translate(_LETTERS)


def is_han(character: str) -> bool:
    """Return whether it is a Chinese character."""
    return _HAN.match(character) is not None


def syllable_of(character: str) -> str:
    """Return the usual reading of a Chinese character, without its tone."""
    return _pinyin_of(character).rstrip("012345")


def _with_numbers(text: str) -> str:
    return _DIGITS.sub(_counted, " ".join(text.split()))


def _counted(found: re.Match[str]) -> str:
    """Put the number of digits in front: 2 becomes 12, 10 becomes 210, and bytes sort as numbers do."""
    digits = found[0].lstrip("0") or "0"
    return chr(ord("0") + min(len(digits), 74)) + digits


def _folded(text: str) -> str:
    if _PLAIN.fullmatch(text):
        key = text.lower()
        return _spelled(key if key.isalpha() else _with_numbers(key))
    # Before pinyin brings its tones, which are digits too.
    folded = _with_numbers(plain_letters(text))
    return _spelled(folded) if _HAN.search(folded) else folded


def _spelled(text: str) -> str:
    if len(text) > 4 and _WORD_STARTS.isdisjoint(text):
        return text.translate(_syllables())
    surname = _SURNAMES.get(text[0]) if 2 <= len(text) <= 4 and _HAN.fullmatch(text[1]) else None
    if surname and text[:2] not in _WORDS:
        return _pinyin_and_character(surname, text[0]) + _SPELLED.sub(_spell, text[1:])
    return _SPELLED.sub(_spell, text)


def _spell(found: re.Match[str]) -> str:
    word = found[0]
    if word in _WORDS:
        return "".join(map(_pinyin_and_character, _WORDS[word].split(), word))
    return _pinyin_and_character(_pinyin_of(word), word)


def _pinyin_and_character(syllable: str, character: str) -> str:
    # The character behind its syllable keeps namesakes together: no Zhang (章) between two other Zhangs (张).
    return syllable + character


class _Syllables(dict[int, str | int]):
    """Each character with its syllable in front, as ``str.translate`` asks for them; filled as they come along."""

    def __missing__(self, code: int) -> str | int:
        character = chr(code)
        if not _HAN.match(character):
            return code
        found = self[code] = _pinyin_and_character(_pinyin_of(character), character)
        return found


@cache
def _syllables() -> _Syllables:
    return _Syllables()


@lru_cache(maxsize=30_000)
def _pinyin_of(character: str) -> str:
    pypinyin = _pypinyin()
    style = pypinyin.Style.TONE3
    syllables: list[str] = pypinyin.lazy_pinyin(character, style=style, neutral_tone_with_five=True)
    return syllables[0]


@cache
def _pypinyin() -> Any:
    # 200 ms and 30 MB that only Chinese text should cost.
    return importlib.import_module("pypinyin")
