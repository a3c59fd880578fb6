"""Sample data: marked by the operations that made it, never put among real records, removed in one operation.

Every operation that makes sample data has the cause ``core.sample``; which records they created is in the journal, so
that no table needs a column for it.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.tables import credential
from crmframe.core.demo.company import fill
from crmframe.core.demo.steps import OpenWork, Step
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import Conflict, InUse
from crmframe.core.journal.tables import change, operation
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import Hooks, UnitOfWork

CAUSE = "core.sample"
CHUNK = 200
# What a company keeps when the sample goes: without roles nobody could be given rights.
KEPT = ("core.role", "core.role_grant", "core.role_field")

OpenPart = Callable[[int | None], AbstractContextManager[UnitOfWork]]
"""Opens the next part of an operation, the first one of a new operation for None."""


class HoldsRecords(Conflict):
    """Sample data never comes among real records."""

    code = "holds_records"
    template = "{count} {label} are here already. Sample data only comes into an empty database, so that it never mixes with yours."


@dataclass
class Removal:
    """What a removal did.

    Attributes:
        removed: Entity to how many records went.
        kept: Entity to the ids that stay, because records which are no sample refer to them.
    """

    operation_id: int | None = None
    removed: dict[str, int] = field(default_factory=dict)
    kept: dict[str, list[int]] = field(default_factory=dict)


def load_sample(
    open_past: OpenWork, hooks: Hooks, now: datetime, *, hasher: Hasher | None, customers: int
) -> None:
    """Play the sample company's history, with that of every plugin which has a part in it; arguments as of ``fill``.

    The database holds no record of its own yet: ask ``refuse_records`` first.
    """
    samples = [sample for _, found in hooks.collect("samples") for sample in found]
    more = [step for sample in samples for step in _function(sample.steps)(now, customers)]
    fill(open_past, now, hasher=hasher, customers=customers, more=more)


def _function(target: str) -> Callable[[datetime, int], Iterable[Step]]:
    module, _, name = target.partition(":")
    found: Callable[[datetime, int], Iterable[Step]] = getattr(importlib.import_module(module), name)
    return found


def refuse_records(work: UnitOfWork) -> None:
    """Refuse to go on where there is any record that a company would call its own.

    Raises:
        HoldsRecords: Names the first kind of them.
    """
    for entity in work.registry.entities.values():
        if entity.has_timeline and (
            count := work.scalar(sa.select(sa.func.count()).select_from(entity.table))
        ):
            raise HoldsRecords(count=count, label=entity.plural)


def sample_of(work: UnitOfWork) -> Mapping[str, Sequence[int]]:
    """Return the sample records that are still there: entity to ids in order, referring entities first."""
    runs = _runs(work)
    found: dict[str, Sequence[int]] = {}
    for entity in reversed(list(work.registry.entities.values())):
        if entity.name in runs and entity.name not in KEPT:
            ids = _there(work, entity, runs[entity.name])
            if ids:
                found[entity.name] = ids
    return found


def remove_sample(open_part: OpenPart) -> Removal:
    """Delete the sample records in one operation of many parts; what real records refer to stays.

    Users who can sign in stay too: somebody works as them.
    """
    removal = Removal()
    with open_part(None) as work:
        sample = sample_of(work)
    for entity, ids in sample.items():
        for start in range(0, len(ids), CHUNK):
            _remove(open_part, removal, entity, ids[start : start + CHUNK])
    return removal


def _remove(open_part: OpenPart, removal: Removal, entity: str, ids: Sequence[int]) -> None:
    """Delete a chunk in a transaction of its own; one that is in use is looked for in the halves."""
    try:
        with open_part(removal.operation_id) as work:
            there = _there(work, work.schema.entity(entity), [(i, i) for i in ids])
            records.delete_many(work, entity, there)
        removal.operation_id = removal.operation_id or work.operation_id
        removal.removed[entity] = removal.removed.get(entity, 0) + len(there)
    except InUse:
        if len(ids) == 1:
            removal.kept.setdefault(entity, []).extend(ids)
            return
        half = len(ids) // 2
        _remove(open_part, removal, entity, ids[:half])
        _remove(open_part, removal, entity, ids[half:])


def _runs(work: UnitOfWork) -> Mapping[str, list[tuple[int, int]]]:
    made = sa.select(change.c.entity, change.c.record_id, change.c.last_id).join_from(
        change, operation, operation.c.id == change.c.operation_id
    )
    runs: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for entity, first, last in work.rows(made.where(operation.c.cause == CAUSE, change.c.kind == "create")):
        runs[entity].append((first, last))
    return runs


def _there(work: UnitOfWork, entity: Entity, runs: Sequence[tuple[int, int]]) -> Sequence[int]:
    wanted = {i for first, last in runs for i in range(first, last + 1)}
    column = entity.table.c.id
    statement = sa.select(column).where(in_set(column, "ids")).order_by(column)
    found = list(work.connection.execute(statement, {"ids": sorted(wanted)}).scalars())
    return [i for i in found if i not in _signing_in(work)] if entity.name == "core.user" else found


def _signing_in(work: UnitOfWork) -> set[int]:
    return set(work.connection.execute(sa.select(credential.c.user_id)).scalars())


def counts_of(work: UnitOfWork) -> Iterator[tuple[Entity, int]]:
    """Yield how many sample records of each entity are there, those that people look for first."""
    sample = sample_of(work)
    for name in reversed(list(sample)):
        yield work.schema.entity(name), len(sample[name])
