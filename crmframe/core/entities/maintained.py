"""What the pipeline does for an entity: fields that it keeps, and what it asks of records before it writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from crmframe.core.errors import Problem


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


@dataclass(frozen=True, slots=True)
class Checked:
    """What records of an entity must be like: ``problems(work, given, complete, ids)`` for a batch that is written.

    ``given`` are the values to write, ``complete`` whole records with them; ``ids`` is None for a new one.
    """

    entity: str
    problems: Callable[
        [Any, Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]], Sequence[int | None]], list[Problem]
    ]
