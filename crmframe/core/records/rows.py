"""Rows and values: from what was given to what is stored, and to what the journal keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.lending import note_standing_in
from crmframe.core.access.term import Term
from crmframe.core.entities.custom import held_value
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.sort_key import sort_key
from crmframe.core.storage.dialect import Lock, in_set, lock_rows
from crmframe.core.work import UnitOfWork


@dataclass(slots=True)
class Row:
    """A record as stored: its own columns, and its sidecars' by plugin."""

    columns: dict[str, Any]
    sidecars: dict[str, dict[str, Any]] = field(default_factory=dict)


def value_of(field: Field, row: Row) -> Any:
    """Return a field's value."""
    if field.source == "custom":
        return held_value(field, (row.columns.get("custom") or {}).get(field.custom_key))
    if field.source == "sidecar":
        plugin, _, name = field.name.partition(".")
        return row.sidecars.get(plugin, {}).get(name)
    return row.columns.get(field.name)


def store(field: Field, value: Any, row: Row) -> None:
    """Put a value where it is stored, with its sort key."""
    if field.source == "custom":
        custom = dict(row.columns.get("custom") or {})
        custom.pop(field.custom_key, None)
        if value is not None:
            custom[field.custom_key] = field.kind.to_json(value)
        row.columns["custom"] = custom
    elif field.source == "sidecar":
        plugin, _, name = field.name.partition(".")
        row.sidecars.setdefault(plugin, {})[name] = value
    else:
        row.columns[field.name] = value
        if field.key_column:
            row.columns[field.key_column] = None if value is None else sort_key(value)


def locked(
    work: UnitOfWork, entity: Entity, ids: Iterable[int], term: Term, *, to: Lock = "change"
) -> dict[int, Row]:
    """Return the rows with these ids that satisfy *term*, locked until the transaction ends, in id order.

    Args:
        to: ``remove`` keeps others from referring to the rows meanwhile; it is needed to change unique values, too.
    """
    key = ("locked", entity.name, term.shape, to, work.writes)
    statement = work.schema.statements.get(key)
    if statement is None:
        table = entity.table
        statement = sa.select(table).where(in_set(table.c.id, "ids"), term.build(table)).order_by(table.c.id)
        statement = work.schema.statements[key] = held(work, statement, entity.table, to)
    found = work.connection.execute(statement, {"ids": sorted(set(ids)), **term.values}).mappings()
    rows = {row["id"]: Row(dict(row)) for row in found}
    if work.actor.stands_in and work.writes:
        note_standing_in(work, {row.columns[entity.holder] for row in rows.values()})
    return rows


def held(work: UnitOfWork, statement: sa.Select[Any], of: sa.Table, to: Lock) -> sa.Select[Any]:
    """Return the select so that its rows of *of* stay; what only reads locks nothing."""
    return lock_rows(statement, of=of, to=to) if work.writes else statement


def add_sidecars(work: UnitOfWork, entity: Entity, rows: Mapping[int, Row], plugins: Iterable[str]) -> None:
    """Read the sidecars of *plugins* into *rows*."""
    for plugin in plugins:
        table = work.registry.sidecars[entity.name][plugin].table
        statement = sa.select(table).where(in_set(table.c.id, "ids"))
        for sidecar in work.connection.execute(statement, {"ids": sorted(rows)}).mappings():
            rows[sidecar["id"]].sidecars[plugin] = dict(sidecar)


def flat(work: UnitOfWork, entity: Entity, row: Row) -> dict[str, Any]:
    """Return every stored field of a row by name."""
    fields = work.schema.fields(entity).values()
    return {f.name: value_of(f, row) for f in fields if f.source != "computed"}


def image(entity: Entity, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the journal keeps of a deleted row: enough to put it back, in canonical JSON."""
    kept = {f.name: f.kind.to_json(row[f.name]) for f in _columns(entity) if f.name not in ("id", "version")}
    if entity.is_customizable:
        kept["custom"] = row["custom"] or {}
    return kept


def from_image(entity: Entity, kept: Mapping[str, Any], record_id: int, version: int) -> dict[str, Any]:
    """Return the row that an image describes; columns younger than the image are left to their defaults."""
    columns: dict[str, Any] = {"id": record_id, "version": version}
    for declared in _columns(entity):
        name = next((n for n in (declared.name, *declared.formerly) if n in kept), None)
        if name is not None:
            value = declared.kind.from_json(kept[name])
            columns[declared.name] = value
            if declared.key_column:
                columns[declared.key_column] = None if value is None else sort_key(value)
    if entity.is_customizable:
        columns["custom"] = kept.get("custom", {})
    return columns


def _columns(entity: Entity) -> Sequence[Field]:
    return [f for f in entity.fields.values() if f.source == "column"]


def stamps_of_creation(work: UnitOfWork) -> dict[str, Any]:
    """Return the stamps of a new record."""
    who = work.actor.id
    return {
        "version": 1,
        "created_at": work.now,
        "created_by": who,
        "updated_at": work.now,
        "updated_by": who,
    }
