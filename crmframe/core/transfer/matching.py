"""Finding the records that rows are about: one statement per chunk and key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import ParseContext, ValueProblem
from crmframe.core.entities.sort_key import sort_key
from crmframe.core.records import rights
from crmframe.core.records.checks import unique_columns
from crmframe.core.storage.dialect import in_set
from crmframe.core.transfer.cells import Item, Mark
from crmframe.core.transfer.links import referenced
from crmframe.core.transfer.plan import Plan
from crmframe.core.transfer.problems import problem
from crmframe.core.work import UnitOfWork

Key = tuple[Any, ...]
KEY = ("key",)


def find_records(work: UnitOfWork, plan: Plan, items: Sequence[Item]) -> None:
    """Set the record of each item that has one; a key that several records share is a problem of the row."""
    keyed = [item for item in items if item.key is not None]
    if not keyed:
        return
    found = _lookup(work, plan, {item.key for item in keyed if item.key is not None})
    for item in keyed:
        ids = found.get(item.key or (), ())
        if len(ids) > 1:
            item.add(
                problem("key_ambiguous", plan.keys[0].field.name, count=len(ids), **shown_key(plan, item))
            )
        item.record_id = ids[0] if len(ids) == 1 else None


def shown_key(plan: Plan, item: Item) -> dict[str, str]:
    """Return the key of an item for a message."""
    field = " + ".join(column.field.label for column in plan.keys)
    return {"field": field, "value": " + ".join(str(part)[:80] for part in item.key or ())}


def _lookup(work: UnitOfWork, plan: Plan, keys: set[Key]) -> dict[Key, list[int]]:
    systems = [column for column in plan.keys if column.use == "reference"]
    if not systems:
        return _by_fields(work, plan.entity, [column.field for column in plan.keys], keys)
    place = plan.keys.index(systems[0])
    known = referenced(work, plan.entity, systems[0].name, {key[place] for key in keys})
    return {key: [known[key[place]]] for key in keys if key[place] in known}


def _by_fields(
    work: UnitOfWork, entity: Entity, fields: Sequence[Field], keys: set[Key]
) -> dict[Key, list[int]]:
    """Look up by the most telling field, compare them all."""
    place = max(range(len(fields)), key=lambda i: len({key[i] for key in keys}))
    field, table = fields[place], entity.table
    term = rights.granted(work, entity, "read")
    statement_key = ("transfer.match", entity.name, tuple(f.name for f in fields), place, term.shape)
    statement = work.schema.statements.get(statement_key)
    if statement is None:
        schema = work.schema
        columns = [schema.expression(entity, f, table) for f in fields]
        indexed = table.c[field.key_column] if field.key_column else columns[place]
        statement = sa.select(table.c.id, *columns).select_from(schema.joined(entity, fields))
        statement = statement.where(in_set(indexed, "values"), term.build(table)).order_by(table.c.id)
        work.schema.statements[statement_key] = statement
    values = {key[place] for key in keys}
    wanted = sorted({sort_key(value) for value in values}) if field.key_column else sorted(values)
    found: dict[Key, list[int]] = defaultdict(list)
    for record_id, *row in work.connection.execute(statement, {"values": wanted, **term.values}):
        if tuple(row) in keys:
            found[tuple(row)].append(record_id)
    return found


def set_marks(work: UnitOfWork, plan: Plan, items: Sequence[Item]) -> None:
    """Note what only one record can have: the key, the external ids, the unique values.

    Rows that share a mark are settled one after the other, so that it does not matter which chunk they are in.
    """
    context, unique = work.parse_context(), unique_columns(plan.entity)
    systems = [column.name for column in plan.references]
    for item in items:
        marks: set[Mark] = {((n,), item.references[n]) for n in systems if n in item.references}
        if item.key is not None:
            marks.add((KEY, item.key))
        for names in unique:
            values = tuple(
                _parsed(plan.entity.fields[name], item.values.get(name), context) for name in names
            )
            if None not in values:
                marks.add((names, values))
        item.marks = marks


def _parsed(field: Field, raw: Any, context: ParseContext) -> Any:
    try:
        return None if raw is None else field.kind.parse(raw, context)
    except ValueProblem:
        return None


def split_by_marks(items: Sequence[Item], held: set[Mark]) -> tuple[list[Item], list[Item]]:
    """Return the items that no earlier one shares a mark with, and the others, for a later turn.

    Args:
        held: Unique values that a record is known to have: whoever else wants them is refused in any case.
    """
    seen: set[Mark] = set()
    first: list[Item] = []
    later: list[Item] = []
    for item in items:
        marks = item.marks - held
        (later if marks & seen else first).append(item)
        seen |= marks
    return first, later
