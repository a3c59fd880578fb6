"""``crmframe db``: where the schema stands, and bringing it up to date."""

from __future__ import annotations

import click
import sqlalchemy as sa

from crmframe.cli import texts
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.core.operation.backup import safe_url
from crmframe.core.storage.copies import copier
from crmframe.kernel import schema
from crmframe.kernel.discovery import discover
from crmframe.kernel.manifest import Manifest, core_manifest
from crmframe.kernel.resolver import resolve
from crmframe.kernel.schema import SchemaStatus
from crmframe.kernel.schema_cli import write_migration
from crmframe.kernel.state import read_states


@click.group("db")
def db() -> None:
    """The database's schema."""


@db.command("status")
@json_option
@pass_console
def status(console: Console) -> None:
    """Show which revision each plugin's tables are at, and what is pending; runs and changes nothing."""
    found = [] if copier(console.settings.database).is_empty() else standing(console)
    if not found:
        console.say("There is no database at {place} yet.", place=safe_url(console.settings.database))
    rows = [
        (each.name, each.current or "-", each.head or "-", ", ".join(each.pending), _problem(console, each))
        for each in found
    ]
    console.rows(["Plugin", "Database", "Code", "Pending", "Problem"], rows)


def _problem(console: Console, found: SchemaStatus) -> str:
    return texts.message(console, found.problem) if found.problem else ""


def standing(console: Console) -> list[SchemaStatus]:
    """Compare database and code of the core and every wanted plugin, without running a line of theirs."""
    engine = sa.create_engine(console.settings.database)
    try:
        return schema.status(engine, wanted_manifests(console, engine))
    finally:
        engine.dispose()


def wanted_manifests(console: Console, engine: sa.Engine) -> tuple[Manifest, ...]:
    """Return the manifests of the core and of the plugins that should run, in their order."""
    options = console.settings.plugin_options()
    found = discover(options.paths, installed=options.installed)
    return resolve(found.manifests, options.wanted(read_states(engine)), core=core_manifest()).order


@db.command("upgrade")
@json_option
@pass_console
def upgrade(console: Console) -> None:
    """Make the database, or bring it up to date; an SQLite file is copied to the backups first."""
    before = (
        {} if copier(console.settings.database).is_empty() else {e.name: e.pending for e in standing(console)}
    )
    application = console.prepared(upgrade=True)
    for name, problem in application.plugins.problems.items():
        console.warn("{plugin}: {problem}", plugin=name, problem=texts.message(console, problem))
    ran = [(name, ", ".join(revisions)) for name, revisions in before.items() if revisions]
    if ran:
        console.rows(["Plugin", "Revisions"], ran)
    console.say("The database {place} is up to date.", place=safe_url(console.settings.database))


@db.command("migration")
@click.argument("name", metavar="PLUGIN")
@click.argument("message", metavar="MESSAGE")
@pass_console
def migration(console: Console, name: str, message: str) -> None:
    """Write a plugin's next migration from its models; the database is not touched. For authors."""
    file = write_migration(name, message, console.settings.plugins.paths)
    if file is None:
        console.say("{plugin}: the tables are as the models say.", plugin=name)
    else:
        console.say("Wrote {file}", file=file)
