"""New records by column instead of by row: a batch asks once per field, not once per value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.sort_key import sort_key
from crmframe.core.records.rows import Row, stamps_of_creation, store
from crmframe.core.storage.bulk import Column, Constant
from crmframe.core.work import UnitOfWork

Values = Mapping[str, Any]


def columns_of(work: UnitOfWork, entity: Entity, values: Sequence[Values]) -> dict[str, Column]:
    """Return validated values as the columns of the entity's table, with sort keys and custom fields."""
    fields = work.schema.fields(entity)
    given = [fields[name] for name in dict.fromkeys(chain.from_iterable(values))]
    own = [field for field in given if field.source == "column"]
    columns = given_columns((field.name for field in own), values)
    for field in own:
        if field.key_column and field.name in columns:
            columns[field.key_column] = _sort_keys(columns[field.name])
    if entity.is_customizable:
        columns["custom"] = _custom([field for field in given if field.source == "custom"], values)
    return columns


def given_columns(names: Iterable[str], rows: Sequence[Values]) -> dict[str, Column]:
    """Return the columns that have a value anywhere: binding what is null throughout is half of the work."""
    columns: dict[str, Column] = {}
    for name in names:
        column = [row.get(name) for row in rows]
        if column.count(None) < len(column):
            columns[name] = column
    return columns


def stamp_columns(work: UnitOfWork) -> dict[str, Column]:
    """Return the stamps of new records."""
    return {name: Constant(value) for name, value in stamps_of_creation(work).items() if value is not None}


def sidecars_of(work: UnitOfWork, entity: Entity, values: Mapping[int, Values]) -> dict[str, dict[int, Row]]:
    """Return the rows that have values of a plugin's sidecar, by plugin and id."""
    fields = work.schema.fields(entity)
    found: dict[str, dict[int, Row]] = defaultdict(dict)
    names = {n for n in set(chain.from_iterable(values.values())) if fields[n].source == "sidecar"}
    for record_id, given in values.items() if names else ():
        row = Row({})
        for name in names & given.keys():
            store(fields[name], given[name], row)
        for plugin in row.sidecars:
            found[plugin][record_id] = row
    return dict(sorted(found.items()))


def _sort_keys(column: Any) -> list[str | None]:
    keys = {value: None if value is None else sort_key(value) for value in set(column)}
    return [keys[value] for value in column]


def _custom(fields: Sequence[Field], values: Sequence[Values]) -> Column:
    if not fields:
        return Constant({})
    column = []
    for given in values:
        row = Row({"custom": {}})
        for field in fields:
            if field.name in given:
                store(field, given[field.name], row)
        column.append(row.columns["custom"])
    return column
