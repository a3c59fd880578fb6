"""What an assignment rule must be like: its records, conditions and strategy exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmframe.core.assignment.service import condition_of
from crmframe.core.entities.maintained import Checked
from crmframe.core.errors import InvalidFilter, NotFound, Problem
from crmframe.core.work import UnitOfWork

Values = Mapping[str, Any]


def problems(
    work: UnitOfWork, given: Sequence[Values], complete: Sequence[Values], ids: Sequence[int | None]
) -> list[Problem]:
    """Return what is wrong with rules."""
    strategies = {s.key for _, items in work.hooks.collect("assignment_strategies") for s in items}
    found: list[Problem] = []
    for position, rule in enumerate(complete):
        data = {"value": rule.get("entity")}
        entity = work.registry.entities.get(rule.get("entity"))
        if entity is None or not entity.is_owned:
            template = "{value} is no kind of record that belongs to somebody. Write it like sales.lead."
            found.append(Problem("entity", "unknown_entity", template, data, position))
        elif problem := condition_problem(work, entity.name, rule.get("conditions"), position):
            found.append(problem)
        if rule.get("strategy") not in strategies:
            template = "There is no strategy {value}. Choose one of: {choices}."
            data = {"value": rule.get("strategy"), "choices": ", ".join(sorted(strategies))}
            found.append(Problem("strategy", "unknown_strategy", template, data, position))
    return found


def condition_problem(work: UnitOfWork, entity_name: str, conditions: Any, row: int) -> Problem | None:
    """Return what is wrong with conditions on records of an entity, None when they can be read."""
    try:
        condition_of(work, work.schema.entity(entity_name), conditions)
    except (InvalidFilter, NotFound) as error:
        return Problem("conditions", "invalid_filter", error.template, error.data, row)
    return None


CHECKED = (Checked("core.assignment_rule", problems),)
