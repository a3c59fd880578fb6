"""``crmframe serve``: a small parent owns the socket, one child at a time serves."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

import click

from crmframe.cli.console import Console, pass_console
from crmframe.web.serve import Parent, is_child, listen

if TYPE_CHECKING:
    from crmframe.application import Application

HERE = "127.0.0.1"
HANDED_ON = ("database", "folder", "zone", "currency", "region")


NOBODY = "There is no user yet, so nobody can sign in. Make the first one: crmframe user create NAME --admin"


@click.command("serve")
@click.option("--host", default=HERE, show_default=True, help="Address to listen on; 0.0.0.0 is every one.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option("--workers/--no-workers", default=True, show_default=True, help="Run jobs in the server, too.")
@pass_console
def serve(console: Console, host: str, port: int, *, workers: bool) -> None:
    """Serve the pages and the API until SIGTERM; SIGHUP or newly installed code starts a new generation."""
    if is_child():
        serve_child(console, workers=workers)
    else:
        sys.exit(serve_parent(console, host, port, workers=workers))


def serve_parent(console: Console, host: str, port: int, *, workers: bool = True, ready: str = "") -> int:
    """Listen, and keep a child serving; return the exit status.

    Args:
        ready: What to print once the address is known.

    Raises:
        click.ClickException: The address is taken.
    """
    settings = console.settings
    console.close()
    try:
        listening = listen(host, port)
    except OSError as error:
        raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error
    address = f"http://{host}:{listening.getsockname()[1]}"
    # What the options and the demo decided reaches the child this way: an URL may hold a password.
    os.environ.update({f"CRMFRAME_{name.upper()}": str(getattr(settings, name)) for name in HANDED_ON})
    click.echo(console.text("crmframe serves on {address}", address=address))
    if ready:
        click.echo(ready)
    sys.stdout.flush()
    return Parent(listening, child_command(console, workers=workers)).run()


def child_command(console: Console, *, workers: bool) -> list[str]:
    """Return what starts a child with the options of this run."""
    command = [sys.executable, "-m", "crmframe.cli.main"]
    command += ["--config", str(console.config)] if console.config else []
    command += ["--safe-mode"] if console.safe_mode else []
    return [*command, "serve", *([] if workers else ["--no-workers"])]


def serve_child(console: Console, *, workers: bool) -> None:
    """Serve on the sockets of the parent."""
    settings = console.settings

    def build() -> Application:
        application: Application = importlib.import_module("crmframe.application").Application(settings)
        importlib.import_module("crmframe.cli.opening").settle(application)
        with application.database.read() as connection:
            nobody = not importlib.import_module("crmframe.core.access.accounts").has_users(connection)
        if nobody:
            click.echo(console.text(NOBODY))
            sys.stdout.flush()
        return application

    # Imported here: uvicorn and starlette are for the child alone, the parent stays small.
    run_child = importlib.import_module("crmframe.web.serving").run_child
    run_child(build, workers=workers and settings.workers > 0)
