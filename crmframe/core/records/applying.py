"""The one place where rows of entities are inserted, changed and removed, and each change is journaled.

Everything above decides what to write; nothing else in crmframe runs INSERT, UPDATE or DELETE on an entity's table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.term import ALL, Term
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import Conflict
from crmframe.core.records.clashing import refusing_clashes
from crmframe.core.records.columns import columns_of, given_columns, sidecars_of, stamp_columns
from crmframe.core.records.rows import Row, add_sidecars, image, stamps_of_creation, store, value_of
from crmframe.core.storage.bulk import Column, Constant, insert_columns
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.ids import allocate_ids
from crmframe.core.work import UnitOfWork

Values = Mapping[str, Any]


def insert(work: UnitOfWork, entity: Entity, values: Sequence[Values]) -> list[int]:
    """Insert new records with validated values by field name; returns their ids in the same order."""
    if not values:
        return []
    columns = {**stamp_columns(work), **columns_of(work, entity, values)}
    if len(values) == 1:
        ids = _insert_one(work, entity, columns)
    else:
        ids = allocate_ids(work.connection, entity.table, len(values))
        with refusing_clashes(work, entity, values):
            insert_columns(work.connection, entity.table, {**columns, "id": ids}, len(values))
    work.journal.created(entity.name, ids)
    for plugin, rows in sidecars_of(work, entity, dict(zip(ids, values, strict=True))).items():
        _insert_sidecars(work, entity, plugin, rows, version=1)
    _note_epoch(work, entity)
    return ids


def _insert_one(work: UnitOfWork, entity: Entity, columns: Mapping[str, Column]) -> list[int]:
    # Every column is named, whatever is given: one statement that stays compiled.
    row: dict[str, Any] = dict.fromkeys(c.name for c in entity.table.c if c.name != "id")
    row |= {name: c.value if isinstance(c, Constant) else c[0] for name, c in columns.items()}
    with refusing_clashes(work, entity, [row]):
        inserted = work.connection.execute(sa.insert(entity.table), row).inserted_primary_key
    return [] if inserted is None else [inserted[0]]


def insert_exact(work: UnitOfWork, entity: Entity, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows under the ids they name; the caller journals them."""
    if not rows:
        return
    with refusing_clashes(work, entity, rows):
        if len(rows) == 1:
            complete = {c.name: rows[0].get(c.name) for c in entity.table.c}
            work.connection.execute(sa.insert(entity.table), complete)
        else:
            apart, references = _apart(entity.table, rows)
            columns = given_columns((c.name for c in entity.table.c), apart)
            insert_columns(work.connection, entity.table, columns, len(rows))
            for name, targets in references.items():
                _refer(work, entity.table, name, targets)
    _note_epoch(work, entity)


