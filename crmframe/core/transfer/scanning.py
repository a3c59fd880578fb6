"""What must be known of the whole file before its first row is written: how days are written, which rows come first."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace

from crmframe.core.transfer.cells import day_parts, text_of
from crmframe.core.transfer.links import NAMING
from crmframe.core.transfer.plan import Column, Plan
from crmframe.core.transfer.reading import FileRow, Table

IN_TIME = ("date", "instant")


def with_days(plan: Plan, table: Table) -> Plan:
    """Return the plan with every column's order of day and month decided, by the column as a whole.

    A column with a 25 in front has days in front. One that does not tell is read as the options say; when they say
    nothing either, each such cell is refused as ambiguous.
    """
    columns = [c for c in (*plan.columns, *plan.keys) if c.index >= 0 and c.field.kind.name in IN_TIME]
    if not columns:
        return plan
    seen = _seen_days(columns, table)
    decided = {column.index: _order(*seen[column.index], plan.options.days) for column in columns}
    return replace(
        plan,
        columns=[replace(c, days=decided.get(c.index, "")) for c in plan.columns],
        keys=[replace(c, days=decided.get(c.index, "")) for c in plan.keys],
    )


def _seen_days(columns: list[Column], table: Table) -> dict[int, tuple[int, int]]:
    """Return the largest first and second number of each column's days."""
    largest = {column.index: (0, 0) for column in columns}
    for row in table.rows():
        for column in columns:
            text = text_of(column, row.cells) or ""
            # Year first, as most programs write it, costs no more than this look.
            parts = None if text[:4].isdigit() else day_parts(text)
            if parts:
                first, second = largest[column.index]
                largest[column.index] = (max(first, parts[0]), max(second, parts[1]))
    return largest


def _order(first: int, second: int, told: str) -> str:
    if first > 12 and second > 12:
        return ""
    if first > 12 or second > 12:
        return "dmy" if first > 12 else "mdy"
    return told


class Rounds:
    """The order in which rows must be written so that a parent is there before what hangs on it.

    Rows that others name go first, level by level; all other rows come in the last round. Only the names of such
    parents are kept in memory. The order follows from the file alone, so an import that goes on finds the same.
    """

    def __init__(self, plan: Plan, table: Table) -> None:
        self._parents = plan.parents
        self._names = _naming(plan)
        self._levels: Mapping[str, int] = {}
        self.last = 0
        wanted = {p for row in table.rows() for p in self._parents_of(row)} if self._parents else set()
        if wanted:
            self._levels = _levels(self._graph(wanted, table))
            self.last = 1 + max(self._levels.values(), default=-1)

    def round_of(self, row: FileRow) -> int:
        """Return in which round a row is written."""
        if not self._levels:
            return 0
        levels = [self._levels[name] for name in self._named(row) if name in self._levels]
        return max(levels, default=self.last)

    def _graph(self, wanted: set[str], table: Table) -> dict[str, set[str]]:
        graph: dict[str, set[str]] = {}
        for row in table.rows():
            for name in self._named(row):
                if name in wanted:
                    graph.setdefault(name, set()).update(self._parents_of(row))
        return graph

    def _parents_of(self, row: FileRow) -> Iterator[str]:
        yield from _texts(self._parents, row)

    def _named(self, row: FileRow) -> Iterator[str]:
        yield from _texts(self._names, row)


def _naming(plan: Plan) -> list[Column]:
    """Return the columns by whose values another row can name this one."""
    entity = plan.entity
    names = [c for c in (*plan.columns, *plan.keys) if c.index >= 0 and c.link is None]
    return [
        c
        for c in names
        if c.use == "reference"
        or (c.field.kind.name in NAMING and (c.field.unique or c.field.name == entity.title))
    ]


def _texts(columns: list[Column], row: FileRow) -> Iterator[str]:
    for column in columns:
        text = text_of(column, row.cells)
        if text:
            yield unicodedata.normalize("NFC", text)


def _levels(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """Return how deep each name lies below the top; names in a circle are left out."""
    levels: dict[str, int] = {}
    open_names = {name: parents & graph.keys() for name, parents in graph.items()}
    level = 0
    while open_names:
        ready = [name for name, parents in open_names.items() if parents <= levels.keys()]
        if not ready:
            break
        levels |= dict.fromkeys(ready, level)
        for name in ready:
            del open_names[name]
        level += 1
    return levels
