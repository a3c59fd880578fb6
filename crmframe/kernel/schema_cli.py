"""``python -m crmframe.kernel.schema_cli NAME MESSAGE``: write a plugin's next migration."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from crmframe.core.storage.metadata import METADATA
from crmframe.kernel.autogenerate import autogenerate, scratch_database
from crmframe.kernel.discovery import discover
from crmframe.kernel.manifest import Manifest, core_manifest
from crmframe.kernel.resolver import resolve, with_requirements_of


@click.command()
@click.argument("name")
@click.argument("message")
@click.option("--path", "paths", multiple=True, help="Folder with plugins that are not installed.")
def main(name: str, message: str, paths: tuple[str, ...]) -> None:
    """Compare the models of the plugin NAME with its migrations and write the next one."""
    file = write_migration(name, message, paths)
    click.echo(f"Wrote {file}" if file else f"{name}: nothing changed.")


def write_migration(name: str, message: str, paths: Iterable[str | Path] = ()) -> Path | None:
    """Write the next migration of a plugin, or of the core; None when its tables are as its models say.

    Args:
        message: What changes, as a sentence.
        paths: Folders of plugins that are not installed.

    Raises:
        click.ClickException: The plugin is not there, or what it requires is not.
    """
    importlib.import_module("crmframe.core.plugin")
    plugins = [core_manifest()] if name == "core" else _with_requirements(name, paths)
    for each in plugins[1:]:
        sys.path.append(str(each.path.parent))
        importlib.import_module(each.entry_module())
    with scratch_database(plugins) as engine:
        return autogenerate(engine, METADATA, plugins[-1], message)


def _with_requirements(name: str, paths: Iterable[str | Path]) -> list[Manifest]:
    available = discover(paths).manifests
    if name not in available:
        raise click.ClickException(f"There is no plugin {name}. Found are: {', '.join(available) or 'none'}.")
    resolution = resolve(available, with_requirements_of(available, name), core=core_manifest())
    if resolution.problems:
        raise click.ClickException(" ".join(each.message() for each in resolution.problems.values()))
    return [each for each in resolution.order if each.name != name] + [available[name]]


if __name__ == "__main__":  # pragma: no cover - a process of its own
    main()
