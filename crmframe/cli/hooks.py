"""``crmframe hooks``: the extension points, who uses them, and what they do while a command runs."""

from __future__ import annotations

import click

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.hookspecs import HOOKS
from crmframe.kernel.dispatch import Call


@click.group("hooks")
def hooks() -> None:
    """The extension points and who uses them."""


@hooks.command("list")
@json_option
@pass_console
def list_hooks(console: Console) -> None:
    """List the hooks in the order of an application's life, each with the plugins that use it."""
    used = console.application.hooks
    rows = []
    for point in HOOKS.values():
        plugins = [each.plugin for each in used.implementations(point.name)]
        plugins += [plugin for plugin, _ in used.collect(point.name)] if point.kind == "declare" else []
        shown = ", ".join(dict.fromkeys(plugins))
        rows.append((f"{point.name}({', '.join(point.parameters)})", point.kind, shown))
    console.rows(["Hook", "Kind", "Plugins"], rows)


@hooks.command("trace", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--hook", help="Only this hook.")
@click.option("--plugin", help="Only this plugin.")
@click.argument("command", metavar="COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def trace(ctx: click.Context, hook: str | None, plugin: str | None, command: tuple[str, ...]) -> None:
    """Run a command of crmframe and print each call of a hook to standard error.

    For example: crmframe hooks trace deal update 7 title=New
    """
    console: Console = ctx.obj

    def note(call: Call) -> None:
        if hook in (None, call.hook) and plugin in (None, call.plugin):
            tail = f" {call.error}" if call.error else ""
            click.echo(
                f"{call.seconds * 1000:8.2f} ms  {call.hook}  {call.plugin}  {call.outcome}{tail}", err=True
            )

    console.application.hooks.trace = note
    root = ctx.find_root().command
    with root.make_context(
        ctx.find_root().info_name, list(command), parent=ctx.find_root(), obj=console
    ) as inner:
        root.invoke(inner)
