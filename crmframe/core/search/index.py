"""The inverted index: one document per record and set of fields, found by FTS5 on SQLite and by GIN on PostgreSQL.

A document's id holds its scope and its record, so that the newest of an entity come first without a look at anything
else. Tokens are handed over as they are: no tokenizer or dictionary of the database changes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DatabaseError

from crmframe.core.search.asking import Asked
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, JsonText

RECORD_BITS = 40
INDEX = "core_search_index"
# Of a scope at most so many candidates; so many are enough to look no further; among so many of the newest.
MOST, PLENTY, WINDOW = 200, 100, 4_000

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
# Only PostgreSQL has this column; it makes it from the text, each token with its scope in front.
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


class Lookup(NamedTuple):
    """How the documents of a scope are looked up.

    Attributes:
        fits: The condition for what is asked; ``asked_values`` binds its parameter.
        newest: The order in which both databases read it without sorting, once ``inside`` holds, too.
    """

    source: Any
    record: sa.ColumnElement[int]
    fits: sa.ColumnElement[bool]
    inside: sa.ColumnElement[bool]
    newest: sa.ColumnElement[int]


def lookup(dialect: str, scope_id: int) -> Lookup:
    """Return how what fits is looked up among the documents of a scope."""
    key = _FTS.c.rowid if dialect == "sqlite" else document.c.id
    base = sa.literal_column(str(first_id(scope_id)), sa.BigInteger)
    inside = sa.and_(key >= base, key < sa.literal_column(str(first_id(scope_id + 1)), sa.BigInteger))
    if dialect == "sqlite":
        asked = sa.bindparam("search_asked", type_=sa.Text)
        fits = sa.and_(_FTS.c[INDEX].op("MATCH", is_comparison=True)(asked), inside)
        return Lookup(_FTS, key - base, fits, inside, key.desc())
    return Lookup(document, key - base, _fits(_TOKENS, scope_id), inside, key.desc())


def candidates(dialect: str, scopes: Sequence[int]) -> sa.CompoundSelect[Any]:
    """Return the select of (scope, record): of each scope some of the newest that fit.

    Of a scope that gave ``PLENTY`` or more there may be others.
    """
    if dialect == "sqlite":
        return sa.union_all(*(_of(each, _ordered(lookup(dialect, each))) for each in scopes))
    # PostgreSQL's index cannot be read in an order. What fits often is found among the newest documents, whose tokens
    # are looked at one by one; only what fits rarely is worth to be asked of the index, and sorted.
    near = sa.union_all(*(_of(each, _near(each)) for each in scopes)).cte("near")
    rare = []
    for each in scopes:
        plenty = sa.select(sa.func.count()).select_from(near).where(near.c.scope == each).scalar_subquery()
        rare.append(_of(each, _sorted(lookup(dialect, each))).where(plenty < PLENTY))
    return sa.union_all(sa.select(near), *rare)


def _of(scope_id: int, found: sa.Select[Any]) -> sa.Select[Any]:
    part = found.limit(MOST).subquery()
    return sa.select(sa.literal_column(str(scope_id), sa.Integer).label("scope"), part.c.record)


def _ordered(look: Lookup) -> sa.Select[Any]:
    return sa.select(look.record.label("record")).where(look.fits).order_by(look.newest)


def _sorted(look: Lookup) -> sa.Select[Any]:
    """Return the same in an order that no index has, lest the server walks through documents to avoid sorting."""
    return sa.select(look.record.label("record")).where(look.fits).order_by(look.record.desc())


def _near(scope_id: int) -> sa.Select[Any]:
    look = lookup("postgresql", scope_id)
    newest = sa.select(look.record.label("record"), _TOKENS.label("tokens")).where(look.inside)
    window = newest.order_by(look.newest).limit(WINDOW).subquery()
    return sa.select(window.c.record).where(_fits(window.c.tokens, scope_id))


def _fits(tokens: sa.ColumnElement[Any], scope_id: int) -> sa.ColumnElement[bool]:
    asked = sa.bindparam(f"search_asked_{scope_id}", type_=sa.Text)
    return tokens.op("@@", is_comparison=True)(sa.cast(asked, postgresql.TSQUERY))


def asked_values(dialect: str, asked: Asked, scopes: Sequence[int]) -> dict[str, str]:
    """Return what the selects of these scopes bind."""
    if dialect == "sqlite":
        return {"search_asked": asked.fts5()}
    # PostgreSQL's tokens begin with their scope.
    return {f"search_asked_{each}": asked.tsquery(f"{each}:") for each in scopes}


def prepare(connection: sa.Connection) -> None:
    """Make the server ready for a search, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE)


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
