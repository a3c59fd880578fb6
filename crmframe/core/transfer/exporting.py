"""Exporting records as CSV or JSON lines, page by page, in flat memory; what comes out can be imported again."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from crmframe.core import records
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import Reference
from crmframe.core.records import rights
from crmframe.core.records.query import MAX_LIMIT, Query
from crmframe.core.transfer.defusing import defused
from crmframe.core.work import UnitOfWork

Format = Literal["csv", "jsonl"]
# What a spreadsheet may take for the number, day or id that it is. Everything else is text and defused.
SAFE = ("integer", "decimal", "money", "boolean", "date", "instant", "reference")
SEPARATORS = re.compile(r"[;,|；，、\n\[\"]")
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What an export looks like.

    Attributes:
        names: Linked records by name instead of id, for people and for other installations.
        mark: Begin a CSV file with a byte order mark, without which Excel does not see that it is UTF-8.
    """

    format: Format = "csv"
    names: bool = False
    mark: bool = False


def export(
    work: UnitOfWork,
    entity_name: str,
    query: Query,
    write: Callable[[str], object],
    options: ExportOptions | None = None,
) -> int:
    """Write the records that the actor may read, with the fields that the actor may read; returns how many.

    Args:
        query: Filter, order, columns; ``limit`` and pages do not count. By id when it names no order.
        write: Called with text, a page of records at a time.

    Raises:
        PermissionDenied: The actor may not read such records at all.
        InvalidFilter: A column, filter or order that does not exist or may not be read.
    """
    chosen = options or ExportOptions()
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "read")  # before the first line: names of fields tell something, too
    fields = rights.chosen(work, entity, query.columns) if query.columns else rights.readable(work, entity)
    # The id comes along as a cursor's key, and as what a re-import can match by.
    query = replace(query, columns=tuple(f.name for f in fields), order=query.order or ("id",))
    lines = _csv_pages if chosen.format == "csv" else _json_pages
    count = 0
    for text, rows in lines(work, fields, _pages(work, entity_name, query), chosen):
        write(text)
        count += rows
    return count


def _pages(work: UnitOfWork, entity_name: str, query: Query) -> Iterator[Sequence[Any]]:
    after: str | None = None
    while True:
        page = records.select(work, entity_name, replace(query, limit=MAX_LIMIT, after=after, page=None))
        yield page.rows
        after = page.next
        if after is None:
            return


def _csv_pages(
    work: UnitOfWork, fields: Sequence[Field], pages: Iterator[Sequence[Any]], options: ExportOptions
) -> Iterator[tuple[str, int]]:
    links = [_is_named(work, field, options) for field in fields]
    headers = [field.short_name if named else field.name for field, named in zip(fields, links, strict=True)]
    mark = BYTE_ORDER_MARK if options.mark else ""
    yield mark + _lines([[defused(header) for header in headers]]), 0
    for rows in pages:
        columns = [
            _cells(work, field, [row[i] for row in rows], named=links[i]) for i, field in enumerate(fields)
        ]
        yield _lines(list(zip(*columns, strict=True))), len(rows)


def _lines(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _cells(work: UnitOfWork, field: Field, values: Sequence[Any], *, named: bool) -> list[str]:
    to_text = field.kind.to_text
    if named:
        titles = _titles(work, field, values)
        return [defused(titles[v]) if v in titles else to_text(v) for v in values]
    if field.kind.name in SAFE:
        return [to_text(value) for value in values]
    if field.kind.name == "multi_choice":
        return [defused(_choices(field, value)) for value in values]
    return [defused(to_text(value)) for value in values]


def _choices(field: Field, value: Sequence[str] | None) -> str:
    """Return chosen values with separators between, or as JSON when one of them holds such a mark itself."""
    text = field.kind.to_text(value)
    return json.dumps(value, ensure_ascii=False) if value and SEPARATORS.search("".join(value)) else text


def _is_named(work: UnitOfWork, field: Field, options: ExportOptions) -> bool:
    if not options.names or not isinstance(field.kind, Reference):
        return False
    target = work.registry.entities.get(field.kind.entity)
    return (
        target is not None
        and target.title in target.fields
        and target.fields[target.title].kind.name == "text"
    )


def _titles(work: UnitOfWork, field: Field, values: Sequence[Any]) -> Mapping[Any, str]:
    assert isinstance(field.kind, Reference)
    return records.titles(work, field.kind.entity, {value for value in values if value is not None})


def _json_pages(
    work: UnitOfWork, fields: Sequence[Field], pages: Iterator[Sequence[Any]], options: ExportOptions
) -> Iterator[tuple[str, int]]:
    links = [_is_named(work, field, options) for field in fields]
    for rows in pages:
        titles = [
            _titles(work, field, [row[i] for row in rows]) if links[i] else None
            for i, field in enumerate(fields)
        ]
        lines = [json.dumps(_json_record(fields, titles, row), ensure_ascii=False) for row in rows]
        yield "".join(f"{line}\n" for line in lines), len(rows)


def _json_record(
    fields: Sequence[Field], titles: Sequence[Mapping[Any, str] | None], row: Sequence[Any]
) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for field, names, value in zip(fields, titles, row, strict=True):
        if names is None:
            record[field.name] = field.kind.to_json(value)
        else:
            record[field.short_name] = names.get(value, value)
    return record
