"""``crmframe setting``: what administrators decided for the workspace."""

from __future__ import annotations

import click

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.entity import named_entity
from crmframe.core.errors import NotFound
from crmframe.core.workspace.settings import declared_settings, write_settings


@click.group("setting", cls=named_entity("core.setting"))
def setting() -> None:
    """The settings of the workspace; those of the installation are shown by: crmframe settings."""


@setting.command("all")
@json_option
@pass_console
def all_settings(console: Console) -> None:
    """Show every setting with the value that holds."""
    with console.work(write=False) as work:
        declared = declared_settings(work)
        rows = [[key, each.kind.to_text(work.setting(key))] for key, each in declared.items()]
    console.rows(["Setting", "Value"], rows)


@setting.command("get")
@click.argument("key", metavar="KEY")
@pass_console
def get(console: Console, key: str) -> None:
    """Print the value of one setting."""
    with console.work(write=False) as work:
        declared = declared_settings(work).get(key)
        if declared is None:
            raise NotFound(entity="setting", id=key)
        click.echo(declared.kind.to_text(work.setting(key)))


@setting.command("set")
@click.argument("key", metavar="KEY")
@click.argument("value", metavar="VALUE")
@pass_console
def set_value(console: Console, key: str, value: str) -> None:
    """Change a setting; an empty value goes back to the default."""
    with console.work() as work:
        write_settings(work, {key: value})
