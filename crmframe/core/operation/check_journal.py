"""Checks of the journal against the records: what is there was written down, and what was written down is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.errors import Problem
from crmframe.core.journal.tables import change
from crmframe.core.operation.checks import DataCheck, Limits, entities, fault, is_sidecar

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

STREAMED = 10_000


def versions_agree(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Compare each record's version with the newest that the journal has; 1 for those that were only created."""
    for entity in entities(work):
        table = entity.table
        mine = _of(entity).where(change.c.record_id == table.c.id, change.c.last_id == table.c.id)
        newest = sa.func.coalesce(mine.with_only_columns(sa.func.max(change.c.version)).scalar_subquery(), 1)
        found = sa.select(table.c.id, table.c.version, newest).where(table.c.version != newest)
        for record_id, version, journaled in work.connection.execute(found.limit(limits.shown)):
            template = "{entity} {id} has version {version}, but the newest in the journal is {journaled}."
            words = {"version": version, "journaled": journaled}
            yield fault("version_mismatch", template, entity=entity.name, id=record_id, **words)


def creations_are_journaled(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Look for records that appeared without the journal knowing."""
    for entity in entities(work):
        table = entity.table
        created = _of(entity).where(change.c.kind == "create").order_by(change.c.record_id)
        runs = work.connection.execute(created.with_only_columns(change.c.record_id, change.c.last_id)).all()
        ids = work.connection.execute(
            sa.select(table.c.id).order_by(table.c.id).execution_options(yield_per=STREAMED)
        )
        for record_id in list(_outside(ids.scalars(), runs, limits.shown)):
            template = "{entity} {id} was never created, says the journal."
            yield fault("not_journaled", template, entity=entity.name, id=record_id)


def _outside(ids: Iterable[int], runs: Iterable[Any], most: int) -> Iterator[int]:
    """Yield the ids that lie in no run; both come in order."""
    waiting = iter(runs)
    following = next(waiting, None)
    last = 0
    for record_id in ids:
        while following is not None and following.record_id <= record_id:
            last = max(last, following.last_id)
            following = next(waiting, None)
        if record_id > last:
            yield record_id
            most -= 1
        if not most:
            return


def versions_have_no_gaps(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Look for versions that the journal skips; a version 1 may stand in a run of creations."""
    for entity in entities(work):
        if is_sidecar(work, entity):
            continue  # their versions are those of the record that they extend
        count, lowest, highest = (
            sa.func.count(),
            sa.func.min(change.c.version),
            sa.func.max(change.c.version),
        )
        single = _of(entity).where(change.c.record_id == change.c.last_id)
        found = single.with_only_columns(change.c.record_id, count, highest).group_by(change.c.record_id)
        found = found.having(sa.or_(highest - lowest + 1 != count, lowest > 2)).order_by(change.c.record_id)
        for record_id, known, newest in work.connection.execute(found.limit(limits.shown)):
            template = "{entity} {id} is at version {newest}, but the journal has only {known} changes of it."
            yield fault("journal_gap", template, entity=entity.name, id=record_id, newest=newest, known=known)


def records_are_as_many_as_journaled(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Compare the number of records with what was created, deleted and restored."""
    added = sa.case(
        (change.c.kind.in_(("create", "restore")), change.c.last_id - change.c.record_id + 1),
        (change.c.kind == "delete", -1),
        else_=0,
    )
    for entity in entities(work):
        wanted = work.connection.scalar(
            _of(entity).with_only_columns(sa.func.coalesce(sa.func.sum(added), 0))
        )
        found = work.connection.scalar(sa.select(sa.func.count()).select_from(entity.table))
        if int(wanted or 0) != found:
            template = (
                "There should be {wanted} records of {entity}, says the journal, but there are {found}."
            )
            yield fault("record_count", template, entity=entity.name, wanted=int(wanted or 0), found=found)
    _ = limits


def _of(entity: Entity) -> sa.Select[Any]:
    return sa.select(change).where(change.c.entity == entity.name)


CHECKS = (
    DataCheck(
        "version_mismatch", "Every record has the version that its newest change produced.", versions_agree
    ),
    DataCheck("not_journaled", "Every record was created through the journal.", creations_are_journaled),
    DataCheck("journal_gap", "The journal has every version of every record.", versions_have_no_gaps),
    DataCheck(
        "record_count", "There are as many records as the journal says.", records_are_as_many_as_journaled
    ),
)
