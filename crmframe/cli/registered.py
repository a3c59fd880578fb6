"""Commands that the database at hand decides: those of its record types, and those of its plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmframe.cli.console import Console, console_of
from crmframe.cli.entity import EntityGroup

if TYPE_CHECKING:
    from crmframe.application import Application
    from crmframe.core.entities.entity import Entity


class PluginGroup(click.Group):
    """The hand-written commands of one plugin, and those of its record types."""

    def __init__(self, console: Console, name: str, own: dict[str, click.Command]) -> None:
        label = console.application.plugins.plugin(name).manifest.label
        super().__init__(name, commands=own, help=label.get(console.locale[:2]) or label["en"])
        entities = console.application.registry.public_entities()
        self._entities = {each.command: each for each in entities if each.plugin == name}
        self._console = console

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the plugin's own commands, then those of its record types."""
        return [*super().list_commands(ctx), *self._entities]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in self._entities:
            return own
        return EntityGroup(self._console, self._entities[cmd_name])


def find(ctx: click.Context, name: str) -> click.Command | None:
    """Return the command of a record type or a plugin; None when there is none of that name."""
    console = console_of(ctx)
    application = console.application
    entity, own = entity_called(application, name), plugin_commands(application).get(name, {})
    if entity is not None:
        return EntityGroup(console, entity, own)
    return PluginGroup(console, name, own) if own or name in application.plugins.names else None


def entity_called(application: Application, name: str) -> Entity | None:
    """Return the entity whose command is *name*; ``lost_reason`` and ``lost-reason`` are the same."""
    return application.registry.by_command.get(name.replace("_", "-"))


def plugin_commands(application: Application) -> dict[str, dict[str, click.Command]]:
    """Return the hand-written commands by plugin and name."""
    declared = application.hooks.collect("commands")
    return {plugin: {command.name or "": command for command in commands} for plugin, commands in declared}
