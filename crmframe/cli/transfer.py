"""``crmframe import`` and ``crmframe export``, also below each record type."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.entity_list import query_options, read_query
from crmframe.cli.import_report import ImportPrinter
from crmframe.cli.people import ID, entity_of
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import NotFound
from crmframe.core.journal.tables import operation
from crmframe.core.transfer import ExportOptions, ImportOptions, ReadOptions, export, import_file
from crmframe.core.transfer.reading import opened

if TYPE_CHECKING:
    from typing import TextIO

IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
Decorated = Callable[..., Any]


IMPORT_OPTIONS = (
    click.option("--dry-run", is_flag=True, help="Only show exactly what would change."),
    click.option("--map", "mapping", multiple=True, metavar="HEADER=FIELD", help="- leaves a column out."),
    click.option("--match", multiple=True, metavar="FIELD", help="Find existing records by this field."),
    click.option(
        "--alias",
        "aliases",
        multiple=True,
        metavar="COLUMN:WRITTEN=MEANT",
        help="What a value means.",
    ),
    click.option("--set", "constants", multiple=True, metavar="FIELD=VALUE", help="The same for every row."),
    click.option(
        "--mode", type=click.Choice(["create", "update", "upsert", "skip"]), help="Existing records."
    ),
    click.option("--clear", is_flag=True, help="Empty cells empty the field."),
    click.option("--days", type=click.Choice(["dmy", "mdy"]), default=None, help="How 03/04/2026 is meant."),
    click.option("--decimal-comma", is_flag=True, help="1.234,56 instead of 1,234.56."),
    click.option("--encoding", default="", help="Found out when left out."),
    click.option("--delimiter", default="", help="Found out when left out."),
    click.option("--header-row", type=click.IntRange(1), default=None, help="Found out when left out."),
    click.option(
        "--mend",
        type=OUT_FILE,
        help="Where refused rows go (default: beside the file); - is nowhere.",
    ),
    click.option(
        "--resume", type=ID, metavar="OPERATION", help="Go on with an interrupted import, by its own options."
    ),
)


def import_options(command: Decorated) -> Decorated:
    """Add what an import can be told."""
    for option in reversed(IMPORT_OPTIONS):
        command = option(command)
    return json_option(command)


def import_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> import``."""

    @click.command("import", help="Import a CSV file.")
    @click.argument("file", type=IN_FILE)
    @import_options
    @pass_console
    def command(console: Console, /, file: Path, **given: Any) -> None:
        run_import(console, entity, file, given)

    return command


@click.command("import")
@click.argument("name", metavar="RECORDS")
@click.argument("file", type=IN_FILE)
@import_options
@pass_console
def import_any(console: Console, /, name: str, file: Path, **given: Any) -> None:
    """Import a CSV file as one operation that can be undone; RECORDS is such as customer or deal.

    Ends with status 1 when rows were refused: they are in a file of their own, with the reasons.
    """
    run_import(console, entity_of(console.application.registry, name), file, given)


def run_import(console: Console, entity: Entity, file: Path, given: dict[str, Any]) -> None:
    """Import a file and print what became of it."""
    options = options_of(console, file, given)
    resumed = given["resume"] or (None if options.dry_run else interrupted(console, entity, file))
    if resumed and not given["resume"]:
        console.warn("Going on with the interrupted import {id}.", id=resumed)
    with console.work(write=False) as work:
        printer = ImportPrinter(console, work.schema.fields(entity), is_rehearsal=options.dry_run)
    application: Any = console.application
    report = import_file(
        application,
        console.actor,
        file,
        entity.name,
        None if given["resume"] else options,
        operation=resumed,
        progress=printer.print_rows,
    )
    printer.print_sum(report)
    if report.refused:
        raise click.exceptions.Exit(1)


def options_of(console: Console, file: Path, given: dict[str, Any]) -> ImportOptions:
    """Return the options that were given on the command line."""
    mend: Path | None = given["mend"] or file.with_name(f"{file.stem}.refused.csv")
    return ImportOptions(
        mapping=dict(_pair(text) for text in given["mapping"]),
        aliases=_aliases(given["aliases"]),
        constants=dict(_pair(text) for text in given["constants"]),
        match=given["match"],
        mode=given["mode"],
        blanks="clear" if given["clear"] else "keep",
        days=given["days"] or "",
        decimal_comma=given["decimal_comma"],
        reason=console.reason,
        read=_read_options(given),
        dry_run=given["dry_run"],
        mend=None if given["dry_run"] or str(mend) == "-" else mend,
    )


