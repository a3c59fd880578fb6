"""The inverted index: one document per record and set of fields, found by FTS5 on SQLite and by GIN on PostgreSQL.

A document's id holds its scope and its record, so that the newest of an entity come first without a look at anything
else. Tokens are handed over as they are: no tokenizer or dictionary of the database changes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DatabaseError

from crmframe.core.search.asking import Asked
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, JsonText

RECORD_BITS = 40
INDEX = "core_search_index"

scope = sa.Table(
    "core_search_scope",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("entity", sa.String(80), nullable=False),
    # Who may read all of them finds by the documents of the scope.
    sa.Column("fields", JsonText, nullable=False),
    info={"plugin": "core"},
    sqlite_autoincrement=True,
)

document = sa.Table(
    "core_search_document",
    METADATA,
    sa.Column("id", Id(), primary_key=True, autoincrement=False),
    # Tokens in order, a blank between two.
    sa.Column("doc", sa.Text, nullable=False),
    info={"plugin": "core"},
)

_FTS = sa.table(INDEX, sa.column("rowid", sa.BigInteger), sa.column(INDEX, sa.Text))
# Only PostgreSQL has this column; it makes it from the text.
_TOKENS = sa.literal_column(f"{document.name}.tokens", postgresql.TSVECTOR)
# A search is over before the server has its helpers at work.
_ALONE = sa.text("SET LOCAL max_parallel_workers_per_gather = 0")

# FTS5 keeps no text of its own: what it is to forget, it must be told.
_FORGET = sa.text(f"INSERT INTO {INDEX}({INDEX}, rowid, doc) VALUES ('delete', :id, :doc)")  # noqa: S608
_LEARN = sa.text(f"INSERT INTO {INDEX}(rowid, doc) VALUES (:id, :doc)")  # noqa: S608
_EXAMINE = sa.text(f"INSERT INTO {INDEX}({INDEX}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
_REBUILD = sa.text(f"INSERT INTO {INDEX}({INDEX}) VALUES ('rebuild')")  # noqa: S608


def first_id(scope_id: int) -> int:
    """Return the id below those of a scope's documents."""
    return scope_id << RECORD_BITS


def found_in(dialect: str, scope_id: int) -> tuple[Any, sa.ColumnElement[int], sa.ColumnElement[bool]]:
    """Return where documents of a scope are found, the records they are of, and the condition for what is asked.

    ``asked_values`` binds its parameter.
    """
    base = sa.literal_column(str(first_id(scope_id)), sa.BigInteger)
    end = sa.literal_column(str(first_id(scope_id + 1)), sa.BigInteger)
    asked = sa.bindparam("search_asked", type_=sa.Text)
    if dialect == "sqlite":
        where: Any = _FTS
        key, fits = _FTS.c.rowid, _FTS.c[INDEX].op("MATCH", is_comparison=True)(asked)
    else:
        key, where = document.c.id, document
        fits = _TOKENS.op("@@", is_comparison=True)(sa.cast(asked, postgresql.TSQUERY))
    return where, key - base, sa.and_(fits, key >= base, key < end)


def prepare(connection: sa.Connection) -> None:
    """Make the server ready for a search, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)


def newest_first(dialect: str) -> sa.ColumnElement[int]:
    """Return the order in which both indexes can be read without sorting what they found."""
    return (_FTS.c.rowid if dialect == "sqlite" else document.c.id).desc()


def asked_values(dialect: str, asked: Asked) -> dict[str, str]:
    """Return what ``found_in`` binds."""
    return {"search_asked": asked.fts5() if dialect == "sqlite" else asked.tsquery()}


def documents_of(connection: sa.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the documents with these ids."""
    rows = connection.execute(_DOCUMENTS, {"ids": list(ids)}) if ids else ()
    return {row.id: row.doc for row in rows}


def store(connection: sa.Connection, old: Mapping[int, str], new: Mapping[int, str]) -> None:
    """Replace the documents *old* by *new*; both hold only what differs."""
    if connection.dialect.name == "sqlite" and old:
        connection.execute(_FORGET, [{"id": i, "doc": doc} for i, doc in sorted(old.items())])
    if old:
        connection.execute(_DELETE, {"ids": sorted(old)})
    if new:
        rows = [{"id": i, "doc": doc} for i, doc in sorted(new.items())]
        connection.execute(sa.insert(document), rows)
        if connection.dialect.name == "sqlite":
            connection.execute(_LEARN, rows)


def is_sound(connection: sa.Connection) -> bool:
    """Return whether the index tells what the documents tell; asks for the right to write on SQLite."""
    if connection.dialect.name != "sqlite":
        return True  # the server keeps its index itself
    try:
        with connection.begin_nested():
            connection.execute(_EXAMINE)
    except DatabaseError:
        return False
    return True


def mend(connection: sa.Connection) -> None:
    """Make the index anew from the documents."""
    if connection.dialect.name == "sqlite":
        connection.execute(_REBUILD)


_DOCUMENTS = sa.select(document).where(in_set(document.c.id, "ids"))
_DELETE = sa.delete(document).where(in_set(document.c.id, "ids"))
