"""What the pipeline does for an entity: fields that it keeps, and what it asks of records before it writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from crmframe.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Maintained:
    """``target.field`` follows from ``column`` of the source's records whose ``about`` names the target.

    Several rules may keep one field: the greatest of what they find counts when they ask for the ``max``, else the least.
    None may look at the clock: an undo, a restore and a check must come to the same value whenever they run.

    Attributes:
        about: A Reference or AnyReference field of the source.
        aggregate: The greatest or the least of the values; ``last`` is that of the record which is the last ``by``.
        where: What fields of the source must be for a record to count; None asks for an empty one.
    """

    source: str
    about: str
    target: str
    field: str
    aggregate: Literal["max", "min", "last"]
    column: str
    by: str = ""
    where: tuple[tuple[str, str | None], ...] = ()


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


@dataclass(frozen=True, slots=True)
class Consequence:
    """What else is written when records of an entity are: ``run(work, ids)``, after it and in the same operation.

    Attributes:
        fields: Asked when one of these was given; a new record always counts.
    """

    entity: str
    fields: tuple[str, ...]
    run: Callable[[Any, Sequence[int]], None]
