"""Company names without what says only their legal form."""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile

from crmframe.core.entities.sort_key import sort_key

_CHINESE = re.compile(
    r"(?:股份有限公司|有限责任公司|集团有限公司|有限公司|股份公司|集团公司|集团|股份|公司)$"
)
_FORMS = frozenset(
    [
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "ltd",
        "limited",
        "llc",
        "llp",
        "lp",
        "plc",
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "kgaa",
        "ohg",
        "ug",
        "se",
        "ev",
        "eg",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "bv",
        "nv",
        "oy",
        "ab",
        "as",
        "aps",
        "pty",
        "pte",
        "kk",
        "group",
        "holding",
        "holdings",
        "and",
        "und",
    ]
)
_WORD = re.compile(r"[^\W_]+")


def folded_company(name: str | None) -> str:
    """Return what two spellings of a company's name have in common: no case, marks, spaces, legal form."""
    return "".join(_WORD.findall(_core(name or "")))


def _core(name: str) -> str:
    """Return the name up to its legal form."""
    text = unicodedata.normalize("NFKC", name).casefold().replace(".", "")
    words = list(_WORD.finditer(text))
    while len(words) > 1 and words[-1][0] in _FORMS:
        words.pop()
    core = text[: words[-1].end()] if words else ""
    while (cut := _CHINESE.sub("", core)) and cut != core:
        core = cut
    return core.strip()


def key_prefixes(name: str) -> list[str]:
    """Return how the sort keys of all spellings of a company's name may start.

    Chinese characters are read in another way in short texts than in long ones, so there may be two.
    """
    core = _core(name)
    if not core:
        return []
    pairs = zip(sort_key(f"{core}有限公司"), sort_key(f"{core}股份公司"), strict=False)
    longer = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return sorted({sort_key(core), longer.strip()})
