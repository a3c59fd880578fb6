"""``crmframe init``: what a company begins with."""

from __future__ import annotations

from typing import Any

import click

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.core.errors import NotFound
from crmframe.setup import begin_with, presets_of

ASKED = {
    "company": ("core.company_name", "Company name"),
    "locale": ("core.locale", "Language"),
    "zone": ("core.zone", "Time zone"),
    "currency": ("core.currency", "Base currency"),
    "region": ("core.region", "Country"),
}


@click.command("init")
@click.option("--preset", help="sales, service, marketing or all; asked for when left out.")
@click.option("--company", help="The company's name.")
@click.option("--locale", type=click.Choice(["en", "zh_Hans"]), help="The company's language.")
@click.option("--zone", help="Time zone, such as Asia/Shanghai.")
@click.option("--currency", help="Base currency, such as CNY.")
@click.option("--region", help="Country, such as CN.")
@json_option
@pass_console
def init(console: Console, /, preset: str | None, **given: Any) -> None:
    """Begin: settings of the company, plugins, and a standard pipeline, from one choice. May be repeated."""
    application = console.prepared()
    known = presets_of(application)
    if preset is None:
        preset = click.prompt(console.text("Preset"), type=click.Choice(list(known)), default="sales")
    if preset not in known:
        raise NotFound(entity="preset", id=preset)
    settings = {key: given[name] for name, (key, _) in ASKED.items() if given[name] is not None}
    outcome = begin_with(application, preset, settings, actor=console.actor, door="cli")
    if console.as_json:
        console.data({"preset": preset, "running": outcome.running, "missing": outcome.missing})
    console.say("Running: {plugins}", plugins=", ".join(outcome.running) or "-")
    for name in outcome.missing:
        console.warn("The plugin {name} is not installed: its part is left out.", name=name)
