"""SQL that means the same on SQLite and PostgreSQL.

Each construct compiles to what the database at hand understands; values are always named parameters.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

from crmframe.core.storage.constructs import Condition, converter, operands
from crmframe.core.storage.json_sql import json_has, json_value, rows_from_json

__all__ = [
    "Lock",
    "contains",
    "fold",
    "in_set",
    "json_has",
    "json_value",
    "lock_rows",
    "not_in_set",
    "register_functions",
    "rows_from_json",
    "starts_with",
]

S = TypeVar("S", bound=sa.Select[Any])

# The first PostgreSQL that folds case without ICU or the locale of the machine.
FOLDING_SERVER = (17,)


# --- functions that SQLite lacks ----------------------------------------------------------------------


def register_functions(connection: sqlite3.Connection) -> None:
    """Give a SQLite connection the functions that the constructs of this module use."""
    connection.create_function("crm_lower", 1, fold, deterministic=True)


def fold(text: str | None) -> str | None:
    """Return *text* in lower case, character by character, as PostgreSQL does it."""
    if text is None or text.isascii():
        return text and text.lower()
    # Python alone knows that these two depend on their neighbors or become two characters.
    return text.replace("İ", "i").replace("Σ", "σ").lower()


# --- sets ---------------------------------------------------------------------------------------------


class SetOf(TypeDecorator[Sequence[Any]]):
    """Many values as one parameter: a JSON array on SQLite, an array on PostgreSQL."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.ARRAY(self.item))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value if value is None else list(value)
        convert = converter(self.item, dialect)
        return json.dumps([convert(item) for item in value] if convert else list(value), ensure_ascii=False)


class _InSet(Condition):
    inherit_cache = True


class _NotInSet(Condition):
    inherit_cache = True


def in_set(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether *column* is in the list bound to *name*: one parameter, however many values."""
    return _InSet(column, sa.bindparam(name, type_=SetOf(column.type)))


def not_in_set(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether *column* has a value outside the list bound to *name*; null is in no list and in no rest."""
    return _NotInSet(column, sa.bindparam(name, type_=SetOf(column.type)))


@compiles(_InSet)
def _in_set(element: _InSet, compiler: SQLCompiler, **options: Any) -> str:
    column, values = operands(element, compiler, options)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - operands are compiled SQL


@compiles(_InSet, "postgresql")
def _in_set_postgresql(element: _InSet, compiler: SQLCompiler, **options: Any) -> str:
    column, values = operands(element, compiler, options)
    return f"({column} = ANY ({values}))"


@compiles(_NotInSet)
def _not_in_set(element: _NotInSet, compiler: SQLCompiler, **options: Any) -> str:
    column, values = operands(element, compiler, options)
    return f"({column} NOT IN (SELECT value FROM json_each({values})))"  # noqa: S608 - operands are compiled SQL


@compiles(_NotInSet, "postgresql")
def _not_in_set_postgresql(element: _NotInSet, compiler: SQLCompiler, **options: Any) -> str:
    column, values = operands(element, compiler, options)
    return f"({column} <> ALL ({values}))"


# --- text ---------------------------------------------------------------------------------------------


class Pattern(TypeDecorator[str]):
    """A needle bound as the LIKE pattern that finds it literally, in any case."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, before: str, after: str) -> None:
        super().__init__()
        self.before, self.after = before, after

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"{self.before}{fold(escaped)}{self.after}"


class _Like(Condition):
    inherit_cache = True


def contains(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether *column* contains the text bound to *name*, whatever its case, in any alphabet."""
    return _Like(column, sa.bindparam(name, type_=Pattern("%", "%")))


def starts_with(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether *column* starts with the text bound to *name*, whatever its case."""
    return _Like(column, sa.bindparam(name, type_=Pattern("", "%")))


@compiles(_Like)
def _like(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = operands(element, compiler, options)
    return f"(crm_lower({column}) LIKE {pattern} ESCAPE '\\')"


@compiles(_Like, "postgresql")
def _like_postgresql(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = operands(element, compiler, options)
    version = getattr(compiler.dialect, "server_version_info", None)
    if version is None or version >= FOLDING_SERVER:
        folded = f'lower(({column}) COLLATE "pg_c_utf8")'
    else:
        # ICU, too, looks at the neighbors of a sigma.
        folded = f"lower(translate({column}, 'İΣ', 'iσ') COLLATE \"und-x-icu\")"
    return f"({folded} LIKE {pattern} ESCAPE '\\')"


# --- locks --------------------------------------------------------------------------------------------


# What others may still do with a locked row. Weaker locks let more pass and so deadlock less: a record that somebody
# refers to may be changed meanwhile, but not removed.
Lock = Literal["refer", "change", "remove"]
_STRENGTHS: dict[Lock, dict[str, bool]] = {
    "refer": {"read": True, "key_share": True},
    "change": {"key_share": True},
    "remove": {},
}


def lock_rows(statement: S, of: Any = None, *, to: Lock = "remove") -> S:
    """Return the select so that its rows stay as they are until the transaction ends.

    SQLite renders nothing: whoever writes there holds the whole database.

    Args:
        of: The table to lock when the statement joins others.
        to: What the lock is for: to refer to the rows, to change them (but no unique value), or to remove them (or
            change a unique value).
    """
    return statement.with_for_update(of=of, **_STRENGTHS[to])
