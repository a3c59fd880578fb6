"""Files and applications for the tests of imports and exports."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core.storage.metadata import METADATA
from crmframe.core.transfer import ImportOptions, Report, import_file

STAMPS = ("version", "created_at", "created_by", "updated_at", "updated_by")
JOURNAL = ("core_operation", "core_commit", "core_change", "core_event", "core_epoch", "core_reference")

Load = Callable[..., Report]


@pytest.fixture
def load(application: Application) -> Load:
    """Give ``load(text_or_bytes, entity="core.customer", **options)``, which imports what a file would hold."""
    return loader(application)


def loader(application: Application) -> Load:
    def load(text: str | bytes, entity: str = "core.customer", **options: Any) -> Report:
        data = text.encode() if isinstance(text, str) else text
        return import_file(application, None, io.BytesIO(data), entity, ImportOptions(**options))

    return load


def snapshot(application: Application, *, without: tuple[str, ...] = ()) -> dict[str, list[tuple[str, ...]]]:
    """Return every row of every table that is not the journal's."""
    found = {}
    with application.database.read() as connection:
        present = set(sa.inspect(connection).get_table_names())
        for table in METADATA.sorted_tables:
            if (
                table.name in present
                and table.name not in (*JOURNAL, "core_search_pending")
                and "id" in table.c
            ):
                columns = [c for c in table.c if c.name not in without]
                rows = connection.execute(sa.select(*columns).order_by(table.c.id))
                found[table.name] = [tuple(map(str, row)) for row in rows]
    return found


def column(application: Application, name: str, entity: str = "core.customer") -> list[Any]:
    """Return a column of an entity's table, by id."""
    table = application.registry.entity(entity).table
    with application.database.read() as connection:
        return list(connection.scalars(sa.select(table.c[name]).order_by(table.c.id)))
