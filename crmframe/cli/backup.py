"""``crmframe backup`` and ``crmframe restore``."""

from __future__ import annotations

from pathlib import Path

import click

from crmframe.application import utc_now
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.opening import NoDatabase
from crmframe.core.operation import backup as operation
from crmframe.core.storage.copies import copier

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--verify/--no-verify", default=True, show_default=True, help="Read the archive once more.")
@click.option("--force", is_flag=True, help="Replace FILE when it is there.")
@json_option
@pass_console
def backup(console: Console, file: Path, *, verify: bool, force: bool) -> None:
    """Write database and files into one archive while everything runs; .tar.gz compresses it."""
    settings = console.settings
    if copier(settings.database).is_empty():
        raise NoDatabase(place=operation.safe_url(settings.database))
    manifest = operation.back_up(settings.database, settings.folder, file, now=utc_now(), force=force)
    if verify:
        operation.verify(file)
    size = file.stat().st_size
    if console.as_json:
        console.data({"file": str(file), "bytes": size, "rows": manifest.rows, "files": manifest.files})
    template = "{file}: {rows} rows in {tables} tables and {files} files, {size} bytes."
    words = {"rows": manifest.rows, "tables": len(manifest.counts), "files": manifest.files}
    console.say(template, file=file, size=size, **words)


@click.command("restore")
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--into", metavar="URL", help="Another database than that of the settings.")
@click.option("--force", is_flag=True, help="Move what is there aside, and keep it.")
@json_option
@pass_console
def restore(console: Console, file: Path, into: str | None, *, force: bool) -> None:
    """Put a backup in place; all of it is verified before anything is changed."""
    settings = console.settings
    url = into or settings.database
    restored = operation.restore(url, settings.folder, file, now=utc_now(), force=force)
    manifest = restored.manifest
    if console.as_json:
        console.data(
            {"database": operation.safe_url(url), "rows": manifest.rows, "kept": list(restored.kept)}
        )
    template = "{rows} rows and {files} files of {day} are in place: {place}."
    words = {
        "rows": manifest.rows,
        "files": manifest.files,
        "day": manifest.created_at[:16].replace("T", " "),
    }
    console.say(template, place=operation.safe_url(url), **words)
    for kept in restored.kept:
        console.say("What was there before is kept: {place}", place=kept)
