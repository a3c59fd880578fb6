"""The time machine: records and lists as they were, from the rows of today and the journal.

A list of the past is the list of today with its tables exchanged: rows that have not changed since, together with
the changed ones rebuilt. So filters, order, pages and policies are the same SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.util import ClauseAdapter

from crmframe.core.entities.entity import Entity
from crmframe.core.journal.tables import change, commit
from crmframe.core.records import rights
from crmframe.core.records.rows import from_image
from crmframe.core.storage.dialect import in_set, not_in_set, rows_from_json
from crmframe.core.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PastTables:
    """An entity's table and its sidecars' as they were.

    Attributes:
        whole: Exchange each table for all its rows of then.
        changed: The same, but of the entity's own table only the rows that have changed since.
        untouched: Holds for the entity's rows that have not.
        values: What the three need.
    """

    whole: Sequence[ClauseAdapter]
    changed: Sequence[ClauseAdapter]
    untouched: sa.ColumnElement[bool]
    values: Mapping[str, Any]

    def exchange(self, clause: Any) -> Any:
        """Return a statement or expression that reads the past."""
        return _adapted(clause, self.whole)

    def merged(
        self, statement: sa.Select[Any], sort: Callable[[Sequence[Any]], Sequence[Any]]
    ) -> sa.Select[Any]:
        """Return a limited, sorted page of the past.

        What has not changed is read in the order of its index and cut off; a union of both would be sorted whole.

        Args:
            statement: The page on the present tables, with its order and limit.
            sort: Gives ORDER BY for the columns of the result.
        """
        present = statement.where(self.untouched).subquery("unchanged")
        past = _adapted(statement, self.changed).subquery("changed")
        both = sa.union_all(sa.select(present), sa.select(past)).subquery("of_then")
        columns = list(both.c)
        return sa.select(*columns).order_by(*sort(columns))


def _adapted(clause: Any, adapters: Sequence[ClauseAdapter]) -> Any:
    for adapter in adapters:
        clause = adapter.traverse(clause)
    return clause


def as_of(work: UnitOfWork, entity_name: str, record_id: int, moment: datetime) -> dict[str, Any] | None:
    """Return a record's readable fields as they were at *moment*; None when it was not there.

    Raises:
        NotFound: The actor may neither see it now nor might have seen it then.
    """
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "read")
    fields = rights.readable(work, entity)
    term = rights.granted(work, entity, "read")
    table, past = entity.table, past_tables(work, entity, moment, only=record_id)
    statement = sa.select(*[work.schema.expression(entity, f, table) for f in fields], term.build(table))
    statement = statement.select_from(work.schema.joined(entity, fields)).where(table.c.id == record_id)
    found = work.connection.execute(past.exchange(statement), {**past.values, **term.values}).first()
    if found is None:
        return None
    seen_now = sa.select(table.c.id).where(table.c.id == record_id, term.build(table))
    if not found[-1] and work.connection.execute(seen_now, term.values).first() is None:
        raise rights.not_found(entity, record_id)
    return {field.name: value for field, value in zip(fields, found[:-1], strict=True)}


def past_tables(work: UnitOfWork, entity: Entity, moment: datetime, *, only: int | None = None) -> PastTables:
    """Return the tables of *entity* as they were at *moment*.

    Args:
        only: The one record that is asked for; None means any.
    """
    values: dict[str, Any] = {}
    parts = [entity, *work.registry.sidecars.get(entity.name, {}).values()]
    for number, part in enumerate(parts):
        rebuilt = rebuilt_rows(work, part, moment, only)
        values |= {f"past_{number}": _cells(part, rebuilt)}
        values |= {f"past_ids_{number}": sorted(rebuilt), f"past_at_{number}": moment}
    key = ("past tables", entity.name)
    kept = work.schema.statements.get(key)
    if kept is None:
        whole = [ClauseAdapter(_past_table(p, n, _untouched(p, n))) for n, p in enumerate(parts)]
        changed = [ClauseAdapter(_past_table(entity, 0, sa.false())), *whole[1:]]
        for adapter in (*whole, changed[0]):
            # SQLAlchemy indexes the columns when it first looks for one; another thread would find half of them.
            adapter.selectable.corresponding_column(entity.table.c.id)
        kept = work.schema.statements[key] = PastTables(whole, changed, _untouched(entity, 0), {})
    return replace(kept, values=values)


def _cells(entity: Entity, rebuilt: Mapping[int, Mapping[str, Any] | None]) -> list[list[Any]]:
    names = [column.name for column in entity.table.c]
    return [[row.get(name) for name in names] for row in rebuilt.values() if row is not None]


def _past_table(entity: Entity, number: int, present: sa.ColumnElement[bool]) -> sa.Subquery:
    """Return the rebuilt rows together with those of the table's rows for which *present* holds."""
    table = entity.table
    past = rows_from_json(f"past_{number}", {c.name: c.type for c in table.c})
    rebuilt = sa.select(*[past.c[c.name] for c in table.c])
    # The table comes first, so that the columns of the union are found to stand for its own.
    return sa.union_all(sa.select(*table.c).where(present), rebuilt).subquery(f"{table.name}_past")


