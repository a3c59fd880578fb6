"""Making the index anew, and telling whether it is what that would give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmframe.core.access.actor import system_actor
from crmframe.core.entities.entity import Entity
from crmframe.core.journal.unindexed import pending
from crmframe.core.search import index
from crmframe.core.search.feeding import FeedApplication, Feeder, documents, last_id, note_all
from crmframe.core.search.scopes import stored_scopes, wanted_scopes

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

LOOKED_AT = 2_000


def rebuild(application: FeedApplication) -> int:
    """Index every record anew, batch by batch, and mend what the database keeps of it; return how many there were."""
    feeder = Feeder(application)
    feeder.drain()
    with application.work(system_actor("search"), write=True) as work:
        for entity in searched_entities(work):
            note_all(work, entity)
    count = feeder.drain()
    with application.work(system_actor("search"), write=True) as work:
        if not index.is_sound(work.connection):
            index.mend(work.connection)
    return count


def searched_entities(work: UnitOfWork) -> list[Entity]:
    """Return the entities whose records are indexed."""
    bases = sorted({name for name, _ in work.schema.searched.values()})
    return [work.registry.entity(name) for name in bases]


def unequal(work: UnitOfWork) -> Iterator[tuple[str, int]]:
    """Yield entity and id of the records of which the index has other words than a rebuild would give it.

    What is noted to be indexed is left out: its time will come.
    """
    stored, wanted = stored_scopes(work), wanted_scopes(work)
    for entity in searched_entities(work):
        scopes = stored.get(entity.name, [])
        current = [each for each in scopes if each.fields in wanted.get(entity.name, ())]
        for first in range(1, last_id(work, entity, scopes) + 1, LOOKED_AT):
            ids = range(first, first + LOOKED_AT)
            keys = [
                (index.first_id(each.id) + first, index.first_id(each.id) + first + LOOKED_AT)
                for each in scopes
            ]
            had = {
                i: doc
                for key in keys
                for i, doc in work.connection.execute(_HELD, {"low": key[0], "high": key[1]})
            }
            due = dict(documents(work, entity, ids, current))
            wrong = {
                i % (1 << index.RECORD_BITS) for i in had.keys() | due.keys() if had.get(i) != due.get(i)
            }
            yield from ((entity.name, i) for i in sorted(wrong - _waiting(work, entity, ids)))


def _waiting(work: UnitOfWork, entity: Entity, ids: range) -> set[int]:
    rows = work.connection.execute(_NOTED, {"name": entity.name, "first": ids[0], "last": ids[-1]})
    return {i for row in rows for i in range(max(row.first_id, ids[0]), min(row.last_id, ids[-1]) + 1)}


_KEY = index.document.c.id
_HELD = sa.select(index.document).where(sa.bindparam("low") <= _KEY, sa.bindparam("high") > _KEY)
_NOTED = sa.select(pending).where(
    pending.c.entity == sa.bindparam("name"),
    pending.c.first_id <= sa.bindparam("last"),
    pending.c.last_id >= sa.bindparam("first"),
)
