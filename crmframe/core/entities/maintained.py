"""Fields that the pipeline keeps: an aggregate of related records, stored so that lists can sort by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal


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


@dataclass(frozen=True, slots=True)
class Derived:
    """A field that follows from other fields of the same record: ``derive(values, region) -> value``.

    Attributes:
        sources: Recomputed when one of these is written.
    """

    entity: str
    field: str
    sources: tuple[str, ...]
    derive: Callable[[Mapping[str, Any], str], Any]
