"""``crmframe plugin``: what there is, what it adds, and switching it on and off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import sqlalchemy as sa

from crmframe.application import Application, utc_now
from crmframe.cli import output, texts
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.core.errors import NotFound
from crmframe.kernel import lifecycle
from crmframe.kernel.codes import CannotStart, PluginProblem
from crmframe.kernel.discovery import discover
from crmframe.kernel.lifecycle import EnablePlan
from crmframe.kernel.options import PluginOptions
from crmframe.kernel.report import PluginReport
from crmframe.kernel.state import read_states
from crmframe.setup import settle


@click.group("plugin")
def plugin() -> None:
    """Plugins: list, enable, disable, examine."""


@plugin.command("list")
@json_option
@pass_console
def list_plugins(console: Console) -> None:
    """List plugins: state, version, and why one does not run."""
    lines = console.application.plugins.report()
    if console.as_json:
        for line in lines:
            console.data(_brief(console, line))
        return
    rows = [
        (line.name, console.text(line.state), line.version, _label(console, line.label)) for line in lines
    ]
    console.rows(["Name", "State", "Version", "Label"], rows)
    for line in lines:
        if line.problem:
            console.say("{plugin}: {problem} ({code})", plugin=line.name, **_told(console, line.problem))


def _label(console: Console, label: Mapping[str, str]) -> str:
    return label.get(console.locale) or label.get(console.locale[:2]) or label.get("en", "")


def _told(console: Console, problem: PluginProblem) -> dict[str, str]:
    return {"problem": texts.message(console, problem), "code": problem.code}


def _brief(console: Console, line: PluginReport) -> dict[str, Any]:
    told = _told(console, line.problem) if line.problem else {"problem": None, "code": None}
    return {
        "name": line.name,
        "state": line.state,
        "version": line.version,
        "label": dict(line.label),
        **told,
    }


@plugin.command("info")
@click.argument("name", metavar="PLUGIN")
@json_option
@pass_console
def info(console: Console, name: str) -> None:
    """Show what a plugin adds and who needs it."""
    line = next((each for each in console.application.plugins.report() if each.name == name), None)
    if line is None:
        raise NotFound(entity="plugin", id=name)
    adds = {hook: list(items) for hook, items in (line.adds or {}).items()}
    told = {"requires": dict(line.requires), "needed_by": list(line.needed_by), "grants": dict(line.grants)}
    if console.as_json:
        console.data({**_brief(console, line), **told, "adds": adds, "hooks": list(line.hooks)})
        return
    facts = [
        ("Name", f"{line.name} {line.version}"),
        ("State", console.text(line.state)),
        ("Label", _label(console, line.label)),
        ("Summary", _label(console, line.summary)),
        ("Problem", texts.message(console, line.problem) if line.problem else ""),
        ("Requires", ", ".join(f"{other} {versions}" for other, versions in line.requires.items())),
        ("Needed by", ", ".join(line.needed_by)),
        ("Asks for", ", ".join(f"{grant}={value}" for grant, value in line.grants.items())),
        *((hook, ", ".join(items)) for hook, items in adds.items()),
        ("Called in", ", ".join(line.hooks)),
    ]
    for text in output.pairs((console.text(label), value) for label, value in facts if value):
        click.echo(text)


@plugin.command("check")
@click.argument("name", metavar="[PLUGIN]", required=False)
@json_option
@pass_console
def check(console: Console, name: str | None) -> None:
    """Try whether plugins could run here: manifest, requirements, import, migrations; nothing is changed."""
    application = console.application
    plugins = application.plugins
    known = {*plugins.available, *plugins.problems, *plugins.unusable}
    if name is not None and name not in known:
        raise NotFound(entity="plugin", id=name)
    problems: dict[str, PluginProblem] = {**plugins.unusable, **plugins.problems}
    for each in sorted(set(plugins.available) - set(plugins.names) - set(problems)):
        found = lifecycle.plan_enable(
            application.database.engine, application.settings.plugin_options(), each, with_requirements=True
        ).problem
        problems |= {each: found} if found else {}
    asked = [name] if name else sorted(known)
    rows = [(each, *_verdict(console, problems.get(each))) for each in asked]
    console.rows(["Plugin", "Code", "Problem"], rows)
    if any(each in problems for each in asked):
        raise click.exceptions.Exit(1)


def _verdict(console: Console, problem: PluginProblem | None) -> tuple[str, str]:
    return (problem.code, texts.message(console, problem)) if problem else ("ok", "")


@plugin.command("enable")
@click.argument("name", metavar="PLUGIN")
@click.option("--with-requirements", is_flag=True, help="Also enable what it requires.")
@click.option("--dry-run", is_flag=True, help="Only show what would be added.")
@json_option
@pass_console
def enable(console: Console, name: str, *, with_requirements: bool, dry_run: bool) -> None:
    """Switch a plugin on: its tables are made, servers that run take it up by themselves."""
    application = console.prepared()
    engine, options = application.database.engine, application.settings.plugin_options()
    if dry_run:
        _print_plan(
            console, lifecycle.plan_enable(engine, options, name, with_requirements=with_requirements)
        )
        return
    by = console.user or "cli"
    plan = lifecycle.enable(engine, options, name, with_requirements=with_requirements, by=by, at=utc_now())
    _print_plan(console, plan)
    renewed = _renewed(console)
    problem = renewed.plugins.problems.get(name)
    if problem is not None:
        raise CannotStart(problem)
    console.say("{plugin} is enabled.", plugin=name)


def _print_plan(console: Console, plan: EnablePlan) -> None:
    names = [f"{each.name} {each.version}" for each in plan.plugins]
    revisions = {name: list(each) for name, each in plan.revisions.items()}
    grants = {name: dict(each) for name, each in plan.grants.items()}
    if console.as_json:
        told = _told(console, plan.problem) if plan.problem else None
        console.data({"plugins": names, "revisions": revisions, "grants": grants, "problem": told})
    else:
        console.say("Plugins: {names}", names=", ".join(names))
        for name, each in revisions.items():
            console.say("Migrations of {plugin}: {revisions}", plugin=name, revisions=", ".join(each))
        for name, granted in grants.items():
            asked = ", ".join(f"{key}={value}" for key, value in granted.items())
            console.say("{plugin} asks for: {grants}", plugin=name, grants=asked)
    if plan.problem is not None:
        raise CannotStart(plan.problem)


def _renewed(console: Console) -> Application:
    """Build the application anew, which runs the new migrations, and go on with it."""
    settings = console.settings
    console.close()
    renewed = Application(settings)
    settle(renewed)
    console.replace_application(renewed)
    return renewed


def _would_disable(engine: sa.Engine, options: PluginOptions, name: str) -> tuple[str, ...]:
    """Return what goes off together with *name*: itself, after everything that requires it."""
    manifests = discover(options.paths, installed=options.installed).manifests
    on, going = options.wanted(read_states(engine)), [name]
    for gone in going:  # grows meanwhile
        going += [e for e in on if e in manifests and gone in manifests[e].requires and e not in going]
    if name not in on:
        raise NotFound(entity="plugin", id=name)
    return tuple(reversed(going))


@plugin.command("disable")
@click.argument("name", metavar="PLUGIN")
@click.option("--cascade", is_flag=True, help="Also disable the plugins that require it.")
@click.option("--dry-run", is_flag=True, help="Only show what would be disabled.")
@json_option
@pass_console
def disable(console: Console, name: str, *, cascade: bool, dry_run: bool) -> None:
    """Switch a plugin off; its data stays. Works without running a line of its code."""
    with console.bare_engine() as engine:
        options = console.settings.plugin_options()
        if dry_run:
            names = _would_disable(engine, options, name)
        else:
            by = console.user or "cli"
            names = lifecycle.disable(engine, options, name, cascade=cascade, by=by, at=utc_now())
    if console.as_json:
        console.data({"plugins": list(names), "done": not dry_run})
    elif dry_run:
        console.say("Would be disabled: {names}", names=", ".join(names))
    else:
        console.say("Disabled: {names}. The data is kept.", names=", ".join(names))
