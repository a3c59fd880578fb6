"""A list as a CSV file: what the URL filters, every readable field, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.records import Query
from crmframe.core.search.searching import narrowed_by
from crmframe.core.transfer.defusing import defused_unless_number
from crmframe.web.pages import listing, lookup
from crmframe.web.pages.view import view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

CHUNK = 1000
MOST = 100_000


def export(call: Call, work: UnitOfWork) -> Reply:
    """Answer with the list as CSV, the first 100,000 records."""
    view, entity = view_of(call, work), entity_at(call, work)
    pairs = [pair for pair in call.query if pair[0] not in listing.OWN]
    where = listing.where_of(work, entity, pairs)
    matching = narrowed_by(work, entity, call.parameter("q"))
    query = Query(where=where, order=("id",), limit=CHUNK, as_of=listing.moment_of(view), matching=matching)
    # An exported file says which encoding it is in, or spreadsheets read Chinese wrong.
    text = "\ufeff" + "".join(_lines(work, entity.name, query))
    name = f"{entity.slug}-{work.today.isoformat()}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Reply(text.encode(), headers=headers, media_type="text/csv; charset=utf-8")


def _lines(work: UnitOfWork, name: str, query: Query) -> Iterator[str]:
    schema = work.schema
    entity, count = schema.entity(name), 0
    while True:
        page = records.select(work, name, query)
        fields = [schema.fields(entity)[column] for column in page.columns]
        titles = lookup.titles_of(work, lookup.wanted_of(fields, page.records()))
        rows: list[list[str]] = [
            [_cell(f, v, titles) for f, v in zip(fields, row, strict=True)] for row in page.rows
        ]
        yield _csv(([[field.name for field in fields]] if not count else []) + rows)
        count += len(rows)
        if page.next is None or count >= MOST:
            return
        query = replace(query, after=page.next)


def _cell(field: Any, value: Any, titles: lookup.Titles) -> str:
    if value is None:
        return ""
    if field.kind.name == "reference":
        title = titles.get(field.kind.entity, {}).get(value)
        return defused_unless_number(title) if title else str(value)
    return defused_unless_number(field.kind.to_text(value))


def _csv(rows: list[list[str]]) -> str:
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue()
