"""The registry: every entity, action and extension of one application."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from crmframe.core.contributions import Action, Choice, ChoiceExtension, Extension, Kept
from crmframe.core.entities.entity import Entity, entity_of
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import Choices, MultiChoice
from crmframe.core.entities.maintained import Checked, Consequence, Derived, Maintained
from crmframe.core.errors import NotFound

RESERVED = frozenset(
    {
        "api",
        "p",
        "static",
        "login",
        "logout",
        "admin",
        "plugins",
        "jobs",
        "search",
        "files",
        "undo",
        "journal",
        "me",
        "docs",
        "agenda",
        "reports",
    }
)

# The field that says which entity a custom field belongs to.
CUSTOMIZED = ("core.custom_field", "entity")
ASSIGNED = ("core.assignment_rule", "entity")


class RegistryClash(ValueError):
    """Two plugins claim the same name."""


class Registry:
    """What the enabled plugins declared; never changes once the application is built."""

    def __init__(self) -> None:
        self.entities: dict[str, Entity] = {}
        self.by_slug: dict[str, Entity] = {}
        self.by_command: dict[str, Entity] = {}
        self.by_table: dict[str, Entity] = {}
        self.actions: dict[str, dict[str, Action]] = defaultdict(dict)
        self.action_owner: dict[tuple[str, str], str] = {}
        self.sidecars: dict[str, dict[str, Entity]] = defaultdict(dict)
        self.extended: dict[str, str] = {}
        self.maintained: list[Maintained] = []
        self.derived: list[Derived] = []
        self.checked: list[Checked] = []
        self.consequences: list[Consequence] = []
        self.kept: list[Kept] = []
        self._choices: dict[tuple[str, str], list[Choice]] = defaultdict(list)

    def add_entity(self, model: type) -> Entity:
        """Register *model*.

        Raises:
            RegistryClash: Its name, slug or command is taken or reserved.
        """
        entity = entity_of(model)
        for taken, key in ((self.by_slug, entity.slug), (self.by_command, entity.command)):
            if key in taken or key in RESERVED:
                holder = taken[key].name if key in taken else "crmframe"
                raise RegistryClash(
                    f"{entity.name} claims {key!r}, which belongs to {holder}. Set __slug__ or __command__."
                )
        self.entities[entity.name] = self.by_table[entity.table.name] = entity
        self.by_slug[entity.slug] = self.by_command[entity.command] = entity
        return entity

    def add_extension(self, extension: Extension) -> None:
        """Register a sidecar: reachable through its base entity only."""
        entity = entity_of(extension.model)
        if extension.entity not in self.entities:
            raise RegistryClash(f"{entity.name} extends {extension.entity}, which does not exist.")
        self.entities[entity.name] = self.by_table[entity.table.name] = entity
        self.sidecars[extension.entity][entity.plugin] = entity
        self.extended[entity.name] = extension.entity

    def add_action(self, action: Action, plugin: str) -> None:
        """Register a verb of an entity."""
        if action.entity not in self.entities:
            raise RegistryClash(f"Action {action.name} is for {action.entity}, which does not exist.")
        if action.name in self.actions[action.entity]:
            raise RegistryClash(f"{action.entity} already has an action {action.name}.")
        self.actions[action.entity][action.name] = action
        self.action_owner[action.entity, action.name] = plugin

    def add_choices(self, extension: ChoiceExtension) -> None:
        """Register more values for a choice field."""
        if extension.field not in self.entity(extension.entity).fields:
            raise RegistryClash(f"{extension.entity} has no field {extension.field} to add choices to.")
        self._choices[extension.entity, extension.field] += extension.choices

    def entity(self, name: str) -> Entity:
        """Return the entity called *name*.

        Raises:
            NotFound: No enabled plugin has it.
        """
        try:
            return self.entities[name]
        except KeyError:
            raise NotFound(entity="entity", id=name) from None

    def public_entities(self) -> list[Entity]:
        """Return the entities with pages, API and commands: all but sidecars."""
        return [e for e in self.entities.values() if e.name not in self.extended]

    def customizable(self) -> list[Entity]:
        """Return the entities that admins may add fields to."""
        return [entity for entity in self.public_entities() if entity.is_customizable]

    def named_by(self, entity: Entity, field: Field) -> list[Entity]:
        """Return the entities that a text field may name; empty for a field that names none."""
        if (entity.name, field.name) == ASSIGNED:
            return [each for each in self.public_entities() if "assigned_by_rule_id" in each.fields]
        return self.customizable() if (entity.name, field.name) == CUSTOMIZED else []

    def own_fields(self, entity: Entity) -> dict[str, Field]:
        """Return an entity's declared fields, choices of other plugins included."""
        return {name: self._with_choices(entity, field) for name, field in entity.fields.items()}

    def references_to(self, name: str) -> list[tuple[Entity, Field]]:
        """Return the reference fields that point to entity *name*, polymorphic ones included."""
        found = []
        for entity in self.entities.values():
            for field in entity.fields.values():
                points = getattr(field.kind, "entity", None) == name or field.kind.name == "any_reference"
                if points and not field.system:
                    found.append((entity, field))
        return found

    def _with_choices(self, entity: Entity, field: Field) -> Field:
        more: Sequence[Choice] = self._choices.get((entity.name, field.name), ())
        if more and isinstance(field.kind, Choices | MultiChoice):
            return replace(field, kind=field.kind.with_choices(more))
        return field


def build_registry(
    entities: Iterable[type],
    *,
    extensions: Iterable[Extension] = (),
    choices: Iterable[ChoiceExtension] = (),
    actions: Mapping[str, Sequence[Action]] | None = None,
) -> Registry:
    """Return a registry of the given declarations; ``actions`` by owner."""
    registry = Registry()
    for model in entities:
        registry.add_entity(model)
    for extension in extensions:
        registry.add_extension(extension)
    for choice in choices:
        registry.add_choices(choice)
    for plugin, declared in (actions or {}).items():
        for action in declared:
            registry.add_action(action, plugin)
    return registry
