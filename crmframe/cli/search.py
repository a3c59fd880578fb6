"""``crmframe search``: records of every kind, and the index that finds them."""

from __future__ import annotations

import click

from crmframe.cli.console import Console, json_option, pass_console
from crmframe.core.search import rebuilding
from crmframe.core.search.searching import search as find_records


class TextOrCommand(click.Group):
    """A group whose first argument may be any text: what is no command of it is what to search for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command, ``find`` where none is named."""
        if args and args[0] not in self.commands:
            return "find", self.commands["find"], args
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; options in front of the text are those of ``find``."""
        if args and args[0].startswith("-") and args[0] != "--help":
            args = ["find", *args]
        return super().parse_args(ctx, args)


@click.group("search", cls=TextOrCommand)
def search() -> None:
    """Search records of every kind: crmframe search TEXT.

    Words are found by their beginnings, Chinese also by pinyin and initials, telephone numbers by their last digits.
    To search for the word "rebuild" write: crmframe search find rebuild.
    """


@search.command("find")
@click.argument("text", nargs=-1, required=True)
@click.option("--entity", multiple=True, metavar="NAME", help="Only such records, as sales.deal.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="Of each kind.")
@json_option
@pass_console
def find(console: Console, text: tuple[str, ...], entity: tuple[str, ...], limit: int) -> None:
    """Search for TEXT."""
    with console.work(write=False) as work:
        found = find_records(work, " ".join(text), entity, limit=limit)
        labels = {
            name: console.text(work.schema.entity(name).label, name.partition(".")[0]) for name in found.hits
        }
    hits = [hit for hits in found.hits.values() for hit in hits]
    if console.as_json:
        for hit in hits:
            console.data(
                {"entity": hit.entity, "id": hit.id, "title": hit.title, "archived": hit.is_archived}
            )
        return
    console.rows(["Record type", "Id", "Name"], [(labels[hit.entity], hit.id, hit.title) for hit in hits])
    if found.is_indexing:
        console.say("Some records are still being indexed.")


@search.command("rebuild")
@json_option
@pass_console
def rebuild(console: Console) -> None:
    """Index every record anew; people may go on searching and writing meanwhile."""
    count = rebuilding.rebuild(console.prepared())
    if console.as_json:
        console.data({"records": count})
        return
    console.say("{count} records are indexed.", count=count)