def _read_options(given: dict[str, Any]) -> ReadOptions:
    delimiter = given["delimiter"].replace("\\t", "\t")
    return ReadOptions(encoding=given["encoding"], delimiter=delimiter, header_row=given["header_row"] or 0)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"{text}: write NAME=VALUE.")
    return name.strip(), value.strip()


def _aliases(texts: tuple[str, ...]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        column, colon, rest = text.partition(":")
        if not colon:
            raise click.UsageError(f"{text}: write COLUMN:WRITTEN=MEANT.")
        written, meant = _pair(rest)
        found.setdefault(column.strip(), {})[written] = meant
    return found


def interrupted(console: Console, entity: Entity, file: Path) -> int | None:
    """Return the import of this very file that was interrupted, if there is one."""
    with opened(file, ReadOptions(locale=console.locale)) as table:
        digest = table.digest
    wanted = (operation.c.state == "open", operation.c.verb == f"{entity.name}.import"[:80])
    with console.work(write=False) as work:
        mine = (
            operation.c.actor_id.is_(None) if work.actor.id is None else operation.c.actor_id == work.actor.id
        )
        rows = work.connection.execute(
            operation.select().where(*wanted, mine).order_by(operation.c.id.desc())
        )
        return next(
            (row.id for row in rows if (row.note or {}).get("import", {}).get("digest") == digest), None
        )


# --- export -------------------------------------------------------------------------------------------


def export_options(command: Decorated) -> Decorated:
    """Add what an export can be told."""
    for option in reversed(
        (
            query_options,
            click.option(
                "--order", multiple=True, metavar="FIELD", help="Sort by FIELD, -FIELD for descending."
            ),
            click.option(
                "--columns", default="", metavar="FIELDS", help="Separated by commas; all when left out."
            ),
            click.option(
                "--format", "form", type=click.Choice(["csv", "jsonl"]), help="By the name of FILE, else csv."
            ),
            click.option("--names", is_flag=True, help="Names of linked records instead of their ids."),
            click.option("--mark", is_flag=True, help="A byte order mark in front, for Excel."),
        )
    ):
        command = option(command)
    return json_option(command)


def export_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> export``."""

    @click.command("export", help="Export records as CSV or JSON lines.")
    @click.argument("file", type=OUT_FILE, default="-")
    @export_options
    @pass_console
    def command(console: Console, /, file: Path, **given: Any) -> None:
        run_export(console, entity, file, given)

    return command


@click.command("export")
@click.argument("name", metavar="RECORDS")
@click.argument("file", type=OUT_FILE, default="-")
@export_options
@pass_console
def export_any(console: Console, /, name: str, file: Path, **given: Any) -> None:
    """Export records as CSV or JSON lines; RECORDS is such as customer or deal, FILE - is standard output."""
    run_export(console, entity_of(console.application.registry, name), file, given)


def run_export(console: Console, entity: Entity, file: Path, given: dict[str, Any]) -> None:
    """Write the records that the actor may see."""
    is_jsonl = (
        given["form"] or ("jsonl" if console.as_json or file.suffix in (".jsonl", ".json") else "csv")
    ) == "jsonl"
    options = ExportOptions("jsonl" if is_jsonl else "csv", names=given["names"], mark=given["mark"])
    with console.work(write=False) as work, written(file) as out:
        query = replace(
            read_query(work, entity, given), order=_names(given["order"]), columns=_names([given["columns"]])
        )
        count = export(work, entity.name, query, out.write, options)
    if file != Path("-"):
        console.warn("{count} records are in {file}.", count=count, file=file)


def _names(texts: Any) -> tuple[str, ...]:
    return tuple(name.strip() for text in texts for name in text.split(",") if name.strip())


@contextmanager
def written(file: Path) -> Iterator[TextIO]:
    """Open a file that bears its name only once all of it is there; - is standard output."""
    if file == Path("-"):
        yield sys.stdout
        return
    partial = file.with_name(f"{file.name}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as out:
            yield out
        partial.rename(file)
    except FileNotFoundError as error:
        raise NotFound(entity="folder", id=file.parent) from error
    finally:
        partial.unlink(missing_ok=True)
