"""Texts and numbers that occur nowhere else, by which a value is recognized wherever it turns up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crmframe.core.entities.kinds import Text

TOKEN = re.compile(r"zq\d{6}zq|86138\d{8}|(?<!\d)71\d{5}(?!\d)", re.IGNORECASE)
FIRST = 1000


@dataclass(frozen=True)
class Canary:
    """Where a value was planted; ``early`` tells that it was there at the moment the tests look back to."""

    entity: str
    record_id: int
    field: str
    early: bool


class Canaries:
    """Every planted value."""

    def __init__(self) -> None:
        self._next = FIRST
        self.planted: dict[str, Canary] = {}

    def value(self, field: Any) -> tuple[Any, str]:
        """Return a value for *field* and the token in it; (None, "") for kinds that cannot carry one."""
        self._next += 1
        number, kind = self._next, field.kind
        token = f"zq{number:06d}zq"
        if kind.name == "text" and kind.example != Text.example:
            return (kind.example, "") if kind.max > 3 else (letters(number, 3).upper(), "")
        if kind.name == "text":
            return (token, token) if kind.max >= len(token) else (letters(number, kind.max), "")
        if kind.name == "phone":
            return f"+86138{number:08d}", f"86138{number:08d}"
        if kind.name in ("integer", "decimal", "money"):
            is_small = kind.name == "integer" and kind.max is not None and kind.max < 10**7
            return (None, "") if is_small else (self._number(kind.name, number), f"71{number:05d}")
        made = {
            "long_text": token,
            "email": f"{token}@example.com",
            "url": f"https://{token}.example.com/",
            "json": [token],
        }
        return (made[kind.name], token) if kind.name in made else (None, "")

    @staticmethod
    def _number(kind: str, number: int) -> Any:
        # Small enough for the product of two of them to be an amount.
        whole = 7_100_000 + number
        return whole if kind == "integer" else Decimal(whole)

    def plant(self, token: str, where: Canary) -> None:
        """Remember where a token lies."""
        self.planted[token.lower()] = where

    def seen(self, text: str, sent: Iterable[str] = ()) -> Iterator[tuple[str, Canary]]:
        """Yield the planted values that occur in *text*, but for those that were *sent*."""
        own = {token.lower() for token in sent}
        for token in sorted({found.lower() for found in TOKEN.findall(text)} - own):
            if token in self.planted:
                yield token, self.planted[token]


def letters(number: int, length: int) -> str:
    """Return a word of capital letters for *number*, for texts too short to carry a token."""
    found = ""
    for _ in range(length):
        number, place = divmod(number, 26)
        found = chr(ord("A") + place) + found
    return found
