"""``crmframe settings``: what is in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from crmframe.cli import output
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.core.operation.backup import safe_url

SECRET = ("secret", "password", "token", "key")
HIDDEN = "***"


@click.group("settings")
def settings() -> None:
    """The settings in force."""


@settings.command("show")
@json_option
@pass_console
def show(console: Console) -> None:
    """Show every setting, from environment, file or default; secrets are left out."""
    found = dict(flat(console.settings.model_dump(mode="json")))
    found["database"] = safe_url(console.settings.database)
    if console.as_json:
        console.data(found)
        return
    for line in output.pairs(
        (name, "-" if value in ("", [], None) else value) for name, value in found.items()
    ):
        click.echo(line)


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield settings by their full names; those that sound secret are hidden, wherever they are."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            hides = value and any(word in name.lower() for word in SECRET)
            yield f"{prefix}{name}", HIDDEN if hides else value