def _apart(
    table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> tuple[Sequence[Mapping[str, Any]], dict[str, dict[int, int]]]:
    """Return the rows without references to rows that come after them, and those references by column and id.

    A batch that is put back may refer to itself, in circles too (a parent, a referrer): no order suits them all.
    """
    names = [c.name for c in table.c if c.nullable and any(key.references(table) for key in c.foreign_keys)]
    references: dict[str, dict[int, int]] = {}
    if not names:
        return rows, references
    waiting = {row.get("id") for row in rows}
    apart: list[Mapping[str, Any]] = []
    for row in rows:
        waiting.discard(row.get("id"))
        held = {name: row[name] for name in names if row.get(name) is not None and row[name] in waiting}
        for name, target in held.items():
            references.setdefault(name, {})[row["id"]] = target
        apart.append({**row, **dict.fromkeys(held)} if held else row)
    return apart, references


def _refer(work: UnitOfWork, table: sa.Table, name: str, targets: Mapping[int, int]) -> None:
    statement = sa.update(table).where(table.c.id == sa.bindparam("which_id"))
    statement = statement.values({name: sa.bindparam("target", type_=table.c[name].type)})
    work.connection.execute(statement, [{"which_id": i, "target": target} for i, target in targets.items()])


def _insert_sidecars(
    work: UnitOfWork, entity: Entity, plugin: str, rows: Mapping[int, Row], version: int | Mapping[int, int]
) -> None:
    sidecar = work.registry.sidecars[entity.name][plugin]
    stamps = stamps_of_creation(work)
    complete = []
    for record_id, row in rows.items():
        at = version if isinstance(version, int) else version[record_id]
        complete.append(
            {**stamps, **_with_keys(sidecar, row.sidecars[plugin]), "id": record_id, "version": at}
        )
        work.journal.changed(sidecar.name, "create", record_id, at, {})
    insert_exact(work, sidecar, complete)


def _with_keys(sidecar: Entity, values: Values) -> dict[str, Any]:
    row = Row({})
    for name, value in values.items():
        if name in sidecar.fields:
            store(sidecar.fields[name], value, row)
    return row.columns


def change(
    work: UnitOfWork,
    entity: Entity,
    rows: Mapping[int, Row],
    wanted: Mapping[int, Values],
    *,
    kind: str = "update",
    term: Term = ALL,
) -> list[int]:
    """Change locked rows to the wanted values; returns the ids that really changed.

    Args:
        rows: As returned by ``locked``, with the sidecars that *wanted* touches.
        term: The policy, once more in the WHERE of the UPDATE.
    """
    fields = work.schema.fields(entity)
    written: dict[int, dict[str, Any]] = {}
    for record_id, values in wanted.items():
        row = rows[record_id]
        changed = {n: v for n, v in values.items() if value_of(fields[n], row) != v}
        if changed:
            written[record_id] = _changed_columns(work, entity, row, changed, kind)
    _write_columns(work, entity, rows, written, term)
    return list(written)


def _changed_columns(
    work: UnitOfWork, entity: Entity, row: Row, changed: Values, kind: str
) -> dict[str, Any]:
    fields, record_id = work.schema.fields(entity), row.columns["id"]
    version = row.columns["version"] + 1
    before: dict[str, Any] = {}
    by_plugin: dict[str, dict[str, Any]] = {}
    for name, value in changed.items():
        field = fields[name]
        old = field.kind.to_json(value_of(field, row))
        if field.source == "sidecar":
            plugin, _, own = name.partition(".")
            by_plugin.setdefault(plugin, {})[own] = (old, value)
        else:
            before[f"custom.{field.custom_key}" if field.source == "custom" else name] = old
    work.journal.changed(entity.name, kind, record_id, version, before)
    old_columns = dict(row.columns)
    for plugin, pairs in by_plugin.items():
        _change_sidecar(work, entity, plugin, row, pairs, version)
    for name, value in changed.items():
        store(fields[name], value, row)
    row.columns |= {"version": version, "updated_at": work.now, "updated_by": work.actor.id}
    return {name: value for name, value in row.columns.items() if value != old_columns.get(name, ...)}


def _change_sidecar(
    work: UnitOfWork,
    entity: Entity,
    plugin: str,
    row: Row,
    pairs: Mapping[str, tuple[Any, Any]],
    version: int,
) -> None:
    record_id = row.columns["id"]
    if not row.sidecars.get(plugin):
        row.sidecars[plugin] = {name: value for name, (_, value) in pairs.items()}
        _insert_sidecars(work, entity, plugin, {record_id: row}, version)
        return
    sidecar = work.registry.sidecars[entity.name][plugin]
    work.journal.changed(
        sidecar.name, "update", record_id, version, {n: old for n, (old, _) in pairs.items()}
    )
    columns = _with_keys(sidecar, {name: value for name, (_, value) in pairs.items()})
    columns |= {"version": version, "updated_at": work.now, "updated_by": work.actor.id}
    statement = sa.update(sidecar.table).where(sidecar.table.c.id == record_id).values(columns)
    work.connection.execute(statement)


def _write_columns(
    work: UnitOfWork, entity: Entity, rows: Mapping[int, Row], written: Mapping[int, Values], term: Term
) -> None:
    if not written:
        return
    names = sorted({name for columns in written.values() for name in columns})
    table = entity.table
    key = ("update", entity.name, tuple(names), term.shape)
    statement = work.schema.statements.get(key)
    if statement is None:
        statement = sa.update(table).where(table.c.id == sa.bindparam("which_id"), term.build(table))
        statement = statement.where(table.c.version == sa.bindparam("read_version"))
        statement = statement.values(
            {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
        )
        work.schema.statements[key] = statement
    parameters = [
        {
            "which_id": record_id,
            "read_version": rows[record_id].columns["version"] - 1,
            **{f"new_{name}": rows[record_id].columns[name] for name in names},
            **term.values,
        }
        for record_id in written
    ]
    with refusing_clashes(work, entity, [rows[record_id].columns for record_id in written]):
        result = work.connection.execute(statement, parameters if len(parameters) > 1 else parameters[0])
    if result.rowcount not in (len(parameters), -1):
        raise Conflict(
            entity=entity.label, id=", ".join(map(str, written)), state="being changed by somebody else"
        )
    _note_epoch(work, entity)


def drop_sidecars(work: UnitOfWork, base: Entity, sidecar: Entity, rows: Mapping[int, Row]) -> None:
    """Delete the sidecars of locked rows; each base record gets a new version."""
    for record_id, row in rows.items():
        held = row.sidecars.pop(sidecar.plugin, {})
        if held:
            version = row.columns["version"] + 1
            work.journal.changed(base.name, "update", record_id, version, {})
            work.journal.changed(sidecar.name, "delete", record_id, version, image(sidecar, held))
            _touch(work, base, row, version)
    _delete(work, sidecar.table, list(rows), ALL)


def return_sidecars(
    work: UnitOfWork, base: Entity, sidecar: Entity, rows: Mapping[int, Row], images: Mapping[int, Values]
) -> None:
    """Insert deleted sidecars again; each base record gets a new version."""
    returned = []
    for record_id, columns in images.items():
        row = rows[record_id]
        version = row.columns["version"] + 1
        work.journal.changed(base.name, "update", record_id, version, {})
        work.journal.changed(sidecar.name, "restore", record_id, version, {})
        _touch(work, base, row, version)
        returned.append({**columns, "version": version})
    insert_exact(work, sidecar, returned)


def _touch(work: UnitOfWork, entity: Entity, row: Row, version: int) -> None:
    row.columns |= {"version": version, "updated_at": work.now, "updated_by": work.actor.id}
    stamps = {name: row.columns[name] for name in ("version", "updated_at", "updated_by")}
    work.connection.execute(
        sa.update(entity.table).where(entity.table.c.id == row.columns["id"]).values(stamps)
    )


def remove(work: UnitOfWork, entity: Entity, rows: Mapping[int, Row], *, term: Term = ALL) -> None:
    """Delete locked rows and their sidecars; the journal keeps their images."""
    ids = sorted(rows)
    for plugin, sidecar in work.registry.sidecars.get(entity.name, {}).items():
        add_sidecars(work, entity, rows, [plugin])
        held = {i: row.sidecars[plugin] for i, row in rows.items() if row.sidecars.get(plugin)}
        for record_id, columns in held.items():
            version = rows[record_id].columns["version"] + 1
            work.journal.changed(sidecar.name, "delete", record_id, version, image(sidecar, columns))
        _delete(work, sidecar.table, list(held), ALL)
    for record_id, row in rows.items():
        work.journal.changed(
            entity.name, "delete", record_id, row.columns["version"] + 1, image(entity, row.columns)
        )
    if _delete(work, entity.table, ids, term) != len(ids):
        raise Conflict(
            entity=entity.label, id=", ".join(map(str, ids)), state="being changed by somebody else"
        )
    _note_epoch(work, entity)


def _delete(work: UnitOfWork, table: sa.Table, ids: Iterable[int], term: Term) -> int:
    wanted = sorted(ids)
    if not wanted:
        return 0
    statement = sa.delete(table).where(in_set(table.c.id, "ids"), term.build(table))
    return work.connection.execute(statement, {"ids": wanted, **term.values}).rowcount


def _note_epoch(work: UnitOfWork, entity: Entity) -> None:
    work.bumps_epoch = work.bumps_epoch or entity.bumps_epoch
