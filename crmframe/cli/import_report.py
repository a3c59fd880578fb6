"""Printing an import: row by row while it runs, and the sum of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from crmframe.cli import output, texts
from crmframe.core.transfer import Outcome, Report
from crmframe.core.transfer.outcome import KINDS

if TYPE_CHECKING:
    from crmframe.cli.console import Console
    from crmframe.core.entities.field import Field

MOST_REFUSED = 20
SIGNS = {"created": "+", "updated": "~", "refused": "!"}


class ImportPrinter:
    """Prints what becomes of rows: all that would change in a rehearsal, else only the first that are refused."""

    def __init__(self, console: Console, fields: Mapping[str, Field], *, is_rehearsal: bool) -> None:
        self._console = console
        self._fields = fields
        self._is_rehearsal = is_rehearsal
        self._refused = 0

    def print_rows(self, report: Report, outcomes: Sequence[Outcome]) -> None:
        """Print the rows of a chunk, and how far it is, for people who watch."""
        for outcome in outcomes:
            self._refused += outcome.kind == "refused"
            if outcome.kind in SIGNS and (self._is_rehearsal or self._is_told(outcome)):
                self._print(outcome)
        if not self._is_rehearsal and sys.stderr.isatty():
            click.echo(f"\r{report.rows}", nl=False, err=True)

    def _is_told(self, outcome: Outcome) -> bool:
        return outcome.kind == "refused" and self._refused <= MOST_REFUSED

    def _print(self, outcome: Outcome) -> None:
        problems = [texts.message(self._console, problem) for problem in outcome.problems]
        if self._console.as_json:
            self._console.data(
                {
                    "row": outcome.row,
                    "kind": outcome.kind,
                    "id": outcome.record_id,
                    "values": {name: self._json(name, value) for name, value in outcome.values.items()},
                    "changes": {n: [self._json(n, v) for v in pair] for n, pair in outcome.changes.items()},
                    "problems": problems,
                }
            )
            return
        told = problems or [*self._values(outcome), *self._changes(outcome)]
        number = "" if outcome.kind == "created" or outcome.record_id is None else f" ({outcome.record_id})"
        click.echo(output.cell_text(f"{SIGNS[outcome.kind]} {outcome.row}{number}: {'; '.join(told)}"))

    def _values(self, outcome: Outcome) -> list[str]:
        return [
            f"{name}={self._text(name, value)}" for name, value in outcome.values.items() if value is not None
        ]

    def _changes(self, outcome: Outcome) -> list[str]:
        pairs = outcome.changes.items()
        return [f"{n}: {self._text(n, was) or '-'} → {self._text(n, now) or '-'}" for n, (was, now) in pairs]

    def _text(self, name: str, value: Any) -> str:
        field = self._fields.get(name)
        return field.kind.to_text(value) if field else str(value)

    def _json(self, name: str, value: Any) -> Any:
        field = self._fields.get(name)
        return field.kind.to_json(value) if field and value is not None else value

    def print_sum(self, report: Report) -> None:
        """Print the sums, what is left out, and how to take it back."""
        if self._console.as_json:
            self._console.data(_sum_of(report))
            return
        say = self._console.say
        if self._refused > MOST_REFUSED and not self._is_rehearsal:
            say("… and {count} more rows are refused.", count=self._refused - MOST_REFUSED)
        for ignored in report.ignored:
            reason = self._console.text(ignored.reason)
            say("Column {column} is left out: {reason}", column=ignored.header, reason=reason)
        counts = {kind: report.counts[kind] for kind in KINDS}
        template = "{created} created, {updated} changed, {unchanged} unchanged, {skipped} skipped, {refused} refused."
        say(template, **counts)
        if report.mend:
            say("The refused rows are in {file}. Mend it and import it.", file=report.mend)
        if report.dry_run:
            say("Nothing was written.")
        elif report.operation_id is not None:
            say("Take it back with: crmframe undo {id}", id=report.operation_id)


def _sum_of(report: Report) -> dict[str, Any]:
    return {
        "operation_id": report.operation_id,
        "counts": {kind: report.counts[kind] for kind in KINDS},
        "problems": [
            {"field": field, "code": code, "count": count}
            for (field, code), count in sorted(report.problems.items())
        ],
        "ignored": [each.header for each in report.ignored],
        "mend": report.mend,
        "dry_run": report.dry_run,
    }
