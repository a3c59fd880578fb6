"""``crmframe``: global options, and finding the command. Nothing but click is imported until a command runs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from crmframe.cli.commands import COMMANDS, EPILOG
from crmframe.cli.console import Console, console_of


def load(target: str) -> click.Command:
    """Import ``module:attribute``."""
    module, _, attribute = target.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return command


class CommandLine(click.Group):
    """Static commands from the table; any other name is a record type or a plugin of the database at hand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the static names; the others cost opening the database."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by name."""
        if cmd_name in COMMANDS:
            return load(COMMANDS[cmd_name][0])
        found: click.Command | None = importlib.import_module("crmframe.cli.registered").find(ctx, cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing what it names."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of ours becomes a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            status = importlib.import_module("crmframe.cli.failures").show(console_of(ctx), error)
            if status is None:
                raise
            ctx.exit(status)


@click.group(
    "crmframe", cls=CommandLine, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option("--database", metavar="URL", help="Database to use, such as sqlite:///crm.db.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (default: crmframe.toml).")
@click.option("--as", "user", metavar="USER", help="Act as this user; otherwise as the system.")
@click.option("--reason", default="", metavar="TEXT", help="Why: written into the journal.")
@click.option("--safe-mode", is_flag=True, help="Load no plugin.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
@click.option("--lang", type=click.Choice(["en", "zh_Hans"]), help="Language of what is printed.")
@click.pass_context
def main(ctx: click.Context, /, **options: Any) -> None:
    """Run a CRM: records, users, plugins, and the server itself."""
    console_of(ctx)
    _ = options


def run() -> None:
    """Start from ``python -m crmframe.cli.main``."""
    main(prog_name="crmframe")


__all__ = ["CommandLine", "Console", "main"]

if __name__ == "__main__":
    run()
