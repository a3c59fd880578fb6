"""``crmframe sample``: the sample company in a database of one's own, for training and for a first look."""

from __future__ import annotations

import click

from crmframe.cli.console import Console, pass_console
from crmframe.core.demo.company import CUSTOMERS
from crmframe.core.demo.jobs import parts_of, past_of
from crmframe.core.demo.sample import counts_of, load_sample, refuse_records, remove_sample


@click.group("sample")
def sample() -> None:
    """Load sample data into an empty database, or remove it."""


@sample.command("load")
@click.option("--customers", default=CUSTOMERS, show_default=True, type=click.IntRange(200, 100_000))
@pass_console
def load(console: Console, customers: int) -> None:
    """Load the sample company; refused where there are records already. Its users cannot sign in."""
    application = console.application
    with console.work(write=False) as work:
        refuse_records(work)
        hooks, now = work.hooks, work.now
    load_sample(past_of(application), hooks, now, hasher=None, customers=customers)
    status(console)


@sample.command("remove")
@pass_console
def remove(console: Console) -> None:
    """Remove every sample record in one operation; records of your own stay."""
    with console.work(write=False) as work:
        actor = work.actor
    removal = remove_sample(parts_of(console.application, actor, "cli"))
    console.rows(
        ["Record type", "Removed", "Kept"],
        [[name, number, len(removal.kept.get(name, ()))] for name, number in removal.removed.items()],
    )
    if removal.operation_id is not None:
        console.say("Undo it with: crmframe undo {operation}", operation=removal.operation_id)


@sample.command("status")
@pass_console
def show_status(console: Console) -> None:
    """Count the sample records that are there."""
    status(console)


def status(console: Console) -> None:
    """Print how many sample records of each type there are."""
    with console.work(write=False) as work:
        rows = [[entity.name, number] for entity, number in counts_of(work)]
    console.rows(["Record type", "Sample records"], rows)
