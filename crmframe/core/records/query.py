"""What can be asked of an entity, and the pages that answer it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crmframe.core.access.term import Term
from crmframe.core.entities.filters import Node
from crmframe.core.errors import BadRequest

MAX_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """Which records, in which order, how many.

    Attributes:
        order: Field names, ``-`` in front for descending; the id is always the last key.
        columns: Field names; empty means every readable one.
        limit: 1 to 1,000.
        after: ``Page.next`` of the page before.
        page: 1-based page number, instead of ``after``: slower the deeper.
        archived: None shows both, True only what is put away.
        as_of: Show everything as it was at this moment.
        matching: One more condition, such as what the search finds.
    """

    where: Node | None = None
    order: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    limit: int = 50
    after: str | None = None
    page: int | None = None
    archived: bool | None = False
    as_of: datetime | None = None
    matching: Term | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of records; ``next`` is None on the last one."""

    columns: tuple[str, ...]
    rows: Sequence[Any]
    next: str | None

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Count:
    """How many; ``capped`` means "this many or more"."""

    value: int
    capped: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: in the rows with a value or in those without, and the keys of the last row."""

    in_nulls: bool
    keys: tuple[Any, ...]

    def encode(self) -> str:
        """Return the cursor as text for a URL."""
        raw = json.dumps([self.in_nulls, *self.keys], separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Read a cursor.

        Raises:
            BadRequest: It was not made by ``encode``.
        """
        try:
            raw = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            return cls(bool(raw[0]), tuple(raw[1:]))
        except (ValueError, binascii.Error, IndexError, TypeError, KeyError):
            raise BadRequest(reason="the page cursor is not one of ours") from None
