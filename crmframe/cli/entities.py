"""``crmframe entities``: what kinds of records there are, and what can be done with them."""

from __future__ import annotations

import click

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.registered import plugin_commands


@click.command("entities")
@json_option
@pass_console
def entities(console: Console) -> None:
    """List the record types and their commands."""
    registry = console.application.registry
    found = [
        (
            each.command,
            each.name,
            console.text(each.plural, each.plugin),
            ", ".join(registry.actions.get(each.name, {})),
        )
        for each in sorted(registry.public_entities(), key=lambda entity: entity.command)
    ]
    console.rows(["Command", "Name", "Records", "Actions"], found)
    for plugin, commands in plugin_commands(console.application).items():
        console.say("crmframe {plugin}: {commands}", plugin=plugin, commands=", ".join(commands))
