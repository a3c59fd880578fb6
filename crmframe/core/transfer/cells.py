"""From the cells of a chunk's rows to values by field: aliases, constants, days, links."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import msgspec

from crmframe.core.entities.kinds import ParseContext, ValueProblem
from crmframe.core.entities.numerals import read_number
from crmframe.core.errors import Problem
from crmframe.core.transfer.links import Links, Unresolved
from crmframe.core.transfer.plan import Column, Link, Plan
from crmframe.core.transfer.problems import problem
from crmframe.core.transfer.reading import FileRow
from crmframe.core.work import UnitOfWork

# Most rows have none: a container of their own for each would keep the garbage collector busy.
NOTHING: Mapping[str, Any] = MappingProxyType({})
NUMERIC = ("money", "decimal", "integer")

# How databases write that there is nothing; somebody whose name is Null keeps it, as names are required.
UNSAID = frozenset({"NULL", "\\N"})

# What only one record can have: the names of the fields, and their values.
Mark = tuple[tuple[str, ...], Any]

_HAN = re.compile("[\u3400-\u9fff]")
_BREAKS = re.compile(r"\s*[\r\n\t\v\f]\s*")
_DAY = re.compile(r"\s*(\d{1,2})[-/](\d{1,2})[-/](\d{4}|\d\d)(?!\d)(.*)", re.DOTALL)


class Item(msgspec.Struct, eq=False, gc=False):
    """A row on its way to a record; a struct that the garbage collector leaves alone, as there are so many.

    Attributes:
        values: By field name; what is absent is left alone or gets its default.
        inputs: What the import action is given.
        references: System to the external id of this record.
        key: The values of the match key; None when there is no key.
    """

    row: FileRow
    values: dict[str, Any] = {}
    inputs: Mapping[str, Any] = NOTHING
    references: Mapping[str, str] = NOTHING
    key: tuple[Any, ...] | None = None
    record_id: int | None = None
    marks: AbstractSet[Mark] = frozenset()
    problems: tuple[Problem, ...] = ()

    def add(self, *problems: Problem) -> None:
        """Note what is wrong with the row."""
        self.problems = (*self.problems, *problems)


def items_of(work: UnitOfWork, plan: Plan, rows: Sequence[FileRow], links: Links) -> list[Item]:
    """Return the rows of a chunk as items; what is wrong with a row is in its ``problems``."""
    items = [Item(row) for row in rows]
    width = len(plan.headers)
    for item in items:
        if any(item.row.cells[width:]):
            item.add(problem("too_many_cells", cells=len(item.row.cells), headers=width))
    for column in plan.columns:
        _fill(work, plan, column, items, links)
    if plan.keys:
        context = work.parse_context()
        for item in items:
            item.key = _key(plan, item, context)
    return items


def _fill(work: UnitOfWork, plan: Plan, column: Column, items: Sequence[Item], links: Links) -> None:
    texts = _texts(column, items)
    found = links.resolve(work, column.link, set(texts) - {"", None}) if column.link else {}
    read, clears = _reader(work, plan, column), _clears(plan, column)
    plain = column.use == "value" and not column.link and read is None
    for item, text in zip(items, texts, strict=True):
        if text and plain:
            item.values[column.name] = text
        elif text:
            value = _linked(work, column, column.link, text, found, item) if column.link else text
            if value is not None:
                _put(item, column, value if read is None else _read(read, column, value, item))
        elif text == "" and clears:
            _put(item, column, None)


def _texts(column: Column, items: Sequence[Item]) -> list[Any]:
    """Return what the rows say in a column, None for those that end before it."""
    index = column.index
    texts: list[Any]
    if index >= 0 and not column.also and not column.aliases:
        # Most columns are so; a call for each of their cells would cost more than what it does.
        rows = [item.row.cells for item in items]
        texts = [cells[index].strip() if index < len(cells) else None for cells in rows]
    else:
        texts = [text_of(column, item.row.cells) for item in items]
    if not column.field.required and not UNSAID.isdisjoint(texts):
        texts = ["" if text in UNSAID else text for text in texts]
    if column.field.kind.name == "text" and column.use == "value":
        # A cell of several lines for a field of one: addresses come so.
        return [_BREAKS.sub(" ", t) if t and not t.isprintable() else t for t in texts]
    return texts


def _clears(plan: Plan, column: Column) -> bool:
    """Return whether an empty cell takes the value away; what must have one keeps it, or gets its default."""
    return plan.options.blanks == "clear" and column.use != "reference" and not column.field.required


def text_of(column: Column, cells: Sequence[str]) -> str | None:
    """Return what a row says in a column, None when it ends before it."""
    index = column.index
    if index < 0:
        text = column.constant
    elif index < len(cells):
        text = cells[index].strip()
    else:
        return None
    if column.also:
        text = joined([text, *(cells[i].strip() for i in column.also if i < len(cells))])
    return column.aliases.get(text, text) if column.aliases else text


def joined(parts: Sequence[str]) -> str:
    """Return the parts of a name as one, Chinese without blanks between."""
    present = [part for part in parts if part]
    return ("" if any(_HAN.search(part) for part in present) else " ").join(present)


def _linked(
    work: UnitOfWork, column: Column, link: Link, text: str, found: Mapping[str, Any], item: Item
) -> int | str | None:
    value = found[text]
    if isinstance(value, Unresolved):
        target = work.schema.entity(link.entity).label
        data = {"field": column.field.label, "target": target, "value": text[:80]}
        code = "ambiguous_link" if value.count else "unknown_link"
        item.add(problem(code, column.field.name, count=value.count, **data))
        return None
    return f"{link.entity}:{value}" if link.any else int(value)


def _put(item: Item, column: Column, value: Any) -> None:
    if column.use == "reference":
        item.references = {**item.references, column.name: value}
        return
    if column.use in ("value", "both"):
        item.values[column.name] = value
    if column.use in ("input", "both"):
        item.inputs = {**item.inputs, column.name: value}


def _reader(work: UnitOfWork, plan: Plan, column: Column) -> Callable[[Any], Any] | None:
    """Return what turns a cell into what the pipeline reads in one way; None when it does so by itself."""
    kind, context = column.field.kind, work.parse_context()
    if plan.options.decimal_comma and kind.name in NUMERIC:
        comma = replace(context, decimal_comma=True)
        return lambda value: kind.parse(read_number(value, comma, money=kind.name == "money"), comma)
    days = column.days
    if kind.name in ("json", "multi_choice"):
        return _from_json
    if column.use in ("input", "both"):
        # An action's model knows ISO; a field knows what people write.
        return lambda value: kind.parse(year_first(value, days) if days else value, context)
    return (lambda value: year_first(value, days)) if days else None


def _from_json(value: Any) -> Any:
    """Return what a cell holds as JSON, as an export writes what plain text could not tell apart."""
    try:
        data = json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return value
    return value if isinstance(data, str) else data  # the field reads quoted text by itself


def _read(read: Callable[[Any], Any], column: Column, value: Any, item: Item) -> Any:
    try:
        return read(value)
    except ValueProblem as error:
        data = {"field": column.field.label, **error.data}
        item.add(Problem(column.field.name, error.code, error.template, data))
        return None


def year_first(text: str, order: str) -> str:
    """Return a day written ``03/04/2025`` as 2025-04-03 or 2025-03-04; other text as it is."""
    found = _DAY.fullmatch(text)
    if not found:
        return text
    first, second, year, rest = found.groups()
    day, month = (first, second) if order == "dmy" else (second, first)
    century = "" if len(year) == 4 else ("20" if int(year) < 70 else "19")
    return f"{century}{year}-{int(month):02}-{int(day):02}{rest}"


def day_parts(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of a day that is not written year first, None for other text."""
    found = _DAY.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def _key(plan: Plan, item: Item, context: ParseContext) -> tuple[Any, ...] | None:
    values = []
    for column in plan.keys:
        if column.use == "reference":
            value = text_of(column, item.row.cells)
        else:
            value = _parsed_key(column, item, context)
        if value is None or value == "":
            item.add(problem("key_missing", column.field.name, field=column.field.label))
            return None
        values.append(value)
    return tuple(values)


def _parsed_key(column: Column, item: Item, context: ParseContext) -> Any:
    raw = item.values.get(column.name, None if column.field.writable else text_of(column, item.row.cells))
    try:
        return column.field.kind.parse(raw, context)
    except ValueProblem as error:
        data = {"field": column.field.label, **error.data}
        item.add(Problem(column.field.name, error.code, error.template, data))
        return None
