"""Validating a batch of raw values: every problem of every row at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import ParseContext, ValueProblem
from crmframe.core.errors import Problem

LONGEST_NAME = 100
# Values that rows may share: nobody can change them in place.
IMMUTABLE = frozenset({str, int, bool, Decimal, date, datetime, type(None)})
ABSENT: Any = object()


def parse_values(
    fields: Mapping[str, Field],
    rows: Sequence[Any],
    context: ParseContext,
    *,
    partial: bool = False,
    defaults: Mapping[str, Any] | None = None,
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return each row's values by full field name, and the problems of all rows.

    Args:
        fields: By full name; rows may also say ``customer`` for ``customer_id``.
        partial: A field that is not given is left alone (update) instead of missing (create).
        defaults: What the rows that do not give a field have, by its full name; raw as in the rows.
    """
    batch = _Batch(fields, context, rows)
    for name in batch.names:
        batch.parse(name)
    for name, raw in (defaults or {}).items():
        batch.fill(fields[name], raw)
    if not partial:
        batch.require([f for f in fields.values() if f.required and f.writable])
    return batch.parsed, sorted(batch.problems, key=lambda problem: problem.row)


class _Batch:
    """The rows of a batch, their values so far, and what was wrong; read name by name, so each is looked up once."""

    def __init__(self, fields: Mapping[str, Field], context: ParseContext, rows: Sequence[Any]) -> None:
        self.fields, self.context = fields, context
        # A full name is never read as another field's short one.
        self.known = {f.short_name: f for f in fields.values()} | {f.name: f for f in fields.values()}
        self.problems: list[Problem] = []
        self.parsed: list[dict[str, Any]] = [{} for _ in rows]
        self.rows: list[Mapping[str, Any]] = []
        self.objects = [isinstance(row, Mapping) for row in rows]
        for position, row in enumerate(rows):
            self.rows.append(row if self.objects[position] else {})
            if not self.objects[position]:
                self.add("", "not_an_object", "A record must be given as names and values.", position)
        self.names = dict.fromkeys(chain.from_iterable(self.rows))

    def parse(self, name: str) -> None:
        """Read what the rows give under one name."""
        field = self.known.get(name)
        read: dict[str, Any] = {}
        for position, row in enumerate(self.rows):
            raw = row.get(name, ABSENT)
            if raw is ABSENT:
                continue
            if field is None:
                self._add_unknown(name, position)
                continue
            value = read.get(raw, ABSENT) if type(raw) is str else ABSENT
            if value is ABSENT:
                value = self._read(field, raw, position)
                # Cities, owners and stages repeat: a file has few of them.
                if type(raw) is str and type(value) in IMMUTABLE:
                    read[raw] = value
            if value is None or field.name in self.parsed[position]:
                self._look_at(field, value, position)
            if value is not ABSENT:
                self.parsed[position][field.name] = value

    def _read(self, field: Field, raw: Any, position: int) -> Any:
        try:
            return field.kind.parse(raw, self.context)
        except ValueProblem as problem:
            data = {"field": field.label, **problem.data}
            self.add(field.name, problem.code, problem.template, position, data)
            return ABSENT

    def _look_at(self, field: Field, value: Any, position: int) -> None:
        values = self.parsed[position]
        if value is not ABSENT and values.get(field.name, value) != value:
            template = "{field} is given twice, with different values. Give it once."
            self.add(field.name, "given_twice", template, position, {"field": field.label})
        if value is None and field.required:
            self.add_missing(field, position)

    def fill(self, field: Field, raw: Any) -> None:
        """Give the rows that do not name a field its default."""
        named = field.name in self.names or field.short_name in self.names
        value = ABSENT
        for position, values in enumerate(self.parsed):
            if not self.objects[position] or (named and self.is_given(field, self.rows[position])):
                continue
            if type(value) not in IMMUTABLE:
                value = self._read(field, raw, position)
            if value is not ABSENT:
                values[field.name] = value
            if value is None and field.required:
                self.add_missing(field, position)

    def require(self, fields: Sequence[Field]) -> None:
        """Note which rows do not name a field that they must have."""
        for field in fields:
            for position, values in enumerate(self.parsed):
                lacks = field.name not in values and self.objects[position]
                if lacks and not self.is_given(field, self.rows[position]):
                    self.add_missing(field, position)

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
