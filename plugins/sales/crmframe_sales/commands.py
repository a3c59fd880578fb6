"""The hand-written commands: ``crmframe sales funnel``, ``pipeline`` and ``conversion``; the forecast has its own."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from crmframe_sales import queries
from crmframe_sales.leads import queries as leads
from crmframe_sales.printing import echo_table


@click.command("funnel")
@click.option("--pipeline", "pipeline_id", type=int, help="Id of the pipeline; the first one when left out.")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="Only deals that began on this day or later."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def funnel(console: Any, pipeline_id: int | None, since: datetime | None, *, as_json: bool) -> None:
    """Show how many deals reached each stage, and how long they stayed."""
    with console.work(write=False) as work:
        chosen = pipeline_id or queries.default_pipeline(work)
        rows = queries.funnel(work, chosen, since.date() if since else None) if chosen else []
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return
    table = [
        (row.name, row.reached, _percent(row.conversion), row.current, row.lost, _number(row.median_days))
        for row in rows
    ]
    echo_table(("stage", "reached", "conversion", "now", "lost", "median days"), table)


@click.command("pipeline")
@click.option("--pipeline", "pipeline_id", type=int, help="Id of the pipeline; every one when left out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def pipeline(console: Any, pipeline_id: int | None, *, as_json: bool) -> None:
    """Show the open deals by stage and currency, weighted by their probability."""
    with console.work(write=False) as work:
        rows = queries.weighted_pipeline(work, pipeline_id)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2, default=str))
        return
    table = [(row.name, row.currency, row.deals, row.amount, row.weighted) for row in rows]
    echo_table(("stage", "currency", "deals", "amount", "weighted"), table)


@click.command("conversion")
@click.option("--by", type=click.Choice(sorted(leads.GROUPS)), default="source", show_default=True)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only leads received on this day or later.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Only leads received until this day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def conversion(
    console: Any, by: str, since: datetime | None, until: datetime | None, *, as_json: bool
) -> None:
    """Show how many leads became customers, by source, campaign or owner."""
    with console.work(write=False) as work:
        first, last = since.date() if since else None, until.date() if until else None
        rows = leads.conversion(work, by, first, last)
    if as_json:
        data = [{**asdict(row), "ratio": row.ratio} for row in rows]
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    table = [(row.name or "-", row.leads, row.converted, _percent(row.ratio)) for row in rows]
    echo_table((by, "leads", "converted", "conversion"), table)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


COMMANDS = (funnel, pipeline, conversion)
