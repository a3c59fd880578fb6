"""Checks of stored values: those that follow from others, and those that must be known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds_base import shown
from crmframe.core.entities.maintained import Maintained
from crmframe.core.entities.sort_key import sort_key
from crmframe.core.errors import Problem
from crmframe.core.operation.checks import DataCheck, Limits, entities, fault
from crmframe.core.records.maintaining import followed, joint

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


def sort_keys_are_right(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Compute the sort keys of a sample of each table anew."""
    for entity in entities(work):
        fields = [field for field in work.schema.fields(entity).values() if field.key_column]
        for field in fields:
            yield from _wrong_keys(work, entity, field, limits)


def _wrong_keys(work: UnitOfWork, entity: Entity, field: Field, limits: Limits) -> Iterator[Problem]:
    table, shown = entity.table, 0
    count = int(work.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
    step = max(1, count // limits.sampled)
    columns = (table.c.id, table.c[field.name], table.c[field.key_column])
    for record_id, value, key in work.connection.execute(sa.select(*columns).where(table.c.id % step == 0)):
        wanted = None if value is None else sort_key(value)
        if key != wanted and shown < limits.shown:
            shown += 1
            template = "{entity} {id}: the sort key of {field} is {found}, it should be {wanted}."
            words = {"field": field.name, "found": key, "wanted": wanted}
            yield fault("sort_key", template, entity=entity.name, id=record_id, **words)


def maintained_fields_are_right(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Compute anew what the pipeline keeps, such as the last activity of a customer."""
    fields: dict[tuple[str, str], list[Maintained]] = {}
    for rule in work.registry.maintained:
        if {rule.source, rule.target} <= work.registry.entities.keys():
            fields.setdefault((rule.target, rule.field), []).append(rule)
    for rules in fields.values():
        yield from islice(_wrong_aggregates(work, rules), limits.shown)


def _wrong_aggregates(work: UnitOfWork, rules: Sequence[Maintained]) -> Iterator[Problem]:
    target, name = work.registry.entity(rules[0].target), rules[0].field
    values = [followed(work.registry.entity(rule.source), target, rule) for rule in rules]
    statement = sa.select(target.table.c.id, target.table.c[name], *values)
    for record_id, held, *found in work.connection.execute(statement.execution_options(yield_per=1000)):
        if held != joint(rules, iter(found)):
            template = "{entity} {id}: {field} is not what its {source} records say."
            words = {"field": name, "source": ", ".join(rule.source for rule in rules)}
            yield fault("maintained_field", template, entity=target.name, id=record_id, **words)


def choices_are_known(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Look for values of choice fields that nobody offers any more."""
    for entity in entities(work):
        for field in work.schema.fields(entity).values():
            if field.kind.name in ("choice", "multi_choice") and field.source in ("column", "custom"):
                yield from _unknown_choices(work, entity, field, limits)


def _unknown_choices(work: UnitOfWork, entity: Entity, field: Field, limits: Limits) -> Iterator[Problem]:
    kind: Any = field.kind
    known = {choice.value for choice in (*kind.choices, *kind.retired)}
    expression = work.schema.expression(entity, field, entity.table)
    used = sa.select(expression, sa.func.count()).where(expression.is_not(None)).group_by(expression)
    counts: dict[str, int] = {}
    for value, count in work.connection.execute(used):
        for each in value if isinstance(value, list) else [value]:
            counts[each] = counts.get(each, 0) + count
    for value in sorted(counts.keys() - known)[: limits.shown]:
        template = (
            "{count} records of {entity} have the value {value} in {field}, which is not among its choices."
        )
        words = {"value": value, "field": field.name, "count": counts[value]}
        yield fault("unknown_choice", template, entity=entity.name, **words)


def custom_fields_make_sense(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Look for definitions of fields that nobody can understand, such as a choice between nothing."""
    for each in work.schema.left_out[: limits.shown]:
        template = (
            "The custom field {name} of {entity} is left out: no field of the kind {kind} can be made there"
            " with the options {options}. Correct or delete it, or undo its last change."
        )
        words = {"name": each.name, "kind": each.kind, "options": shown(each.options)}
        yield fault("custom_field", template, entity=each.entity, **words)


CHECKS = (
    DataCheck("sort_key", "Every stored sort key is the key of its text.", sort_keys_are_right),
    DataCheck(
        "maintained_field", "Every maintained field is what it is made from.", maintained_fields_are_right
    ),
    DataCheck("custom_field", "Every custom field can be understood.", custom_fields_make_sense),
    DataCheck("unknown_choice", "Every value of a choice field is among its choices.", choices_are_known),
)
