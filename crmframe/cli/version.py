"""``crmframe version``: imports nothing more."""

from __future__ import annotations

import platform

import click

from crmframe import __version__
from crmframe.cli.console import Console, json_option, pass_console


@click.command("version")
@json_option
@pass_console
def version(console: Console) -> None:
    """Print the version of crmframe."""
    if console.as_json:
        console.data({"crmframe": __version__, "python": platform.python_version()})
    else:
        click.echo(f"crmframe {__version__}, Python {platform.python_version()}")
