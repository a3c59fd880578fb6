"""The writing commands of a record type: create, update, delete, archive, restore, and its actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from crmframe.cli import cells
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.people import ID
from crmframe.core import records
from crmframe.core.contributions import Action
from crmframe.core.entities.entity import Entity
from crmframe.core.work import UnitOfWork

VALUES_HELP = "FIELD=VALUE sets a field, FIELD= empties it, FIELD=@FILE takes the text of a file."


def create_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> create``."""

    @click.command("create", help=f"Create a record. {VALUES_HELP}")
    @click.argument("values", metavar="FIELD=VALUE…", nargs=-1, required=True)
    @json_option
    @pass_console
    def command(console: Console, values: tuple[str, ...]) -> None:
        given = read_values(values)
        with console.work() as work:
            record = records.create(work, entity.name, given)
        _report(console, work, entity, "{entity} {id} is created.", [record])

    return command


def update_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> update``."""

    @click.command("update", help=f"Change a record. {VALUES_HELP}")
    @click.argument("record_id", metavar="ID", type=ID)
    @click.argument("values", metavar="FIELD=VALUE…", nargs=-1, required=True)
    @click.option("--version", type=ID, help="Refuse when the record is no longer at this version.")
    @json_option
    @pass_console
    def command(console: Console, record_id: int, values: tuple[str, ...], version: int | None) -> None:
        given = read_values(values)
        with console.work() as work:
            record = records.update(work, entity.name, record_id, given, version=version)
        _report(console, work, entity, "{entity} {id} is changed.", [record])

    return command


def delete_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> delete``."""
    return _of_ids(
        entity, "delete", "Delete records; they can be restored.", "{entity} {id} is deleted.", _delete
    )


def archive_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> archive``."""
    return _of_ids(
        entity, "archive", "Put records away.", "{entity} {id} is put away.", _each(records.archive)
    )


def unarchive_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> unarchive``."""
    says = "{entity} {id} is back from the archive."
    return _of_ids(entity, "unarchive", "Take records out of the archive.", says, _each(records.unarchive))


def restore_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> restore``."""
    return _of_ids(
        entity, "restore", "Bring deleted records back.", "{entity} {id} is back.", _each(records.restore)
    )


Verb = Callable[[UnitOfWork, str, Sequence[int]], Any]


def _delete(work: UnitOfWork, name: str, ids: Sequence[int]) -> None:
    records.delete_many(work, name, list(ids))


def _each(verb: Callable[[UnitOfWork, str, int], Any]) -> Verb:
    def run(work: UnitOfWork, name: str, ids: Sequence[int]) -> None:
        for record_id in ids:
            verb(work, name, record_id)

    return run


def _of_ids(entity: Entity, name: str, help_text: str, says: str, verb: Verb) -> click.Command:
    @click.command(name, help=help_text)
    @click.argument("ids", metavar="ID…", type=ID, nargs=-1, required=True)
    @json_option
    @pass_console
    def command(console: Console, ids: tuple[int, ...]) -> None:
        wanted = tuple(dict.fromkeys(ids))
        with console.work() as work:
            verb(work, entity.name, wanted)
        _report(console, work, entity, says, [{"id": record_id} for record_id in wanted])

    return command


def action_command(entity: Entity, action: Action) -> click.Command:
    """Return ``crmframe <entity> <action>``."""

    @click.command(action.name, help=_action_help(action))
    @click.argument("record_id", metavar="ID", type=ID)
    @click.argument("values", metavar="FIELD=VALUE…", nargs=-1)
    @click.option("--version", type=ID, help="Refuse when the record is no longer at this version.")
    @json_option
    @pass_console
    def command(console: Console, record_id: int, values: tuple[str, ...], version: int | None) -> None:
        given = read_values(values)
        with console.work() as work:
            records.run(work, entity.name, record_id, action.name, given, version=version)
            record = {"id": record_id}
            if work.actor.may(f"{entity.name}.read"):
                record = records.get(work, entity.name, record_id)
        _report(console, work, entity, "{entity} {id}: done.", [record])

    return command


def _action_help(action: Action) -> str:
    if action.input is None:
        return f"{action.label}."
    fields = action.input.model_fields.items()
    names = [name if field.is_required() else f"[{name}]" for name, field in fields]
    return f"{action.label}. Takes: {', '.join(names)}."


def read_values(texts: Sequence[str]) -> dict[str, Any]:
    """Return ``FIELD=VALUE`` arguments as raw values; one that is repeated becomes a list."""
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"{text}: write FIELD=VALUE.")
        value, name = _content(value), name.strip()
        values[name] = [*_listed(values[name]), value] if name in values else value
    return values


def _content(value: str) -> str:
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{value}: {error}. To begin a value with @, write it in a file.") from error


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _report(
    console: Console, work: UnitOfWork, entity: Entity, says: str, found: Sequence[Mapping[str, Any]]
) -> None:
    """Say what was done, and under which operation it can be undone."""
    for record in found:
        if console.as_json:
            console.data({**cells.as_json(work, entity, record), "operation_id": work.operation_id})
        else:
            label = console.text(entity.label, entity.plugin)
            console.say(says, entity=label, id=record["id"])
    if work.operation_id is None:
        console.say("Nothing had to be changed.")
    else:
        console.say("Take it back with: crmframe undo {id}", id=work.operation_id)
