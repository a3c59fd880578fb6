"""What a check is: a question about the stored data, with a code, a sentence that must hold, and what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crmframe.core.entities.entity import Entity
from crmframe.core.errors import Problem

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Limits:
    """How far the checks look.

    Attributes:
        shown: Examples of each kind of fault.
        sampled: Rows of a table whose sort keys are computed anew.
        open_for: An operation that is open longer than this was left behind.
        behind: Commits that a subscription may be behind.
    """

    shown: int = 20
    sampled: int = 5_000
    open_for: timedelta = timedelta(days=1)
    behind: int = 1_000


Run = Callable[["UnitOfWork", Limits], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class DataCheck:
    """One question; ``sentence`` is a msgid that says what must hold."""

    code: str
    sentence: str
    run: Run


def fault(code: str, template: str, **data: Any) -> Problem:
    """Return what a check has found."""
    return Problem("", code, template, data)


def entities(work: UnitOfWork) -> list[Entity]:
    """Return every entity with a table, those that extend others included."""
    return list(work.registry.entities.values())


def is_sidecar(work: UnitOfWork, entity: Entity) -> bool:
    """Return whether the entity's records are parts of another's."""
    return entity.name in work.registry.extended
