"""Validating a batch of raw values: every problem of every row at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import ParseContext, ValueProblem
from crmframe.core.errors import Problem

LONGEST_NAME = 100


def parse_values(
    fields: Mapping[str, Field],
    rows: Sequence[Any],
    context: ParseContext,
    *,
    partial: bool = False,
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return each row's values by full field name, and the problems of all rows.

    Args:
        fields: By full name; rows may also say ``customer`` for ``customer_id``.
        partial: A field that is not given is left alone (update) instead of missing (create).
    """
    batch = _Batch(fields, context)
    required = [] if partial else [f for f in fields.values() if f.required and f.writable]
    parsed: list[dict[str, Any]] = []
    for position, row in enumerate(rows):
        if not isinstance(row, Mapping):
            batch.add("", "not_an_object", "A record must be given as names and values.", position)
            parsed.append({})
            continue
        values = batch.parse(row, position)
        for field in required:
            if field.name not in values and not batch.is_given(field, row):
                batch.add_missing(field, position)
        parsed.append(values)
    return parsed, batch.problems


class _Batch:
    """The names of a batch, looked up once, and what was wrong so far."""

    def __init__(self, fields: Mapping[str, Field], context: ParseContext) -> None:
        self.fields, self.context = fields, context
        # A full name is never read as another field's short one.
        self.known = {f.short_name: f for f in fields.values()} | {f.name: f for f in fields.values()}
        self.problems: list[Problem] = []

    def parse(self, row: Mapping[str, Any], position: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, raw in row.items():
            field = self.known.get(name)
            if field is None:
                self._add_unknown(name, position)
                continue
            try:
                value = field.kind.parse(raw, self.context)
            except ValueProblem as problem:
                data = {"field": field.label, **problem.data}
                self.add(field.name, problem.code, problem.template, position, data)
                continue
            if field.name in values and values[field.name] != value:
                template = "{field} is given twice, with different values. Give it once."
                self.add(field.name, "given_twice", template, position, {"field": field.label})
            if value is None and field.required:
                self.add_missing(field, position)
            values[field.name] = value
        return values

    def is_given(self, field: Field, row: Mapping[str, Any]) -> bool:
        """Return whether *row* names the field, if only with a value that was refused."""
        return any(name in row and self.known[name] is field for name in (field.name, field.short_name))

    def add_missing(self, field: Field, position: int) -> None:
        self.add(field.name, "required", "{field} is required.", position, {"field": field.label})

    def add(
        self, name: str, code: str, template: str, position: int, data: Mapping[str, Any] | None = None
    ) -> None:
        self.problems.append(Problem(name, code, template, data or {}, position))

    def _add_unknown(self, name: Any, position: int) -> None:
        shown = str(name)[:LONGEST_NAME]
        allowed = sorted(f.short_name for f in self.fields.values() if f.writable and not f.hidden)
        data = {"field": shown, "allowed": ", ".join(allowed)}
        self.add(shown, "unknown_field", "There is no field {field}. Known are: {allowed}.", position, data)
