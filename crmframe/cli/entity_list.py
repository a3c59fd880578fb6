"""``list`` and ``show`` of a record type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from crmframe.cli import cells, output
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.moments import moment_of
from crmframe.cli.people import ID
from crmframe.core import records
from crmframe.core.access.fields import readable_fields
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import NotFound
from crmframe.core.records.query import MAX_LIMIT, Page, Query
from crmframe.core.search.searching import narrowed_by

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

ARCHIVED = {"no": False, "only": True, "yes": None}


def list_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> list``."""

    @click.command("list", help="List records.")
    @query_options
    @click.option("--order", multiple=True, metavar="FIELD", help="Sort by FIELD, -FIELD for descending.")
    @click.option("--columns", metavar="FIELDS", help="Fields to show, separated by commas; * shows all.")
    @click.option("--limit", default=50, show_default=True, type=click.IntRange(0), help="0 lists all.")
    @click.option("--count", "only_count", is_flag=True, help="Only say how many there are.")
    @json_option
    @pass_console
    def command(console: Console, /, **given: Any) -> None:
        with console.work(write=False) as work:
            query = replace(read_query(work, entity, given), **_presentation(console, work, entity, given))
            if given["only_count"]:
                _print_count(console, work, entity, query)
            else:
                _print_pages(console, work, entity, query, given["limit"])

    return command


def query_options(command: Any) -> Any:
    """Add the options that choose records."""
    for option in (
        click.option(
            "--archived", type=click.Choice(list(ARCHIVED)), default="no", help="Archived records, too."
        ),
        click.option("--search", default="", metavar="TEXT", help="Only what TEXT finds."),
        click.option("--as-of", metavar="MOMENT", help="As it was then: 2026-03-01, or 2026-03-01T12:00."),
        click.option(
            "--where",
            multiple=True,
            metavar="FILTER",
            help='Such as amount__gte=1000 or stage__in=a,b; or a group as JSON: {"or": […]}.',
        ),
    ):
        command = option(command)
    return command


def read_query(work: UnitOfWork, entity: Entity, given: dict[str, Any]) -> Query:
    """Return which records were asked for.

    Raises:
        InvalidFilter: An unknown field, operator or value.
    """
    pairs = [_pair(text) for text in given["where"]]
    context = replace(work.parse_context(), actor_id=work.actor.id, team_ids=work.actor.team_ids)

    def readable(other: Entity) -> frozenset[str]:
        return readable_fields(work, other)

    where = filters.parse_params(work.schema, entity, pairs, context, readable=readable) if pairs else None
    as_of = moment_of(work, given["as_of"]) if given["as_of"] else None
    matching = narrowed_by(work, entity, given["search"])
    return Query(where=where, archived=ARCHIVED[given["archived"]], as_of=as_of, matching=matching)


def _pair(text: str) -> tuple[str, str]:
    if text.lstrip().startswith("{"):
        return "where", text
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(
            f"--where {text}: write FIELD=VALUE, FIELD__OPERATOR=VALUE, or a group as JSON."
        )
    return name.strip(), value


def _presentation(
    console: Console, work: UnitOfWork, entity: Entity, given: dict[str, Any]
) -> dict[str, Any]:
    order = tuple(name.strip() for text in given["order"] for name in text.split(",") if name.strip())
    return {"order": order, "columns": _columns(console, work, entity, given["columns"])}


def _columns(console: Console, work: UnitOfWork, entity: Entity, given: str | None) -> tuple[str, ...]:
    """Return the columns that were asked for; people get those of the list page, programs all."""
    if given == "*" or (given is None and console.as_json):
        return ()
    readable = readable_fields(work, entity)
    names = given.split(",") if given else [name for name in entity.in_list if name in readable]
    return tuple(dict.fromkeys(["id", *(name.strip() for name in names if name.strip())]))


def _print_count(console: Console, work: UnitOfWork, entity: Entity, query: Query) -> None:
    found = records.count(work, entity.name, query, cap=10_000_000)
    if console.as_json:
        console.data({"count": found.value, "capped": found.capped})
    else:
        click.echo(found.value)


def _print_pages(console: Console, work: UnitOfWork, entity: Entity, query: Query, limit: int) -> None:
    shown = cells.Shown(console, work, entity)
    table: list[Sequence[Any]] = []
    head: list[str] = []
    more = False
    for page, is_cut in pages(work, entity, query, limit):
        more = is_cut
        head = [shown.label(name) for name in page.columns]
        if console.as_json:
            for row in page.records():
                console.data(cells.as_json(work, entity, row))
        else:
            table += shown.rows(page.columns, page.rows)
    if not console.as_json:
        for line in output.table(head, table):
            click.echo(line)
        if more:
            console.warn("There are more. Raise --limit, or list all with --limit 0.")


def pages(work: UnitOfWork, entity: Entity, query: Query, limit: int) -> Iterator[tuple[Page, bool]]:
    """Yield pages until *limit* records (0 is all), each with whether there are more that are left out."""
    after, left = None, limit or None
    while True:
        size = MAX_LIMIT if left is None else min(left, MAX_LIMIT)
        page = records.select(work, entity.name, replace(query, limit=size, after=after))
        left = None if left is None else left - len(page.rows)
        is_last = page.next is None or left == 0
        yield page, is_last and page.next is not None
        if is_last:
            return
        after = page.next


def show_command(entity: Entity) -> click.Command:
    """Return ``crmframe <entity> show``."""

    @click.command("show", help="Show one record.")
    @click.argument("record_id", metavar="ID", type=ID)
    @click.option("--as-of", metavar="MOMENT", help="As it was then: 2026-03-01, or 2026-03-01T12:00.")
    @json_option
    @pass_console
    def command(console: Console, record_id: int, as_of: str | None) -> None:
        with console.work(write=False) as work:
            print_record(console, work, entity, read_record(work, entity, record_id, as_of))

    return command


class NotThereThen(NotFound):
    """The record did not exist at the moment that was asked for, or no longer."""

    code = "not_there_then"
    template = (
        "{entity} {id} did not exist at {moment}. See crmframe history for when it was made and deleted."
    )


def read_record(work: UnitOfWork, entity: Entity, record_id: int, as_of: str | None) -> dict[str, Any]:
    """Return a record as it is, or as it was.

    Raises:
        NotFound: There is none.
        NotThereThen: There was none.
    """
    if not as_of:
        return records.get(work, entity.name, record_id)
    moment: datetime = moment_of(work, as_of)
    found = records.as_of(work, entity.name, record_id, moment)
    if found is None:
        raise NotThereThen(entity=entity.label, id=record_id, moment=as_of)
    return found


def print_record(console: Console, work: UnitOfWork, entity: Entity, record: dict[str, Any]) -> None:
    """Print one record: for people only what is filled."""
    if console.as_json:
        console.data(cells.as_json(work, entity, record))
        return
    shown = cells.Shown(console, work, entity)
    columns = tuple(name for name, value in record.items() if value is not None)
    [row] = shown.rows(columns, [[record[name] for name in columns]])
    for line in output.pairs(zip(map(shown.label, columns), row, strict=True)):
        click.echo(line)
