"""What was written and is not yet indexed: queries look at it themselves, so that one finds what one wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmframe.core.access.fields import readable_fields
from crmframe.core.entities.entity import Entity
from crmframe.core.journal.unindexed import AT_ONCE, LATER, pending
from crmframe.core.search.asking import Asked
from crmframe.core.search.feeding import read_rows
from crmframe.core.search.scopes import document_of, wanted_scopes

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

MOST = 500
NONE: frozenset[int] = frozenset()

_NEWEST = sa.select(pending).where(pending.c.lane == AT_ONCE).order_by(pending.c.id.desc()).limit(MOST + 1)
_LONG = sa.select(pending).where(pending.c.lane == LATER).limit(1)
# The latter needs no order; one statement asks for both.
_ROWS = sa.union_all(sa.select(_NEWEST.subquery()), sa.select(_LONG.subquery()))


@dataclass(frozen=True, slots=True)
class Waiting:
    """The records that queries look at themselves, by entity; ``is_long`` says that there are more."""

    by_entity: Mapping[str, frozenset[int]]
    is_long: bool

    def ids(self, entity: str) -> frozenset[int]:
        """Return those of one entity."""
        return self.by_entity.get(entity, NONE)


def read_waiting(work: UnitOfWork) -> Waiting:
    """Return what waits."""
    rows = work.connection.execute(_ROWS).all()
    at_once = [row for row in rows if row.lane == AT_ONCE]
    found: dict[str, set[int]] = defaultdict(set)
    for row in at_once[:MOST]:
        found[row.entity].update(range(row.first_id, row.last_id + 1))
    return Waiting(
        {name: frozenset(ids) for name, ids in found.items()}, len(at_once) > MOST or len(at_once) < len(rows)
    )


def fitting(work: UnitOfWork, entity: Entity, what: Asked, waiting: Waiting) -> set[int]:
    """Return which of the records that wait fit, by what the actor may read; whether or not the actor sees them."""
    ids = waiting.ids(entity.name)
    if not ids:
        return set()
    readable = readable_fields(work, entity)
    sets = [each for each in wanted_scopes(work).get(entity.name, ()) if readable.issuperset(each)]
    by_name = {field.name: field for field in work.schema.searched_fields(entity)}
    rows = read_rows(work, entity, sorted(ids), list(by_name.values()))
    found = set()
    for record_id, row in rows.items():
        if any(what.fits(document_of([by_name[name] for name in names], row)) for names in sets):
            found.add(record_id)
    return found
