"""The schema: the registry together with what admins defined in the database, at one epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.custom import CustomDefinition, custom_field
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import ValueProblem
from crmframe.core.entities.registry import Registry
from crmframe.core.errors import InvalidFilter
from crmframe.core.storage.dialect import json_value

Edit = Callable[[Entity, Field], Field]
MOST_STATEMENTS = 2000


class Statements(dict[Any, Any]):
    """Built statements by what they were built from; when full, the oldest goes.

    Readers choose columns, order and conditions: without an end, somebody who tries them all fills the memory.
    """

    def __setitem__(self, key: Any, statement: Any) -> None:
        while len(self) >= MOST_STATEMENTS:
            # Another thread may have taken the same one.
            self.pop(next(iter(tuple(self))), None)
        super().__setitem__(key, statement)


class Schema:
    """Which fields each entity has now; immutable.

    Attributes:
        settings: The value of every declared setting.
        left_out: Definitions that make no field, so that they can be corrected while everything else goes on.

    Args:
        edit: Returns a declared field as admins want it: with other choices.
    """

    def __init__(
        self,
        registry: Registry,
        definitions: Iterable[CustomDefinition] = (),
        epoch: int = 0,
        settings: Mapping[str, Any] | None = None,
        edit: Edit = lambda entity, field: field,
    ) -> None:
        self.registry = registry
        self.settings = settings or {}
        self.epoch = epoch
        self._edit = edit
        self.statements = Statements()
        self._fields: dict[str, dict[str, Field]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self.left_out: list[CustomDefinition] = []
        by_entity = self._defined(definitions)
        for entity in registry.entities.values():
            self._add(entity, by_entity.get(entity.name, ()))

    def _defined(self, definitions: Iterable[CustomDefinition]) -> dict[str, list[Field]]:
        """Return the fields that admins defined, by entity."""
        fields: dict[str, list[Field]] = {}
        allowed = {entity.name for entity in self.registry.customizable()}
        running = {entity.plugin for entity in self.registry.entities.values()}
        for definition in definitions:
            plugin, _, noun = definition.entity.partition(".")
            if noun and plugin not in running:
                continue  # the plugin is off, its fields wait
            try:
                field = custom_field(definition) if definition.entity in allowed else None
            except ValueProblem:
                field = None
            if field is None:
                self.left_out.append(definition)
            else:
                fields.setdefault(definition.entity, []).append(field)
        return fields

    def _add(self, entity: Entity, custom: Sequence[Field]) -> None:
        fields = {n: self._edit(entity, field) for n, field in self.registry.own_fields(entity).items()}
        for plugin, sidecar in self.registry.sidecars.get(entity.name, {}).items():
            for field in self.registry.own_fields(sidecar).values():
                if not field.system:
                    name = f"{plugin}.{field.name}"
                    own = self._edit(sidecar, field)
                    fields[name] = replace(own, name=name, source="sidecar", plugin=plugin)
        fields |= {field.name: field for field in custom}
        self._fields[entity.name] = fields
        names: dict[str, str] = {}
        for field in fields.values():
            names[field.short_name] = field.name
        names |= {field.name: field.name for field in fields.values()}
        self._names[entity.name] = names

    def entity(self, name: str) -> Entity:
        """Return the entity called *name*."""
        return self.registry.entity(name)

    def fields(self, entity: Entity) -> Mapping[str, Field]:
        """Return every field: own, sidecars' (``loyalty.tier``), custom (``custom.region``), computed."""
        return self._fields[entity.name]

    def field(self, entity: Entity, name: str) -> Field:
        """Return a field by its name or short name.

        Raises:
            InvalidFilter: There is none; names those that exist.
        """
        found = self.find_field(entity, name)
        if found is None:
            shown = sorted(f.short_name for f in self._fields[entity.name].values() if not f.hidden)
            raise InvalidFilter(name=name, allowed=", ".join(shown))
        return found

    @cached_property
    def searched(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Return, by entity and by what extends one, whose records the search finds and by which fields, as the journal names them."""
        found = {}
        for entity in self.registry.entities.values():
            base = self.registry.entity(self.registry.extended.get(entity.name, entity.name))
            prefix = f"{entity.plugin}." if base is not entity else ""
            names = {
                f"custom.{field.custom_key}" if field.source == "custom" else field.name.removeprefix(prefix)
                for field in self.searched_fields(base)
                if (field.source == "sidecar") == bool(prefix) and field.name.startswith(prefix)
            }
            if names:
                found[entity.name] = (base.name, frozenset(names))
        return found

    def searched_fields(self, entity: Entity) -> list[Field]:
        """Return the fields by which the search finds records of *entity*."""
        return [field for field in self._fields[entity.name].values() if field.is_searched]

    def find_field(self, entity: Entity, name: str) -> Field | None:
        """Return a field by its name or short name, None when there is none."""
        full = self._names[entity.name].get(name)
        return self._fields[entity.name][full] if full else None

    def expression(self, entity: Entity, field: Field, frm: Any) -> sa.ColumnElement[Any]:
        """Return the SQL expression of a field.

        Args:
            frm: The entity's table or an alias of it. Sidecar fields of the table itself want ``joined``.
        """
        if field.source == "column":
            return frm.c[field.name]  # type: ignore[no-any-return]
        if field.source == "custom":
            return json_value(frm.c.custom, field.custom_key, field.kind.column_type())
        if field.computed is not None:
            return field.computed(frm)
        sidecar = self.sidecar(entity, field)
        column = sidecar.table.c[field.name.partition(".")[2]]
        if frm is entity.table:
            return column
        other = sidecar.table.alias()
        return sa.select(other.c[column.name]).where(other.c.id == frm.c.id).scalar_subquery()

    def sidecar(self, entity: Entity, field: Field) -> Entity:
        """Return the sidecar entity that holds *field*."""
        return self.registry.sidecars[entity.name][field.name.partition(".")[0]]

    def joined(self, entity: Entity, fields: Iterable[Field]) -> Any:
        """Return the entity's table, outer-joined with the sidecars that *fields* need."""
        frm: Any = entity.table
        wanted = {
            self.sidecar(entity, f).name: self.sidecar(entity, f) for f in fields if f.source == "sidecar"
        }
        for sidecar in wanted.values():
            frm = frm.outerjoin(sidecar.table, sidecar.table.c.id == entity.table.c.id)
        return frm
