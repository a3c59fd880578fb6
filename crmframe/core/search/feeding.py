"""Feeding the index: what was noted as changed is read, written down as words, and looked up from then on.

One feeder works at a time, in short transactions: a batch costs the index a thirtieth of its records one by one
(SPEED.md D), and nobody waits for it long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from crmframe.core.access.actor import system_actor
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.journal.unindexed import LATER, pending
from crmframe.core.records.rows import Row, add_sidecars
from crmframe.core.search import index
from crmframe.core.search.scopes import Scope, document_of, stored_scopes, wanted_scopes
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.turns import take_turn

if TYPE_CHECKING:
    from crmframe.core.storage.engine import Database
    from crmframe.core.work import UnitOfWork

BATCH = 500
TURN = "search index"


class FeedApplication(Protocol):
    """What feeding needs of an application."""

    @property
    def database(self) -> Database:
        """Return the database with the index."""

    def work(
        self, actor: Any = None, *, door: str = ..., write: bool = ...
    ) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work."""


class Feeder:
    """Keeps the index of an application up to date."""

    def __init__(self, application: FeedApplication) -> None:
        self._application = application
        self._arranged: int | None = None

    def run_once(self) -> int:
        """Index one batch of what is noted; return how many records were looked at, 0 when nothing waits."""
        application = self._application
        if not self._is_anything_due():
            return 0
        with application.work(system_actor("search"), door="system", write=True) as work:
            take_turn(work.connection, TURN)
            arrange(work)
            looked_at = _index_batch(work)
        self._arranged = work.schema.epoch
        application.database.checkpoint()
        return looked_at

    def drain(self) -> int:
        """Index everything that is noted; return how many records were looked at."""
        total = 0
        while looked_at := self.run_once():
            total += looked_at
        return total

    def _is_anything_due(self) -> bool:
        # Looking costs a read; only indexing takes the writer's turn.
        with self._application.work(system_actor("search"), write=False) as work:
            known = _known(work)
            if not known:
                return False
            if self._arranged != work.schema.epoch and is_to_arrange(work):
                return True
            self._arranged = work.schema.epoch
            entities = work.connection.scalars(sa.select(pending.c.entity).distinct())
            return not known.isdisjoint(entities)


def is_to_arrange(work: UnitOfWork) -> bool:
    """Return whether fields share documents otherwise than the index has them."""
    stored = stored_scopes(work)
    return any(
        set(sets) - {each.fields for each in stored.get(name, ())}
        for name, sets in wanted_scopes(work).items()
    )


def arrange(work: UnitOfWork) -> None:
    """Make room for sets of fields that have no documents yet, and note all records of their entities."""
    stored = stored_scopes(work)
    for name, sets in wanted_scopes(work).items():
        missing = [fields for fields in sets if fields not in {each.fields for each in stored.get(name, ())}]
        if missing:
            rows = [{"entity": name, "fields": list(fields)} for fields in missing]
            work.connection.execute(sa.insert(index.scope), rows)
            note_all(work, work.registry.entity(name))


def note_all(work: UnitOfWork, entity: Entity) -> None:
    """Note every record of an entity, and every document of one that is gone, to be indexed when there is time."""
    # What was noted of it comes with the rest; what others commit meanwhile is noted by them.
    same = sa.and_(pending.c.entity == entity.name, pending.c.lane == LATER)
    work.connection.execute(sa.delete(pending).where(same))
    last = last_id(work, entity, stored_scopes(work).get(entity.name, ()))
    if last:
        row = {"lane": LATER, "entity": entity.name, "first_id": 1, "last_id": last}
        work.connection.execute(sa.insert(pending), row)


def last_id(work: UnitOfWork, entity: Entity, scopes: Sequence[Scope]) -> int:
    """Return the highest id of a record, or of a document of one that is gone."""
    last = work.connection.scalar(sa.select(sa.func.max(entity.table.c.id))) or 0
    for each in scopes:
        start = index.first_id(each.id)
        held = work.connection.scalar(_LAST_HELD, {"low": start, "high": index.first_id(each.id + 1)})
        last = max(last, (held or start) - start)
    return int(last)


