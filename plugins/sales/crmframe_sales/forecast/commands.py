"""``crmframe sales forecast``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from crmframe_sales.forecast.periods import MONTHS, period_at
from crmframe_sales.forecast.queries import forecast as forecast_of
from crmframe_sales.forecast.routes import as_data
from crmframe_sales.printing import echo_table

COLUMNS = ("target", "won", "commit", "best_case", "pipeline", "weighted", "expected", "own")


@click.command("forecast")
@click.option("--period", type=click.Choice(list(MONTHS)), default="quarter", show_default=True)
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]), help="A day of the period; today when left out.")
@click.option("--by", type=click.Choice(["owners", "teams", "months"]), default="owners", show_default=True)
@click.option("--team", type=int, help="Only the deals of this team and those below it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, all of it.")
@click.pass_obj
def forecast(
    console: Any, period: str, start: datetime | None, by: str, team: int | None, *, as_json: bool
) -> None:
    """Show what was won, what probably will be, and what its owners commit to, against the targets."""
    with console.work(write=False) as work:
        found = forecast_of(work, period_at(work, period, start.date() if start else work.today), team)
    data = as_data(found)
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))
        return
    lines = [*data[by], {**data["total"], "name": "total"}]
    rows = [(line["name"] or "-", *(line[name] or "" for name in COLUMNS)) for line in lines]
    echo_table((found.currency, *(name.replace("_", " ") for name in COLUMNS)), rows)
    for currency, deals in found.missing.items():
        click.echo(f"Left out: {deals} deals in {currency}, for which there is no rate.")


COMMANDS = (forecast,)
