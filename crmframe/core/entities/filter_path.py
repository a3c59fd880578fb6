"""The field that a filter's name leads to, at most one reference away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.errors import NotFound

if TYPE_CHECKING:
    from crmframe.core.entities.schema import Schema


@dataclass(frozen=True, slots=True)
class Path:
    """A field of ``entity``; when ``head`` is given, of the record that this reference points to."""

    entity: Entity
    field: Field
    head: Field | None = None

    @property
    def name(self) -> str:
        """Return the canonical name: full names only."""
        return f"{self.head.name}.{self.field.name}" if self.head else self.field.name


def find_path(schema: Schema, entity: Entity, name: str) -> Path | None:
    """Return where *name* leads to; an own field goes before a hop of the same name."""
    field = schema.find_field(entity, name)
    if field is not None:
        return Path(entity, field)
    for head, rest in _splits(name):
        found = target_of(schema, entity, head)
        if found is not None:
            reference, target = found
            field = schema.find_field(target, rest)
            return None if field is None else Path(target, field, reference)
    return None


def target_of(schema: Schema, entity: Entity, name: str) -> tuple[Field, Entity] | None:
    """Return the reference field called *name* and the entity it points to."""
    reference = schema.find_field(entity, name)
    if reference is None or reference.kind.name != "reference":
        return None
    try:
        return reference, schema.entity(reference.kind.entity)  # type: ignore[attr-defined]
    except NotFound:
        return None  # its plugin is off


def _splits(name: str) -> Iterator[tuple[str, str]]:
    parts = name.split(".")
    for i in range(1, len(parts)):
        yield ".".join(parts[:i]), ".".join(parts[i:])