def _index_batch(work: UnitOfWork) -> int:
    """Index what was noted first, and take as much of it off the list."""
    wanted: dict[str, set[int]] = defaultdict(set)
    done: list[int] = []
    room = BATCH
    for row in work.connection.execute(_NEXT, {"names": sorted(_known(work)), "most": BATCH}):
        first, last = _existing(work, row) if row.last_id > row.first_id else (row.first_id, row.last_id)
        end = min(last, first + room - 1)
        wanted[row.entity].update(range(first, end + 1))
        room -= max(1, end - first + 1)
        if end < last:
            work.connection.execute(_SHORTEN, {"row": row.id, "first": end + 1})
        else:
            done.append(row.id)
        if room <= 0:
            break
    stored, sets = stored_scopes(work), wanted_scopes(work)
    for name, ids in wanted.items():
        index_records(work, work.registry.entity(name), sorted(ids), stored.get(name, []), sets.get(name, []))
    work.connection.execute(sa.delete(pending).where(in_set(pending.c.id, "ids")), {"ids": done})
    return sum(map(len, wanted.values())) or len(done)


def _known(work: UnitOfWork) -> set[str]:
    """Return the entities whose code runs; what was noted of the others waits for it."""
    return {name for name, _ in work.schema.searched.values()}


def _existing(work: UnitOfWork, row: Any) -> tuple[int, int]:
    """Return a noted range without the gap of ids in front of it."""
    table = work.registry.entity(row.entity).table
    statement = sa.select(sa.func.min(table.c.id)).where(table.c.id >= row.first_id)
    first = work.connection.scalar(statement)
    held = [
        i - index.first_id(each.id)
        for each in stored_scopes(work).get(row.entity, ())
        if (i := work.connection.scalar(_first_held(each, row.first_id))) is not None
    ]
    starts = [i for i in (first, *held) if i is not None]
    return min([*starts, row.last_id]), row.last_id


def _first_held(scope: Scope, record_id: int) -> sa.Select[Any]:
    key = index.document.c.id
    start = index.first_id(scope.id)
    return sa.select(sa.func.min(key)).where(key >= start + record_id, key < index.first_id(scope.id + 1))


def index_records(
    work: UnitOfWork,
    entity: Entity,
    ids: Sequence[int],
    stored: Sequence[Scope],
    sets: Sequence[tuple[str, ...]],
) -> None:
    """Bring the documents of some records up to date, those in scopes of an earlier arrangement gone."""
    keys = [index.first_id(each.id) + i for each in stored for i in ids]
    old = index.documents_of(work.connection, keys)
    current = [each for each in stored if each.fields in sets]
    new = dict(documents(work, entity, ids, current))
    stale = {i: doc for i, doc in old.items() if new.get(i) != doc}
    fresh = {i: doc for i, doc in new.items() if old.get(i) != doc}
    index.store(work.connection, stale, fresh)


def documents(
    work: UnitOfWork, entity: Entity, ids: Sequence[int], scopes: Sequence[Scope]
) -> Iterator[tuple[int, str]]:
    """Yield the documents that records should have, with their ids; what has no words has none."""
    by_name = {field.name: field for field in work.schema.searched_fields(entity)}
    rows = read_rows(work, entity, ids, list(by_name.values()))
    for each in scopes:
        fields = [by_name[name] for name in each.fields if name in by_name]
        start = index.first_id(each.id)
        for record_id, row in rows.items():
            doc = document_of(fields, row)
            if doc:
                yield start + record_id, doc


def read_rows(
    work: UnitOfWork, entity: Entity, ids: Sequence[int], fields: Sequence[Field]
) -> Mapping[int, Row]:
    """Return what the fields need of the records that exist."""
    table = entity.table
    names = {
        "custom" if field.source == "custom" else field.name for field in fields if field.source != "sidecar"
    }
    statement = sa.select(table.c.id, *(table.c[name] for name in sorted(names))).where(
        in_set(table.c.id, "ids")
    )
    found = work.connection.execute(statement, {"ids": list(ids)}).mappings()
    rows = {row["id"]: Row(dict(row)) for row in found}
    plugins = {field.name.partition(".")[0] for field in fields if field.source == "sidecar"}
    add_sidecars(work, entity, rows, sorted(plugins))
    return rows


_NEXT = (
    sa.select(pending)
    .where(in_set(pending.c.entity, "names"))
    .order_by(pending.c.lane, pending.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_KEY = index.document.c.id
_LAST_HELD = sa.select(sa.func.max(_KEY)).where(sa.bindparam("low") <= _KEY, sa.bindparam("high") > _KEY)
_SHORTEN = (
    sa.update(pending).where(pending.c.id == sa.bindparam("row")).values(first_id=sa.bindparam("first"))
)
