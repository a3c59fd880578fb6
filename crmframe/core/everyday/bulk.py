"""Many records at once: what is wished for them, trying it out, and doing it as one operation.

What is refused for one record does not hinder the others. Small work is one transaction; large work is a job in
chunks, which goes on where it was interrupted. Either way it is one operation, and one undo takes it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.contributions import LongJob
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.filters import Condition
from crmframe.core.errors import Conflict, CrmError, InvalidInput, NotFound, PermissionDenied
from crmframe.core.jobs.tables import job
from crmframe.core.journal.tables import operation
from crmframe.core.records import Query, rights
from crmframe.core.records.attempting import attempt
from crmframe.core.records.deleting import set_archived
from crmframe.core.records.query import MAX_LIMIT
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

JOB = "core.change_many"
MOST = 100_000
# Up to here a request does it itself; a chunk keeps other writers waiting no longer than a large form does.
AT_ONCE, CHUNK = 500, 250
TAG_LINK = "core.tag_link"
ASKED = {"update": "update", "archive": "update", "unarchive": "update", "delete": "delete"}


class TooManyRecords(Conflict):
    """One operation would not end in sensible time."""

    code = "too_many_records"
    template = "At most {most} records are changed at once. Narrow the list first."


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to happen to records of an entity.

    Attributes:
        verb: update, archive, unarchive, delete, tag or untag.
        values: Of an update, as forms and JSON have them; ``tag_id`` for the last two.
    """

    entity: str
    verb: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What became of records: those that changed, and why others did not."""

    changed: list[int] = field(default_factory=list)
    refused: dict[int, CrmError] = field(default_factory=dict)


def matching(work: UnitOfWork, entity: Entity, query: Query) -> list[int]:
    """Return every record of a list.

    Raises:
        TooManyRecords: There are too many for one operation.
    """
    found: list[int] = []
    asked: Query | None = replace(query, columns=("id",), order=("id",), limit=MAX_LIMIT, after=None)
    while asked is not None:
        page = records.select(work, entity.name, asked)
        found += [row[0] for row in page.rows]
        if len(found) > MOST:
            raise TooManyRecords(most=MOST)
        asked = replace(asked, after=page.next) if page.next else None
    return found


def changed_since(work: UnitOfWork, entity: Entity, ids: Sequence[int], moment: datetime) -> list[int]:
    """Return which of the records somebody else has changed since *moment*, the first of them."""
    table = entity.table
    statement = sa.select(table.c.id).where(
        in_set(table.c.id, "ids"), table.c.updated_at > sa.bindparam("moment", type_=table.c.updated_at.type)
    )
    return [row[0] for row in work.rows(statement.limit(20), {"ids": list(ids), "moment": moment})]


def apply(work: UnitOfWork, wish: Wish, ids: Sequence[int]) -> Outcome:
    """Do what is wished to each of the records that let it, and say why not to the others."""
    entity, outcome = work.schema.entity(wish.entity), Outcome()
    rights.require(work, entity, ASKED.get(wish.verb, "read"))
    reached = _reached(work, entity, ASKED.get(wish.verb, "read"), ids)
    for record_id in ids:
        if record_id not in reached:
            outcome.refused[record_id] = rights.not_found(entity, record_id)
    left = [record_id for record_id in ids if record_id in reached]
    for start in range(0, len(left), CHUNK):
        _take(work, wish, left[start : start + CHUNK], outcome)
    return outcome


def apply_strictly(work: UnitOfWork, wish: Wish, ids: Sequence[int]) -> None:
    """Do what is wished to all records or to none.

    Raises:
        CrmError: What stands in the way of the first that refuses.
    """
    rights.require(work, work.schema.entity(wish.entity), ASKED.get(wish.verb, "read"))
    WRITES[wish.verb](work, wish, ids)


def _reached(work: UnitOfWork, entity: Entity, verb: str, ids: Sequence[int]) -> set[int]:
    term, table = rights.granted(work, entity, verb), entity.table
    statement = sa.select(table.c.id).where(in_set(table.c.id, "ids"), term.build(table))
    return {row[0] for row in work.rows(statement, {"ids": list(ids), **term.values})}


def _take(work: UnitOfWork, wish: Wish, ids: Sequence[int], outcome: Outcome) -> None:
    """Write a batch without the records that refuse; an error that names none is pinned down by halving."""
    while ids:
        try:
            with attempt(work):
                changed = WRITES[wish.verb](work, wish, ids)
        except InvalidInput as error:
            wrong = {problem.row for problem in error.problems}
            for place in wrong:
                own = [replace(problem, row=0) for problem in error.problems if problem.row == place]
                outcome.refused[ids[place]] = InvalidInput(own)
            ids = [record_id for place, record_id in enumerate(ids) if place not in wrong]
        except (Conflict, NotFound, PermissionDenied) as error:
            if len(ids) == 1:
                outcome.refused[ids[0]] = error
            else:
                middle = len(ids) // 2
                _take(work, wish, ids[:middle], outcome)
                _take(work, wish, ids[middle:], outcome)
            return
        else:
            outcome.changed += changed
            return


# --- the verbs ----------------------------------------------------------------------------------------


def _update(work: UnitOfWork, wish: Wish, ids: Sequence[int]) -> list[int]:
    return records.update_many(work, wish.entity, dict.fromkeys(ids, wish.values))


def _archive(work: UnitOfWork, wish: Wish, ids: Sequence[int]) -> list[int]:
    return set_archived(work, wish.entity, ids, away=wish.verb == "archive")


def _delete(work: UnitOfWork, wish: Wish, ids: Sequence[int]) -> list[int]:
    records.delete_many(work, wish.entity, ids)
    return list(ids)


def _tag(work: UnitOfWork, wish: Wish, ids: Sequence[int]) -> list[int]:
    held = _links(work, wish, ids)
    new = [record_id for record_id in ids if record_id not in held]
    rows = [{**wish.values, "about": f"{wish.entity}:{record_id}"} for record_id in new]
    if rows:
        records.create_many(work, TAG_LINK, rows)
    return new


def _untag(work: UnitOfWork, wish: Wish, ids: Sequence[int]) -> list[int]:
    held = _links(work, wish, ids)
    if held:
        records.delete_many(work, TAG_LINK, sorted(held.values()))
    return list(held)


def _links(work: UnitOfWork, wish: Wish, ids: Sequence[int]) -> dict[int, int]:
    """Return the links of the tag to the records, by record."""
    about = Condition("about", "in", tuple(f"{wish.entity}:{record_id}" for record_id in ids))
    where = filters.all_of([Condition("tag_id", "eq", int(wish.values["tag_id"])), about])
    query = Query(where=where, columns=("id", "about"), order=("id",), limit=MAX_LIMIT)
    rows = records.select(work, TAG_LINK, query).records()
    return {int(row["about"].partition(":")[2]): row["id"] for row in rows}


WRITES: Mapping[str, Callable[[UnitOfWork, Wish, Sequence[int]], list[int]]] = {
    "update": _update,
    "archive": _archive,
    "unarchive": _archive,
    "delete": _delete,
    "tag": _tag,
    "untag": _untag,
}


# --- large work ---------------------------------------------------------------------------------------


def payload_of(steps: Sequence[tuple[Wish, Sequence[int]]], *, verb: str = "") -> dict[str, Any]:
    """Return what the job is told: one operation of several steps, one after the other.

    Args:
        verb: Of the operation; empty names it after its first step.
    """
    told = [{"wish": asdict(wish), "ids": list(ids)} for wish, ids in steps]
    return {"steps": told, "verb": verb, "total": sum(len(ids) for _, ids in steps)}


def run_steps(run: Any, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do the steps chunk by chunk, each in a transaction that also notes how far it is."""
    application = run.application
    so_far = _so_far(application, run.id)
    place = 0
    for step in payload["steps"]:
        wish, ids = Wish(**step["wish"]), step["ids"]
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            place += len(chunk)
            if place > so_far["done"]:
                so_far = _one_chunk(run, payload, wish, chunk, {**so_far, "done": place})
    with application.work(run.actor, door="job") as work:
        _close(work, so_far["operation"])
    return so_far


def _so_far(application: Any, job_id: int) -> dict[str, Any]:
    with application.work(door="job", write=False) as work:
        kept = work.scalar(sa.select(job.c.result).where(job.c.id == job_id))
    return kept or {"done": 0, "operation": None, "changed": 0, "refused": 0}


def _one_chunk(
    run: Any, payload: Mapping[str, Any], wish: Wish, ids: Sequence[int], now: dict[str, Any]
) -> dict[str, Any]:
    application = run.application
    with application.work(run.actor, door="job", operation=now["operation"], finish=False) as work:
        work.journal.name_verb(payload["verb"])
        outcome = apply(work, wish, ids)
        work.finish()
        now["changed"] += len(outcome.changed)
        now["refused"] += len(outcome.refused)
        now["operation"] = work.operation_id
        run.renew(work.connection, now)
    application.database.checkpoint()
    return now


def _close(work: UnitOfWork, operation_id: int | None) -> None:
    mine = sa.and_(operation.c.id == operation_id, operation.c.state == "open")
    work.connection.execute(sa.update(operation).where(mine).values(state="done"))


JOBS = (LongJob(JOB, run_steps),)
