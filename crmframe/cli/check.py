"""``crmframe check``: of the data, or of the installation."""

from __future__ import annotations

from collections.abc import Iterator

import click

from crmframe.cli import texts
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.deployment import deployment_of
from crmframe.core.contributions import Check
from crmframe.core.operation.check import Checked, run_checks
from crmframe.core.operation.deploy import run_deploy_checks


@click.command("check")
@click.option("--deploy", is_flag=True, help="Check configuration, files and accounts instead of the data.")
@json_option
@pass_console
def check(console: Console, *, deploy: bool) -> None:
    """Check the data, or the installation; ends with status 1 when something is found."""
    found = 0
    with console.work(write=False) as work:
        if deploy:
            answers: Iterator[Checked] = run_deploy_checks(deployment_of(console, work))
        else:
            answers = run_checks(work, plugin_checks(console))
        for answer in answers:
            _print(console, answer)
            found += len(answer.problems)
    if not found:
        console.say("Nothing was found.")
        return
    console.say("{count} problems were found.", count=found)
    raise click.exceptions.Exit(1)


def plugin_checks(console: Console) -> list[tuple[str, Check]]:
    """Return the plugins' own checks, each with its plugin."""
    return [(name, item) for name, items in console.application.hooks.collect("checks") for item in items]


def _print(console: Console, answer: Checked) -> None:
    sentence = console.text(answer.sentence, plugin=answer.domain, check=answer.code)
    messages = [texts.message(console, problem) for problem in answer.problems]
    if console.as_json:
        console.data({"check": answer.code, "sentence": sentence, "ok": not messages, "problems": messages})
        return
    click.echo(f"{'ok ' if not messages else 'NO '} {sentence} ({answer.code})")
    for message in messages:
        click.echo(f"      {message}")
