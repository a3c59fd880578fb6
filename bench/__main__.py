"""``python -m bench``: build a base by the import, measure, print the table, keep it in bench/results."""

from __future__ import annotations

import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from bench.activities import activities
from bench.base import built
from bench.figures import Figure, table
from bench.reads import reads
from bench.searching import searching
from bench.selling import selling
from bench.startup import startup
from bench.writes import writes

RESULTS = Path(__file__).parent / "results"


@click.command()
@click.option("--customers", default=1_000_000, show_default=True)
@click.option("--deals", default=300_000, show_default=True)
@click.option("--database", default="", help="A PostgreSQL URL; default: an SQLite file.")
@click.option("--name", default="sqlite", show_default=True, help="Of the result file.")
@click.option("--folder", default="", help="An empty folder for the base; default: a temporary one.")
def main(customers: int, deals: int, database: str, name: str, folder: str) -> None:
    """Measure ours against floors in the same run."""
    with tempfile.TemporaryDirectory(prefix="crmframe-bench-") as temporary:
        place = Path(folder or temporary)
        url = database or f"sqlite:///{place / 'bench.db'}"
        click.echo(f"Building {customers:,} customers and {deals:,} deals ...")
        figures: list[Figure] = []
        with built(place, url, customers, deals) as base:
            for measure in (reads, searching, activities, selling, writes, startup):
                for figure in measure(base):
                    figures.append(figure)
                    click.echo(
                        f"  {figure.name}: {figure.ours} (floor {figure.floor}, target {figure.target})"
                    )
    shown = table(figures)
    click.echo("\n" + shown)
    RESULTS.mkdir(exist_ok=True)
    day = datetime.now(UTC).date().isoformat()
    head = f"# {name}: {customers:,} customers, {deals:,} deals\n\n{day}, {platform.machine()}, Python {platform.python_version()}. "
    head += "Medians of at least five; trust the ratios, not the absolute figures.\n\n"
    (RESULTS / f"{name}.md").write_text(head + shown + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
