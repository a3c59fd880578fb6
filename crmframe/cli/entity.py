"""The commands of one record type: the verbs of ``records``, and one for each action."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click

from crmframe.cli import entity_list, entity_write, transfer
from crmframe.cli.console import Console, console_of
from crmframe.core.entities.entity import Entity

Make = Callable[[Entity], click.Command]

VERBS: Mapping[str, Make] = {
    "list": entity_list.list_command,
    "show": entity_list.show_command,
    "create": entity_write.create_command,
    "update": entity_write.update_command,
    "delete": entity_write.delete_command,
    "archive": entity_write.archive_command,
    "unarchive": entity_write.unarchive_command,
    "restore": entity_write.restore_command,
    "import": transfer.import_command,
    "export": transfer.export_command,
}


class EntityGroup(click.Group):
    """Verbs, actions, and what a plugin adds under the same name.

    Args:
        more: Commands that count before the derived ones.
    """

    def __init__(
        self, console: Console, entity: Entity, more: Mapping[str, click.Command] | None = None
    ) -> None:
        label = console.text(entity.plural, entity.plugin)
        super().__init__(entity.command, commands=dict(more or {}), help=f"{label} ({entity.name}).")
        self._entity = entity
        self._actions = console.application.registry.actions.get(entity.name, {})
        self._left_out = set() if entity.is_archivable else {"archive", "unarchive"}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs, the actions, and the hand-written commands."""
        verbs = [verb for verb in VERBS if verb not in self._left_out]
        return list(dict.fromkeys([*verbs, *self._actions, *super().list_commands(ctx)]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        name = cmd_name.replace("-", "_")
        if name in self._actions:
            return entity_write.action_command(self._entity, self._actions[name])
        if cmd_name in VERBS and cmd_name not in self._left_out:
            return VERBS[cmd_name](self._entity)
        return None


class NamedEntityGroup(click.Group):
    """A static group with hand-written commands that also has the verbs of a record type of the same name."""

    entity_name = ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the hand-written commands, then the verbs."""
        return list(
            dict.fromkeys(
                [
                    *super().list_commands(ctx),
                    "list",
                    "show",
                    "update",
                    "delete",
                    "restore",
                    "import",
                    "export",
                ]
            )
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        console = console_of(ctx)
        if cmd_name not in VERBS:
            return None
        return VERBS[cmd_name](console.application.registry.entity(self.entity_name))


def named_entity(name: str) -> type[NamedEntityGroup]:
    """Return the class of a static group for the entity *name*."""

    class EntityCommands(NamedEntityGroup):
        entity_name = name

    return EntityCommands
