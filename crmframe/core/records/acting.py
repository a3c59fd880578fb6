"""Running an action: a named verb with a typed input, through the same pipeline as every write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from crmframe.core.contributions import Action, Change
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import InvalidInput, NotFound, Problem, Stale
from crmframe.core.records import checks, rights
from crmframe.core.records.rows import flat, locked
from crmframe.core.work import Acting, UnitOfWork


def run(
    work: UnitOfWork,
    entity_name: str,
    record_id: int,
    action_name: str,
    data: Mapping[str, Any] | None = None,
    *,
    version: int | None = None,
) -> Any:
    """Run an action on one record and return what it returns.

    Args:
        data: The action's input as form or JSON values.
        version: The version that was read; None skips the check.

    Raises:
        NotFound: No such action or record, or none that the actor may run it on.
        InvalidInput: Every problem of the input.
        PermissionDenied, Stale, Vetoed: As ``update``.
    """
    entity = work.schema.entity(entity_name)
    action = action_of(work, entity, action_name)
    rights.require(work, entity, action.name)
    term = rights.granted(work, entity, action.name)
    rows = locked(work, entity, [record_id], term)
    if record_id not in rows:
        raise rights.not_found(entity, record_id)
    current = rows[record_id].columns["version"]
    if version not in (None, current):
        raise Stale(entity=entity.label, id=record_id, given=version, current=current)
    given = parsed_input(action, data or {})
    _require_seen(work, [given])
    record = flat(work, entity, rows[record_id])
    work.journal.name_verb(f"{entity.name}.{action.name}")
    work.journal.undoable = work.journal.undoable and action.undoable
    work.hooks.guard(
        "before_action", Change(work, entity, action.name, (record_id,), {record_id: record}, (), given)
    )
    return _perform(work, entity, action, record, given)


def run_many(
    work: UnitOfWork, entity_name: str, action_name: str, inputs: Mapping[int, Mapping[str, Any]]
) -> None:
    """Run an action on a batch of records, each with its own input; the guards are asked once.

    Raises:
        InvalidInput: Every problem of every input, with its position as ``row``.
        NotFound: No such action, none for batches, or a record that the actor may not run it on.
        PermissionDenied, Vetoed: As ``run``.
    """
    entity = work.schema.entity(entity_name)
    action = action_of(work, entity, action_name)
    if action.imports is None:
        raise NotFound(entity="action for batches", id=action_name)
    rights.require(work, entity, action.name)
    rows = locked(work, entity, inputs, rights.granted(work, entity, action.name))
    for record_id in inputs:
        if record_id not in rows:
            raise rights.not_found(entity, record_id)
    given = _parsed_inputs(action, list(inputs.values()))
    _require_seen(work, given)
    before = {record_id: flat(work, entity, rows[record_id]) for record_id in inputs}
    work.journal.name_verb(f"{entity.name}.{action.name}")
    work.journal.undoable = work.journal.undoable and action.undoable
    work.hooks.guard(
        "before_action", Change(work, entity, action.name, tuple(inputs), before, (), tuple(given))
    )
    plugin = work.registry.action_owner[entity.name, action.name]
    with work.acting_as(Acting(entity.name, action.name, plugin)):
        action.imports(work, list(zip(before.values(), given, strict=True)))
    work.journal.publish(f"{entity.name}.{action.name}", entity.name, list(inputs), {}, 1)


def _require_seen(work: UnitOfWork, inputs: Sequence[BaseModel | None]) -> None:
    """Refuse inputs that name what the actor may not see: the action itself looks with its plugin's eyes."""
    problems = checks.input_problems(work, inputs)
    if problems:
        raise InvalidInput(problems)


def _parsed_inputs(action: Action, inputs: Sequence[Mapping[str, Any]]) -> list[BaseModel | None]:
    parsed: list[BaseModel | None] = []
    problems: list[Problem] = []
    for position, data in enumerate(inputs):
        try:
            parsed.append(parsed_input(action, data))
        except InvalidInput as error:
            problems += [replace(problem, row=position) for problem in error.problems]
    if problems:
        raise InvalidInput(problems)
    return parsed


def _perform(work: UnitOfWork, entity: Entity, action: Action, record: Mapping[str, Any], given: Any) -> Any:
    plugin = work.registry.action_owner[entity.name, action.name]
    with work.acting_as(Acting(entity.name, action.name, plugin)):
        result = action.run(work, record, given)
    payload = given.model_dump(mode="json") if isinstance(given, BaseModel) else {}
    work.journal.publish(f"{entity.name}.{action.name}", entity.name, [record["id"]], payload, 1)
    return result


def action_of(work: UnitOfWork, entity: Entity, name: str) -> Action:
    """Return a declared action.

    Raises:
        NotFound: The entity has none of that name.
    """
    action: Action | None = work.registry.actions.get(entity.name, {}).get(name)
    if action is None:
        raise NotFound(entity="action", id=name)
    return action


def parsed_input(action: Action, data: Mapping[str, Any]) -> BaseModel | None:
    """Return the action's input as its model.

    Raises:
        InvalidInput: Every problem, by field.
    """
    if action.input is None:
        return None
    given = {name: value for name, value in data.items() if value != ""}
    try:
        return action.input.model_validate(given)
    except ValidationError as error:
        raise InvalidInput([_problem(item) for item in error.errors()]) from None


def _problem(item: Any) -> Problem:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] == "missing":
        return Problem(name, "required", "{field} is required.", {"field": name})
    if item["type"] == "extra_forbidden":
        return Problem(name, "unknown_field", "There is no field {field} here.", {"field": name})
    data = {"field": name, "value": str(item["input"])[:80], "reason": item["msg"]}
    return Problem(name, "invalid", "{field}: {value} does not fit ({reason}).", data)
