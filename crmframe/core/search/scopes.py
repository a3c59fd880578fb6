"""Scopes: which fields of an entity share a document.

A document holds no field that a reader of it may not read: what some role may not read stands in a document of its
own, and so does what plugins and administrators add.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmframe.core.access.fields import readable_fields
from crmframe.core.access.models import RoleField
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.records.rows import Row, value_of
from crmframe.core.search import index
from crmframe.core.search.tokens import tokens_of

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

_rule = RoleField.__table__
_HIDDEN = sa.select(_rule.c.entity, _rule.c.field).where(_rule.c.right == "hidden").distinct()
_STORED = sa.select(index.scope).order_by(index.scope.c.id)


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of fields whose words are looked up together."""

    id: int
    entity: str
    fields: tuple[str, ...]


def stored_scopes(work: UnitOfWork) -> dict[str, list[Scope]]:
    """Return the scopes that have documents, by entity; those of an earlier arrangement count as long as they do."""
    found: dict[str, list[Scope]] = defaultdict(list)
    for row in work.connection.execute(_STORED):
        found[row.entity].append(Scope(row.id, row.entity, tuple(row.fields)))
    return found


def open_scopes(work: UnitOfWork, entity: Entity, stored: Mapping[str, Sequence[Scope]]) -> list[Scope]:
    """Return the scopes of an entity of which the actor may read every field."""
    readable = readable_fields(work, entity)
    return [each for each in stored.get(entity.name, ()) if readable.issuperset(each.fields)]


def wanted_scopes(work: UnitOfWork) -> dict[str, list[tuple[str, ...]]]:
    """Return the sets of fields that share a document now, by entity."""
    hidden = {(row.entity, row.field) for row in work.connection.execute(_HIDDEN)}
    wanted: dict[str, list[tuple[str, ...]]] = {}
    for entity in work.registry.public_entities():
        fields = work.schema.searched_fields(entity)
        shared = tuple(
            f.name for f in fields if _is_shared(entity, f) and (entity.name, f.name) not in hidden
        )
        sets = [shared, *((f.name,) for f in fields if f.name not in shared)]
        if fields:
            wanted[entity.name] = [each for each in sets if each]
    return wanted


def _is_shared(entity: Entity, field: Field) -> bool:
    """Return whether everybody who sees a record may read the field, unless a role says otherwise."""
    names = getattr(entity.model, "__open_fields__", None)
    return field.source == "column" and field.data != "sensitive" and (names is None or field.name in names)


def document_of(fields: Sequence[Field], row: Row) -> str:
    """Return the words of some fields of a record, empty when it has none."""
    tokens: set[str] = set()
    for field in fields:
        value = value_of(field, row)
        if value:
            tokens.update(tokens_of(field, value))
    return " ".join(sorted(tokens))
