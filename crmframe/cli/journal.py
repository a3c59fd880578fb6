"""What happened: the history of a record, the past, the operations, and taking one back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import sqlalchemy as sa

from crmframe.cli import output
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.entity_list import print_record, read_record
from crmframe.cli.people import ID, record_of, user_id
from crmframe.core import records
from crmframe.core.errors import UndoConflict
from crmframe.core.journal.tables import operation
from crmframe.core.records import Entry, UndoResult
from crmframe.core.work import UnitOfWork

COLUMNS = ("id", "started_at", "actor_name", "door", "verb", "state", "reason")


@click.command("history")
@click.argument("record", metavar="RECORD")
@json_option
@pass_console
def history(console: Console, record: str) -> None:
    """Show what happened to a record, newest first; RECORD is such as deal:7."""
    entity, record_id = record_of(console.application.registry, record)
    with console.work(write=False) as work:
        for entry in records.history(work, entity.name, record_id):
            if console.as_json:
                console.data(_as_json(entry))
            else:
                _print_entry(console, work, entry)


def _print_entry(console: Console, work: UnitOfWork, entry: Entry) -> None:
    at = entry.at.astimezone(work.settings.zone)
    undone = f" [{console.text('undone')}]" if entry.state == "undone" else ""
    reason = f" ({output.cell_text(entry.reason)})" if entry.reason else ""
    head = f"{at:%Y-%m-%d %H:%M}  #{entry.operation_id}  {entry.actor_name}  {entry.door}"
    click.echo(f"{output.cell_text(head)}  {entry.verb or entry.kind}{reason}{undone}")
    for change in entry.changes:
        was, now = (change.field.kind.to_text(value) for value in (change.was, change.now))
        label = console.text(change.field.label, change.field.plugin)
        click.echo(f"    {label}: {output.cell_text(was) or '-'} → {output.cell_text(now) or '-'}")


def _as_json(entry: Entry) -> dict[str, Any]:
    plain = {name: getattr(entry, name) for name in Entry.__dataclass_fields__ if name != "changes"}
    changes = [
        {"field": c.field.name, "was": _json(c.field, c.was), "now": _json(c.field, c.now)}
        for c in entry.changes
    ]
    return {**plain, "changes": changes}


def _json(field: Any, value: Any) -> Any:
    return None if value is None else field.kind.to_json(value)


@click.command("as-of")
@click.argument("record", metavar="RECORD")
@click.argument("moment", metavar="MOMENT")
@json_option
@pass_console
def as_of(console: Console, record: str, moment: str) -> None:
    """Show a record as it was; RECORD is such as deal:7, MOMENT such as 2026-03-01 or 2026-03-01T12:00."""
    entity, record_id = record_of(console.application.registry, record)
    with console.work(write=False) as work:
        print_record(console, work, entity, read_record(work, entity, record_id, moment))


@click.group("operations")
def operations() -> None:
    """Show what was done, by whom and why."""


@operations.command("list")
@click.option("--limit", default=30, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--by", metavar="USER", help="Only those of this user.")
@click.option("--verb", help="Only this verb, such as sales.deal.win; a part of it will do.")
@click.option("--state", type=click.Choice(["open", "done", "undone"]), help="Only those in this state.")
@json_option
@pass_console
def list_operations(
    console: Console, limit: int, by: str | None, verb: str | None, state: str | None
) -> None:
    """List operations, newest first: administrators see all, others their own."""
    with console.work(write=False) as work:
        statement = sa.select(*[operation.c[name] for name in COLUMNS])
        if not work.actor.is_admin:
            statement = statement.where(operation.c.actor_id == work.actor.id)
        if by is not None:
            statement = statement.where(operation.c.actor_id == user_id(work.connection, by))
        if verb is not None:
            statement = statement.where(operation.c.verb.contains(verb, autoescape=True))
        if state is not None:
            statement = statement.where(operation.c.state == state)
        rows = work.rows(statement.order_by(operation.c.id.desc()).limit(limit))
        shown = [[*row] for row in rows]
        if not console.as_json:
            zone = work.settings.zone
            shown = [[row[0], f"{row[1].astimezone(zone):%Y-%m-%d %H:%M}", *row[2:]] for row in rows]
    console.rows(["Id", "At", "By", "Door", "Verb", "State", "Reason"], shown)


@click.command("undo")
@click.argument("operation_id", metavar="OPERATION", type=ID)
@click.option(
    "--partly", is_flag=True, help="Take back what nothing stands in the way of, and name the rest."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
@pass_console
def undo(console: Console, operation_id: int, *, partly: bool, dry_run: bool) -> None:
    """Take back an operation, with the rights of whoever asks."""
    with console.work(write=not dry_run) as work:
        result = records.preview_undo(work, operation_id) if dry_run else None
        if result is None:
            result = records.undo(work, operation_id, partly=partly)
    if dry_run and result.kept and not partly:
        raise UndoConflict(id=operation_id, count=len(result.kept), conflicts=list(result.kept))
    _print_undo(
        console,
        work,
        result,
        "{count} changes would be taken back." if dry_run else "{count} changes were taken back.",
    )


def _print_undo(console: Console, work: UnitOfWork, result: UndoResult, says: str) -> None:
    kept = [
        {"entity": each.entity, "id": each.record_id, "reason": console.text(each.reason)}
        for each in result.kept
    ]
    if console.as_json:
        console.data({"undone": result.undone, "kept": kept, "operation_id": work.operation_id})
        return
    console.say(says, count=result.undone)
    for each in kept:
        _print_kept(console, each)
    if work.operation_id is not None:
        console.say("Take it back with: crmframe undo {id}", id=work.operation_id)


def _print_kept(console: Console, kept: Mapping[str, Any]) -> None:
    console.say("Kept: {entity} {id}: {reason}", **kept)
