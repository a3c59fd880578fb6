"""What people did on a day or in a week, from their follow-ups."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from crmframe.cli import output
from crmframe.cli.console import Console, json_option, pass_console
from crmframe.cli.people import user_id
from crmframe.core import records
from crmframe.core.activities.report import Report, Share, follow_ups
from crmframe.core.work import UnitOfWork


@click.group("report")
def report() -> None:
    """Reports made from follow-ups."""


@report.command("daily")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Of this day; today when left out.")
@click.option("--by", metavar="USER", help="Only what this user did.")
@json_option
@pass_console
def daily(console: Console, day: datetime | None, by: str | None) -> None:
    """Show what happened on a day: activities, tasks done, next steps."""
    with console.work(write=False) as work:
        _print(console, work, follow_ups(work, day.date() if day else work.today, 1, _users(work, by)))


@report.command("weekly")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="Of the week of this day; this week when left out."
)
@click.option("--by", metavar="USER", help="Only what this user did.")
@json_option
@pass_console
def weekly(console: Console, day: datetime | None, by: str | None) -> None:
    """Show what happened in a week: activities, tasks done, next steps."""
    with console.work(write=False) as work:
        first = work.week_start(day.date() if day else work.today)
        _print(console, work, follow_ups(work, first, 7, _users(work, by)))


def _users(work: UnitOfWork, by: str | None) -> list[int] | None:
    return None if by is None else [user_id(work.connection, by)]


def _print(console: Console, work: UnitOfWork, found: Report) -> None:
    names = records.titles(work, "core.user", [share.user_id for share in found.shares])
    if console.as_json:
        for share in found.shares:
            console.data(_as_json(share, names, found.first, found.last))
        return
    for share in found.shares:
        _print_share(console, work, share, names)
    if not found.shares:
        click.echo(console.text("Nothing was logged."))
    if found.is_cut:
        click.echo(console.text("There is more than fits here. Choose fewer people or days."))


def _print_share(console: Console, work: UnitOfWork, share: Share, names: dict[int, str]) -> None:
    counts = ", ".join(f"{kind} {number}" for kind, number in share.kinds.most_common())
    name = output.cell_text(names.get(share.user_id, f"#{share.user_id}"))
    click.echo(f"{name}  {counts or '-'}  ({len(share.touched)})")
    parts = (("What happened", share.activities), ("Tasks done", share.done), ("Next steps", share.planned))
    for label, rows in parts:
        if rows:
            click.echo(f"  {console.text(label)}")
        for row in rows:
            at = f"{row.at.astimezone(work.settings.zone):%Y-%m-%d %H:%M}" if row.at else "-"
            text = output.cell_text(" ".join((row.text or "").split()))
            click.echo(f"    {at}  {row.about or '-'}  {text}")


def _as_json(share: Share, names: dict[int, str], first: date, last: date) -> dict[str, Any]:
    def lines(rows: list[Any]) -> list[dict[str, Any]]:
        return [{"at": row.at, "about": row.about, "kind": row.kind, "text": row.text} for row in rows]

    return {
        "user_id": share.user_id,
        "user": names.get(share.user_id),
        "from": first,
        "to": last,
        "kinds": dict(share.kinds),
        "touched": sorted(share.touched),
        "activities": lines(share.activities),
        "tasks_done": lines(share.done),
        "next_steps": lines(share.planned),
    }
