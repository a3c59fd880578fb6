"""Fields that the pipeline keeps: an aggregate of related records, stored so that lists can sort by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Maintained:
    """``target.field`` is the ``aggregate`` of ``source.column`` over the records whose ``about`` names the target.

    Attributes:
        about: A Reference or AnyReference field of the source.
    """

    source: str
    about: str
    target: str
    field: str
    aggregate: Literal["max", "min"]
    column: str
