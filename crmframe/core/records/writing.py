"""Creating and changing records: parse, check rights, ask the guards, write, journal. The only way in."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from crmframe.core.access.fields import readable_fields
from crmframe.core.access.term import ALL, Term
from crmframe.core.contributions import Change
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.values import parse_values
from crmframe.core.errors import InvalidInput, Problem, Stale
from crmframe.core.records import applying, checks, rights
from crmframe.core.records.maintaining import lock_new_targets, lock_targets, maintain
from crmframe.core.records.reading import get
from crmframe.core.records.rows import Row, add_sidecars, flat, locked
from crmframe.core.storage.turns import take_turn
from crmframe.core.work import UnitOfWork

Raw = Mapping[str, Any]


def create(work: UnitOfWork, entity_name: str, values: Raw) -> dict[str, Any]:
    """Create one record and return it as the actor may read it.

    Raises:
        InvalidInput: Every problem of the values.
        PermissionDenied: The actor may not create it, or not for this owner.
        Vetoed: A guard refused.
    """
    [record_id] = create_many(work, entity_name, [values])
    return _read_back(work, entity_name, record_id)


def _read_back(work: UnitOfWork, entity_name: str, record_id: int) -> dict[str, Any]:
    if work.actor.may(f"{entity_name}.read") or work.acting is not None:
        return get(work, entity_name, record_id)
    return {"id": record_id, "version": 1}


def create_many(work: UnitOfWork, entity_name: str, rows: Sequence[Raw]) -> list[int]:
    """Create records in one batch; returns their ids in the same order. Raises as ``create``."""
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "create")
    values = _new_values(work, entity, rows)
    work.journal.name_verb(f"{entity.name}.create")
    change = Change(work, entity, "create", (), {}, values)
    work.hooks.guard("before_create", change)
    ids = applying.insert(work, entity, values)
    checks.require_within(work, entity, ids, "create")
    maintain(work, entity, values)
    _follow(work, entity, ids, None)
    return ids


def _follow(work: UnitOfWork, entity: Entity, ids: Sequence[int], given: set[str] | None) -> None:
    """Write what follows from what was written."""
    for rule in work.registry.consequences:
        if rule.entity == entity.name and ids and (given is None or not given.isdisjoint(rule.fields)):
            rule.run(work, ids)


def _new_values(work: UnitOfWork, entity: Entity, rows: Sequence[Raw]) -> list[dict[str, Any]]:
    problems = rights.refused_fields(work, entity, rows)
    defaults = _defaults(work, entity, rows)
    values, found = parse_values(work.schema.fields(entity), rows, work.parse_context(), defaults=defaults)
    if any(rule.entity == entity.name for rule in work.registry.derived):
        for row in values:
            row.update(_derived(work, entity, row, row))
    for row, kept in zip(values, _kept(work, entity, values, values), strict=True):
        row.update(kept)
    problems += found
    lock_new_targets(work, entity, values)
    problems += _outer_problems(work, entity, values, values, [None] * len(values))
    _raise_problems(problems)
    return values


def _outer_problems(
    work: UnitOfWork, entity: Entity, given: Sequence[Raw], complete: Sequence[Raw], ids: Sequence[int | None]
) -> list[Problem]:
    """Return what is wrong with rows in view of other records."""
    unseen = checks.reference_problems(work, entity, given)
    rows = {problem.row for problem in unseen}
    taken = checks.unique_problems(work, entity, complete, ids)
    # Whether a pair is taken would tell of a record that the actor may not see.
    found = [*unseen, *(problem for problem in taken if problem.row not in rows)]
    for rule in work.registry.checked:
        if rule.entity == entity.name:
            found += rule.problems(work, given, complete, ids)
    return found


def _derived(work: UnitOfWork, entity: Entity, changed: Raw, complete: Raw) -> dict[str, Any]:
    """Return the fields that follow from changed ones."""
    return {
        rule.field: rule.derive(complete, work.settings.region)
        for rule in work.registry.derived
        if rule.entity == entity.name and any(source in changed for source in rule.sources)
    }


def _defaults(work: UnitOfWork, entity: Entity, rows: Sequence[Raw]) -> dict[str, Any]:
    """Return what the rows have that do not give it; a default is asked for once per batch, not per row."""
    return {
        field.name: field.default(work) if callable(field.default) else field.default
        for field in work.schema.fields(entity).values()
        if field.default is not None
        and any(field.name not in row and field.short_name not in row for row in rows)
    }


def _kept(
    work: UnitOfWork, entity: Entity, changed: Sequence[Raw], complete: Sequence[Raw]
) -> list[dict[str, Any]]:
    """Return the fields of each row that plugins keep from its others, asked once for the batch."""
    found: list[dict[str, Any]] = [{} for _ in complete]
    for rule in work.registry.kept:
        if rule.entity != entity.name:
            continue
        due = [i for i, row in enumerate(changed) if not rule.sources or any(s in row for s in rule.sources)]
        for i, values in zip(due, rule.keep(work, [complete[i] for i in due]) if due else (), strict=True):
            found[i] |= values
    return found


def following(
    work: UnitOfWork, entity: Entity, changed: Mapping[int, Raw], rows: Mapping[int, Row]
) -> dict[int, dict[str, Any]]:
    """Return the fields of locked rows that follow from their changed ones, by id."""
    ids = list(changed)
    complete = [{**rows[i].columns, **changed[i]} for i in ids]
    derived = [_derived(work, entity, changed[i], row) for i, row in zip(ids, complete, strict=True)]
    kept = _kept(work, entity, [changed[i] for i in ids], complete)
    return {i: {**first, **second} for i, first, second in zip(ids, derived, kept, strict=True)}


def refresh(work: UnitOfWork, entity_name: str, ids: Sequence[int]) -> list[int]:
    """Compute anew what plugins keep on records, because what it depends on changed; returns the changed ones."""
    entity = work.schema.entity(entity_name)
    rows = locked(work, entity, ids, ALL)
    complete = [flat(work, entity, row) for row in rows.values()]
    work.journal.name_verb(f"{entity.name}.refresh")
    return applying.change(
        work, entity, rows, dict(zip(rows, _kept(work, entity, complete, complete), strict=True))
    )


def _raise_problems(problems: Sequence[Problem]) -> None:
    if problems:
        unique = {(p.row, p.field, p.code): p for p in problems}
        raise InvalidInput(list(unique.values()))


def update(
    work: UnitOfWork, entity_name: str, record_id: int, values: Raw, *, version: int | None = None
) -> dict[str, Any]:
    """Change one record and return it.

    Args:
        values: Only the fields to change.
        version: The version that was read; None skips the check.

    Raises:
        NotFound: There is none, or the actor may not change it.
        Stale: Somebody changed it since *version*.
        InvalidInput, Vetoed, PermissionDenied: As ``create``.
    """
    versions = {} if version is None else {record_id: version}
    update_many(work, entity_name, {record_id: values}, versions=versions)
    return _read_back(work, entity_name, record_id)


def update_many(
    work: UnitOfWork,
    entity_name: str,
    changes: Mapping[int, Raw],
    *,
    versions: Mapping[int, int] | None = None,
) -> list[int]:
    """Change records in one batch; returns the ids that really changed. Raises as ``update``."""
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "update")
    work.journal.name_verb(f"{entity.name}.update")
    return write_many(work, entity, changes, verb="update", versions=versions or {})


def write(work: UnitOfWork, entity_name: str, record_id: int, values: Raw) -> None:
    """Change the record an action runs on; the action's right stands for the right to update.

    Raises:
        NotFound, InvalidInput, Vetoed: As ``update``.
    """
    entity = work.schema.entity(entity_name)
    if work.acting is None or work.acting.entity != entity_name:
        raise TypeError("records.write is for actions on their own entity. Use records.update.")
    write_many(work, entity, {record_id: values}, verb=work.acting.verb, versions={})


def write_many(
    work: UnitOfWork, entity: Entity, changes: Mapping[int, Raw], *, verb: str, versions: Mapping[int, int]
) -> list[int]:
    """Change records under the right *verb*: the shared body of updates and actions."""
    term = rights.granted(work, entity, verb)
    rows = _locked_for(work, entity, changes, term)
    _require_all(entity, changes, rows)
    _require_versions(work, entity, rows, versions)
    wanted = _wanted(work, entity, changes, rows)
    _guard(work, entity, rows, wanted)
    old = {i: dict(rows[i].columns) for i in wanted}
    changed = applying.change(work, entity, rows, wanted, term=term)
    require_still_within(work, entity, changed, wanted, verb, term)
    maintain(work, entity, [*(old[i] for i in changed), *(rows[i].columns for i in changed)])
    _follow(work, entity, changed, {name for values in wanted.values() for name in values})
    return changed


def _locked_for(work: UnitOfWork, entity: Entity, changes: Mapping[int, Raw], term: Term) -> dict[int, Row]:
    """Lock the rows as strongly as the changes need, and no more: weaker locks deadlock less."""
    names = {name for values in changes.values() for name in values}
    known = {field.name for field in (work.schema.find_field(entity, name) for name in names) if field}
    if any(field.name in known for field in checks.tree_fields(entity)):
        # Two records hung below each other at the same moment would close a circle that neither sees.
        take_turn(work.connection, f"tree of {entity.name}")
    lock_targets(work, entity, changes)
    return locked(work, entity, changes, term, to=checks.lock_to_write(entity, known))


def _require_all(entity: Entity, wanted: Mapping[int, Any], rows: Mapping[int, Row]) -> None:
    for record_id in wanted:
        if record_id not in rows:
            raise rights.not_found(entity, record_id)


def _require_versions(
    work: UnitOfWork, entity: Entity, rows: Mapping[int, Row], versions: Mapping[int, int]
) -> None:
    for record_id, given in versions.items():
        current = rows[record_id].columns["version"]
        if current != given:
            raise Stale(entity=entity.label, id=record_id, given=given, current=current)


def _wanted(
    work: UnitOfWork, entity: Entity, changes: Mapping[int, Raw], rows: Mapping[int, Row]
) -> dict[int, dict[str, Any]]:
    ids = list(changes)
    raw = [changes[record_id] for record_id in ids]
    problems = rights.refused_fields(work, entity, raw)
    values, found = parse_values(work.schema.fields(entity), raw, work.parse_context(), partial=True)
    wanted = dict(zip(ids, values, strict=True))
    for i, more in following(work, entity, wanted, rows).items():
        wanted[i] |= more
    complete = [{**rows[i].columns, **wanted[i]} for i in ids]
    problems += found
    problems += _outer_problems(work, entity, values, complete, ids)
    problems += checks.cycle_problems(work, entity, wanted)
    _raise_problems(problems)
    names = {name for value in values for name in value if "." in name and not name.startswith("custom.")}
    add_sidecars(work, entity, rows, sorted({name.partition(".")[0] for name in names}))
    return wanted


def _guard(work: UnitOfWork, entity: Entity, rows: Mapping[int, Row], wanted: Mapping[int, Raw]) -> None:
    before = {i: flat(work, entity, rows[i]) for i in wanted}
    after = [{n: v for n, v in wanted[i].items() if before[i].get(n) != v} for i in wanted]
    work.hooks.guard("before_update", Change(work, entity, "update", tuple(wanted), before, after))


def require_still_within(
    work: UnitOfWork, entity: Entity, ids: Sequence[int], wanted: Mapping[int, Raw], verb: str, term: Term
) -> None:
    """Refuse what has been written if it lies out of reach; giving a record away needs the right to assign.

    Raises:
        PermissionDenied: The transaction rolls back.
    """
    moved = [i for i in ids if {"owner_id", "team_id"} & wanted[i].keys()]
    kept = [i for i in ids if i not in set(moved)]
    if term.shape != "all":
        checks.require_within(work, entity, kept, verb)
        checks.require_within(
            _without_shares(work),
            entity,
            moved,
            "assign" if work.actor.may(f"{entity.name}.assign") else verb,
        )


def _without_shares(work: UnitOfWork) -> UnitOfWork:
    """Return the work of somebody to whom nothing is shared: a share lets nobody give a record away."""
    if not work.actor.lent:
        return work
    seen = copy.copy(work)
    seen.actor = replace(work.actor, lent={})
    return seen


def upsert_many(work: UnitOfWork, entity_name: str, key: str, rows: Sequence[Raw]) -> list[int]:
    """Create the rows whose *key* is new, change the others; returns the ids in the same order.

    Raises:
        InvalidInput: As ``create`` and ``update``; also for a row without the key.
    """
    entity = work.schema.entity(entity_name)
    field = _key_field(work, entity, key)
    values, problems = parse_values(
        {field.name: field}, [_only(row, field) for row in rows], work.parse_context(), partial=True
    )
    missing = [i for i, value in enumerate(values) if value.get(field.name) is None]
    problems += [
        Problem(field.name, "required", "{field} is needed to find the record.", {"field": field.label}, i)
        for i in missing
    ]
    _raise_problems(problems)
    keys = [value[field.name] for value in values]
    known = find_by(work, entity, field.name, keys)
    new = [i for i, value in enumerate(keys) if value not in known]
    update_rows = {known[value]: rows[i] for i, value in enumerate(keys) if value in known}
    created = create_many(work, entity_name, [rows[i] for i in new]) if new else []
    if update_rows:
        update_many(work, entity_name, update_rows)
    ids = {keys[i]: record_id for i, record_id in zip(new, created, strict=True)} | known
    return [ids[value] for value in keys]


def _key_field(work: UnitOfWork, entity: Entity, name: str) -> Field:
    """Return a field to find records by: asking by a hidden one would tell its values."""
    fields = work.schema.fields(entity)
    allowed = fields.keys() if rights.is_own(work, entity) else readable_fields(work, entity)
    return rights.known(work, entity, name, [each for each in allowed if fields[each].source == "column"])


def _only(row: Raw, field: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in (field.name, field.short_name)}


def find_by(work: UnitOfWork, entity: Entity, name: str, values: Sequence[Any]) -> dict[Any, int]:
    """Return value to id of the visible records whose field *name* has one of *values*; the lowest id wins.

    Raises:
        InvalidFilter: The actor may not read the field, or it is no column of the entity's own.
    """
    rows = checks.holders(work, entity, _key_field(work, entity, name).name, values)
    found: dict[Any, int] = {}
    for record_id, value in rows:
        found.setdefault(value, record_id)
    return found