def _untouched(entity: Entity, number: int) -> sa.ColumnElement[bool]:
    table = entity.table
    moment = sa.bindparam(f"past_at_{number}", type_=table.c.created_at.type)
    return sa.and_(table.c.created_at <= moment, not_in_set(table.c.id, f"past_ids_{number}"))


def rebuilt_rows(
    work: UnitOfWork, entity: Entity, moment: datetime, only: int | None = None
) -> dict[int, dict[str, Any] | None]:
    """Return the records changed after *moment* as they were then; None where there was none."""
    since = _changes_since(work, entity, moment, only)
    current = _current(work, entity, since)
    past = {i: _walk_back(entity, current.get(i), changes) for i, changes in since.items()}
    # A bulk create is journaled as a run of ids, which the walk does not meet: the stamp tells.
    return {i: None if row is None or row["created_at"] > moment else row for i, row in past.items()}


def _changes_since(
    work: UnitOfWork, entity: Entity, moment: datetime, only: int | None
) -> dict[int, list[Any]]:
    key = ("changes since", only is None)
    statement = work.schema.statements.get(key)
    if statement is None:
        statement = work.schema.statements[key] = _later_changes(of_one=only is not None)
    values = {"entity_name": entity.name, "moment": moment, "record_id": only}
    found: dict[int, list[Any]] = defaultdict(list)
    for row in work.connection.execute(statement, values):
        found[row.record_id].append(row)
    return found


def _later_changes(*, of_one: bool) -> sa.Select[Any]:
    """Return the changes after a moment, newest first, of the records that have any; those before it left out."""
    name = sa.bindparam("entity_name", type_=change.c.entity.type)
    moment = sa.bindparam("moment", type_=commit.c.at.type)
    alone = sa.and_(change.c.entity == name, change.c.record_id == change.c.last_id)
    if of_one:
        alone &= change.c.record_id == sa.bindparam("record_id", type_=change.c.record_id.type)
    joined = change.join(commit, commit.c.id == change.c.commit_id)
    later = sa.select(change.c.record_id).select_from(joined).where(alone, commit.c.at > moment)
    version = sa.case((commit.c.at <= moment, change.c.version), else_=0)
    known = sa.func.max(version).over(partition_by=change.c.record_id)
    columns = [change.c[each] for each in ("record_id", "kind", "version", "before")]
    inner = sa.select(*columns, known.label("known")).select_from(joined)
    all_of_them = inner.where(alone, change.c.record_id.in_(later)).subquery()
    after = sa.select(all_of_them).where(all_of_them.c.version > all_of_them.c.known)
    return after.order_by(all_of_them.c.record_id, all_of_them.c.version.desc())


def _current(work: UnitOfWork, entity: Entity, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    statement = sa.select(entity.table).where(in_set(entity.table.c.id, "ids"))
    rows = work.connection.execute(statement, {"ids": sorted(ids)}).mappings()
    return {row["id"]: dict(row) for row in rows}


def _walk_back(entity: Entity, row: dict[str, Any] | None, changes: Iterable[Any]) -> dict[str, Any] | None:
    """Take back changes, newest first."""
    for entry in changes:
        before: Mapping[str, Any] = entry.before or {}
        if entry.kind in ("create", "restore"):
            row = None
        elif entry.kind == "delete":
            row = from_image(entity, before, entry.record_id, entry.version - 1)
        elif row is not None:
            row = _overlaid(entity, row, before, entry.version - 1)
    return row


def _overlaid(entity: Entity, row: dict[str, Any], before: Mapping[str, Any], version: int) -> dict[str, Any]:
    columns = {
        **row,
        **from_image(entity, {n: v for n, v in before.items() if n != "custom"}, row["id"], version),
    }
    if entity.is_customizable:
        custom = dict(row["custom"] or {})
        for name, value in before.items():
            if name.startswith("custom."):
                custom.pop(name.removeprefix("custom."), None)
                if value is not None:
                    custom[name.removeprefix("custom.")] = value
        columns["custom"] = custom
    return columns
