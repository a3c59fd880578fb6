"""The fields that admins define: reading them, and what a definition must be like to be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crmframe.core.customers.links import CustomField
from crmframe.core.entities.custom import CUSTOM_KINDS, CustomDefinition, plain_options, require_options
from crmframe.core.entities.kinds import ValueProblem
from crmframe.core.entities.kinds_base import shown
from crmframe.core.entities.maintained import Checked, Derived
from crmframe.core.errors import Problem
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

ENTITY = "core.custom_field"
Values = Mapping[str, Any]
_table: Any = CustomField.__table__
_statement = sa.select(_table).order_by(_table.c.entity, _table.c.id)


def definitions(connection: sa.Connection) -> list[CustomDefinition]:
    """Return every custom field of every entity, oldest first."""
    return [_definition(row) for row in connection.execute(_statement)]


def _definition(row: Any) -> CustomDefinition:
    labels = {"en": row.label_en, "zh_Hans": row.label_zh}
    return CustomDefinition(
        entity=row.entity,
        key=row.key,
        name=row.name,
        kind=row.kind,
        labels={locale: label for locale, label in labels.items() if label},
        options=row.options,
        required=row.required,
        indexed=row.indexed,
    )


# --- what follows from what was given -----------------------------------------------------------------


def _options(values: Values, region: str) -> Any:
    return plain_options(values.get("kind", ""), values.get("options"))


def _label(values: Values, region: str) -> str | None:
    """Return the English label; a field without any is called by its name."""
    if values.get("label_en") or values.get("label_zh"):
        return values.get("label_en")
    name: str = values.get("name") or ""
    return name.replace("_", " ").capitalize() or None


DERIVED = (
    Derived(ENTITY, "options", ("options", "kind"), _options),
    Derived(ENTITY, "label_en", ("label_en", "label_zh", "name"), _label),
)


# --- what is refused ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """A definition that is about to be written: what is given, all of it, and what it was."""

    work: UnitOfWork
    position: int
    given: Values
    complete: Values
    held: Values

    def refused(self, name: str, code: str, template: str, **data: Any) -> Problem:
        label = self.work.registry.entity(ENTITY).fields[name].label
        return Problem(name, code, template, {"field": label, **data}, self.position)

    def changes(self, name: str) -> bool:
        """Return whether *name* is given, and no longer what it was."""
        return self.given.get(name) is not None and self.given[name] != self.held.get(name)


def problems(
    work: UnitOfWork, given: Sequence[Values], complete: Sequence[Values], ids: Sequence[int | None]
) -> list[Problem]:
    """Return what is wrong with definitions; values that were refused as such are absent from *given*."""
    statement = sa.select(_table).where(in_set(_table.c.id, "ids"))
    known = sorted(record_id for record_id in ids if record_id is not None)
    rows = work.connection.execute(statement, {"ids": known}).mappings() if known else ()
    held: dict[int | None, Values] = {row["id"]: dict(row) for row in rows}
    found: list[Problem] = []
    for position, record_id in enumerate(ids):
        row = _Row(work, position, given[position], complete[position], held.get(record_id, {}))
        for check in (_entity_problems, _name_problems, _fixed_problems, _option_problems):
            found += check(row)
    return found


CHECKED = (Checked(ENTITY, problems),)


def _entity_problems(row: _Row) -> Iterator[Problem]:
    allowed = [entity.name for entity in row.work.registry.customizable()]
    if row.changes("entity") and row.given["entity"] not in allowed:
        template = "{field}: {value} takes no custom fields. Choose one of: {choices}."
        value = shown(row.given["entity"])
        yield row.refused("entity", "not_customizable", template, value=value, choices=", ".join(allowed))


def _name_problems(row: _Row) -> Iterator[Problem]:
    name: str = row.complete.get("name") or ""
    if row.changes("name") and not _is_name(name):
        template = (
            "{field}: {value} cannot be a name. Use small letters, digits and underscores, such as {example}."
        )
        yield row.refused("name", "not_a_name", template, value=shown(name), example=_suggested(name))
    entity = row.work.registry.entities.get(row.complete.get("entity", ""))
    if entity is not None and (row.changes("name") or row.changes("entity")):
        built_in = {each for f in entity.fields.values() for each in (f.name, f.short_name)}
        if name in built_in:
            template = (
                "{field}: {target} has a field {value} already. Choose another name, such as {example}."
            )
            words = {"value": shown(name), "target": entity.label, "example": f"own_{name}"}
            yield row.refused("name", "built_in", template, **words)


def _is_name(name: str) -> bool:
    # Filters write "name__operator", and exports "custom.name".
    return name.isidentifier() and name == name.lower() and "__" not in name and name.strip("_") == name


def _suggested(name: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    suggestion = "_".join(words)
    return suggestion if _is_name(suggestion) else "favorite_color"


def _fixed_problems(row: _Row) -> Iterator[Problem]:
    """Refuse what would no longer fit the values that records hold; what never made a field may be corrected."""
    template = (
        "{field} stays {value} once the field is there: its values would not fit. Add another field instead."
    )
    held, registry = row.held, row.work.registry
    is_field = held.get("entity") in {entity.name for entity in registry.customizable()}
    if is_field and row.changes("entity"):
        yield row.refused("entity", "fixed", template, value=held["entity"])
    if held.get("kind") in CUSTOM_KINDS and row.changes("kind"):
        yield row.refused("kind", "fixed", template, value=held["kind"])
    elif held.get("kind") == "decimal" and _places(held) not in (None, _places(row.complete)):
        yield row.refused("options", "fixed", template, value=_places(held))


def _places(values: Values) -> int | None:
    """Return how many decimal places a definition asks for; None when that cannot be told."""
    options = plain_options("decimal", values.get("options"))
    try:
        require_options("decimal", options)
    except ValueProblem:
        return None
    return int((options or {}).get("places", 2))


def _option_problems(row: _Row) -> Iterator[Problem]:
    kind = row.complete.get("kind")
    if kind is None or not {"kind", "options"} & row.given.keys():
        return
    try:
        require_options(kind, row.complete.get("options"))
    except ValueProblem as problem:
        yield row.refused("options", problem.code, problem.template, **problem.data)
