"""What the search has yet to hear of: noted in the transaction of the change itself, so that nothing is forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id

if TYPE_CHECKING:
    from crmframe.core.journal.write import Changed

# Queries look at the first lane, so that one finds what one wrote; the second is indexed when there is time.
AT_ONCE, LATER = 0, 1
MOST_AT_ONCE = 50
# Kinds of changes after which a record is searched for by other words, whatever its fields held before.
_WHOLE = frozenset({"create", "delete", "restore"})
Searched = Mapping[str, tuple[str, frozenset[str]]]
NOTHING: Searched = MappingProxyType({})

pending = sa.Table(
    "core_search_pending",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("entity", sa.String(80), nullable=False),
    sa.Column("first_id", Id(), nullable=False),
    sa.Column("last_id", Id(), nullable=False),
    sa.Index("ix_core_search_pending_lane", "lane", "id"),
    info={"plugin": "core"},
    sqlite_autoincrement=True,
)
_INSERT = sa.insert(pending)


def note_unindexed(connection: sa.Connection, changes: Iterable[Changed], searched: Searched) -> None:
    """Note which records the index must look at again.

    Args:
        searched: Of an entity, or of what extends it: whose records they are, and by which fields those are found.
    """
    touched: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for change in changes:
        entity, fields = searched.get(change.entity, ("", frozenset()))
        if entity and (change.kind in _WHOLE or not change.before or not fields.isdisjoint(change.before)):
            touched[entity].add((change.record_id, change.last_id))
    runs = [(entity, *run) for entity, ranges in touched.items() for run in _merged(ranges)]
    if runs:
        count = sum(last - first + 1 for _, first, last in runs)
        lane = AT_ONCE if count <= MOST_AT_ONCE else LATER
        rows = [
            {"lane": lane, "entity": name, "first_id": first, "last_id": last} for name, first, last in runs
        ]
        connection.execute(_INSERT, rows)


def _merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged
