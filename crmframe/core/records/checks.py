"""What a batch of values must satisfy beyond its form: targets exist and are visible, unique stays unique."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.term import ALL
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import Reference
from crmframe.core.errors import PermissionDenied, Problem
from crmframe.core.records import rights
from crmframe.core.records.rows import held
from crmframe.core.storage.dialect import Lock, in_set
from crmframe.core.work import UnitOfWork

Values = Mapping[str, Any]
MAX_DEPTH = 64
UNSEEN = "{field}: there is no {target} {id}, or you may not see it."


def reference_problems(work: UnitOfWork, entity: Entity, rows: Sequence[Values]) -> list[Problem]:
    """Return a problem for each reference to a record that is not there or not to be seen."""
    chosen = work.acting.chosen if work.acting is not None else frozenset()
    wanted: dict[tuple[str, bool], set[int]] = defaultdict(set)
    uses: list[tuple[int, Field, str, int]] = []
    fields = work.schema.fields(entity)
    for field in [fields[name] for name in dict.fromkeys(chain.from_iterable(rows))]:
        for position, target, record_id in _references(field, rows):
            wanted[target, field.name in chosen].add(record_id)
            uses.append((position, field, target, record_id))
    found = {key: _existing(work, key[0], wanted[key], is_chosen=key[1]) for key in sorted(wanted)}
    return [
        Problem(
            field.name,
            "unknown_reference",
            UNSEEN,
            {"field": field.label, "target": _called(work, target), "id": record_id},
            position,
        )
        for position, field, target, record_id in uses
        if record_id not in found[target, field.name in chosen]
    ]


def _references(field: Field, rows: Sequence[Values]) -> Iterator[tuple[int, str, int]]:
    """Yield which row refers to what by *field*."""
    given = ((position, row.get(field.name)) for position, row in enumerate(rows))
    if isinstance(field.kind, Reference):
        target = field.kind.entity
        yield from ((position, target, value) for position, value in given if value is not None)
    elif field.kind.name == "any_reference":
        for position, value in given:
            if value is not None:
                target, _, record_id = value.rpartition(":")
                yield position, target, int(record_id)


def _existing(work: UnitOfWork, target: str, ids: set[int], *, is_chosen: bool = False) -> set[int]:
    """Return those of *ids* that are there and to be seen; they stay until the transaction ends.

    Args:
        is_chosen: Being there is enough: no user named them.
    """
    if target not in work.registry.entities:
        return set()
    other = work.schema.entity(target)
    term = ALL if is_chosen else rights.granted(work, other, "read")
    key = ("existing", target, term.shape, work.writes)
    statement = work.schema.statements.get(key)
    if statement is None:
        identity = other.table.c.id
        statement = (
            sa.select(identity).where(in_set(identity, "ids"), term.build(other.table)).order_by(identity)
        )
        statement = work.schema.statements[key] = held(work, statement, other.table, "refer")
    return set(work.connection.scalars(statement, {"ids": sorted(ids), **term.values}))


def tree_fields(entity: Entity) -> list[Field]:
    """Return the fields that hang a record below another of its kind."""
    fields = entity.fields.values()
    return [f for f in fields if getattr(f.kind, "entity", None) == entity.name and not f.system]


def input_problems(work: UnitOfWork, inputs: Sequence[Any]) -> list[Problem]:
    """Return a problem for each record that an action's input names and that the actor may not see.

    Args:
        inputs: Models; a field names a record when its schema says of which ``entity``.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    uses: list[tuple[int, str, str, str, int]] = []
    for position, model in enumerate(inputs):
        for name, info in type(model).model_fields.items() if model is not None else ():
            extra = info.json_schema_extra
            target = extra.get("entity") if isinstance(extra, dict) else None
            value = getattr(model, name)
            if isinstance(target, str) and isinstance(value, int):
                wanted[target].add(value)
                uses.append((position, name, info.title or name, target, value))
    found = {target: _existing(work, target, ids) for target, ids in wanted.items()}
    return [
        Problem(
            name,
            "unknown_reference",
            UNSEEN,
            {"field": label, "target": _called(work, target), "id": value},
            position,
        )
        for position, name, label, target, value in uses
        if value not in found[target]
    ]


def _called(work: UnitOfWork, target: str) -> str:
    """Return what people call a kind of record; what is none keeps the name that was given."""
    entity = work.registry.entities.get(target)
    return target if entity is None else entity.label


def cycle_problems(work: UnitOfWork, entity: Entity, changed: Mapping[int, Values]) -> list[Problem]:
    """Return a problem for each record that would become its own ancestor."""
    problems = []
    for field in tree_fields(entity):
        for record_id, values in changed.items():
            parent = values.get(field.name)
            if parent is not None and record_id in _ancestors(work, entity, field, parent):
                data = {"field": field.label, "id": parent}
                template = "{field} {id} lies below this record itself."
                problems.append(Problem(field.name, "cycle", template, data))
    return problems


def _ancestors(work: UnitOfWork, entity: Entity, field: Field, start: int) -> set[int]:
    seen: set[int] = set()
    current: int | None = start
    column = entity.table.c[field.name]
    while current is not None and current not in seen and len(seen) < MAX_DEPTH:
        seen.add(current)
        current = work.connection.scalar(sa.select(column).where(entity.table.c.id == current))
    return seen


def unique_problems(
    work: UnitOfWork, entity: Entity, rows: Sequence[Values], ids: Sequence[int | None]
) -> list[Problem]:
    """Return a problem for each value that another record has, or an earlier row of the batch.

    Args:
        rows: The full values of the constraint's columns.
        ids: The record each row belongs to, None for new ones.
    """
    problems = []
    for columns in unique_columns(entity):
        problems += _clashes(work, entity, columns, rows, ids)
    return problems


def unique_columns(entity: Entity) -> list[tuple[str, ...]]:
    """Return the column sets that must be unique."""
    constraints = [c for c in entity.table.constraints if isinstance(c, sa.UniqueConstraint)]
    found = [tuple(column.name for column in constraint.columns) for constraint in constraints]
    return sorted(found + [(c.name,) for c in entity.table.c if c.unique and (c.name,) not in found])


def lock_to_write(entity: Entity, names: Iterable[str]) -> Lock:
    """Return the lock that a change of these fields needs; a stronger one would wait for whoever refers to a row."""
    unique = {column for columns in unique_columns(entity) for column in columns}
    return "change" if unique.isdisjoint(names) else "remove"


def _clashes(
    work: UnitOfWork,
    entity: Entity,
    columns: tuple[str, ...],
    rows: Sequence[Values],
    ids: Sequence[int | None],
) -> list[Problem]:
    keys = [tuple(row.get(column) for column in columns) for row in rows]
    taken = unique_holders(work, entity, columns, [key for key in keys if None not in key])
    moving = {record_id for record_id in ids if record_id is not None}
    problems, seen = [], set()
    for position, key in enumerate(keys):
        if None in key:
            continue
        holders = taken.get(key, set()) - moving
        if holders or key in seen:
            problems.append(taken_problem(work, entity, columns, key, position))
        seen.add(key)
    return problems


def unique_holders(
    work: UnitOfWork, entity: Entity, columns: tuple[str, ...], keys: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], set[int]]:
    """Return who holds which of *keys*, the values of *columns*."""
    if not keys:
        return {}
    # The most telling column narrows the search: a system's name would match a million external ids.
    widest = max(range(len(columns)), key=lambda i: len({key[i] for key in keys}))
    table = entity.table
    statement = sa.select(table.c.id, *[table.c[c] for c in columns]).where(
        in_set(table.c[columns[widest]], "values")
    )
    for i, column in enumerate(columns):
        if i != widest and len({key[i] for key in keys}) == 1:
            statement = statement.where(table.c[column] == keys[0][i])
    found: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for row in work.connection.execute(statement, {"values": sorted({key[widest] for key in keys})}):
        found[tuple(row[1:])].add(row[0])
    return found


def taken_problem(
    work: UnitOfWork, entity: Entity, columns: tuple[str, ...], key: tuple[Any, ...], position: int
) -> Problem:
    """Return the problem of a row whose unique value another record has."""
    fields = work.schema.fields(entity)
    data = {
        "field": " + ".join(fields[c].label for c in columns),
        "value": " + ".join(str(part) for part in key),
    }
    template = "{field} {value} is taken by another record. Choose another value or open that record."
    return Problem(columns[-1], "taken", template, data, position)


def require_within(work: UnitOfWork, entity: Entity, ids: Sequence[int], verb: str) -> None:
    """Refuse what has just been written if it lies outside the actor's scope for *verb*.

    Raises:
        PermissionDenied: At least one row does; the transaction rolls back.
    """
    term = rights.granted(work, entity, verb)
    if term.shape == "all" or not ids:
        return
    key = ("within", entity.name, term.shape)
    statement = work.schema.statements.get(key)
    if statement is None:
        table = entity.table
        statement = sa.select(sa.func.count()).where(in_set(table.c.id, "ids"), term.build(table))
        work.schema.statements[key] = statement
    inside = work.connection.scalar(statement, {"ids": sorted(ids), **term.values})
    if inside != len(set(ids)):
        raise PermissionDenied(permission=f"{entity.name}.{verb}")


def holders(work: UnitOfWork, entity: Entity, name: str, values: Sequence[Any]) -> list[tuple[int, Any]]:
    """Return (id, value) of the visible records whose field *name* has one of *values*, ids ascending."""
    table, term = entity.table, rights.granted(work, entity, "read")
    statement = sa.select(table.c.id, table.c[name]).where(in_set(table.c[name], "values"), term.build(table))
    rows = work.connection.execute(
        statement.order_by(table.c.id), {"values": sorted(set(values)), **term.values}
    )
    return [(row[0], row[1]) for row in rows]
