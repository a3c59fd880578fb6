"""SQL that means the same on SQLite and PostgreSQL.

Each construct compiles to what the database at hand understands; values are always named parameters.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from crmframe.core.storage.types import Instant as InstantType
from crmframe.core.storage.types import JsonText, Scaled, instant_text

S = TypeVar("S", bound=sa.Select[Any])

# The first PostgreSQL that folds case without ICU or the locale of the machine.
FOLDING_SERVER = (17,)
_KEY = re.compile(r"[A-Za-z0-9_]+")


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
        convert = _converter(self.item, dialect)
        return json.dumps([convert(item) for item in value] if convert else list(value), ensure_ascii=False)


class _Condition(FunctionElement[bool]):
    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Return the condition as it is: on SQLite a ``= 1`` behind it would hide the column from its index."""
        return self


class _InSet(_Condition):
    inherit_cache = True


class _NotInSet(_Condition):
    inherit_cache = True


def in_set(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether *column* is in the list bound to *name*: one parameter, however many values."""
    return _InSet(column, sa.bindparam(name, type_=SetOf(column.type)))


def not_in_set(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether *column* has a value outside the list bound to *name*; null is in no list and in no rest."""
    return _NotInSet(column, sa.bindparam(name, type_=SetOf(column.type)))


@compiles(_InSet)
def _in_set(element: _InSet, compiler: SQLCompiler, **options: Any) -> str:
    column, values = _operands(element, compiler, options)
    return f"({column} IN (SELECT value FROM json_each({values})))"  # noqa: S608 - operands are compiled SQL


@compiles(_InSet, "postgresql")
def _in_set_postgresql(element: _InSet, compiler: SQLCompiler, **options: Any) -> str:
    column, values = _operands(element, compiler, options)
    return f"({column} = ANY ({values}))"


@compiles(_NotInSet)
def _not_in_set(element: _NotInSet, compiler: SQLCompiler, **options: Any) -> str:
    column, values = _operands(element, compiler, options)
    return f"({column} NOT IN (SELECT value FROM json_each({values})))"  # noqa: S608 - operands are compiled SQL


@compiles(_NotInSet, "postgresql")
def _not_in_set_postgresql(element: _NotInSet, compiler: SQLCompiler, **options: Any) -> str:
    column, values = _operands(element, compiler, options)
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


class _Like(_Condition):
    inherit_cache = True


def contains(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether *column* contains the text bound to *name*, whatever its case, in any alphabet."""
    return _Like(column, sa.bindparam(name, type_=Pattern("%", "%")))


def starts_with(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether *column* starts with the text bound to *name*, whatever its case."""
    return _Like(column, sa.bindparam(name, type_=Pattern("", "%")))


@compiles(_Like)
def _like(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = _operands(element, compiler, options)
    return f"(crm_lower({column}) LIKE {pattern} ESCAPE '\\')"


@compiles(_Like, "postgresql")
def _like_postgresql(element: _Like, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = _operands(element, compiler, options)
    version = getattr(compiler.dialect, "server_version_info", None)
    if version is None or version >= FOLDING_SERVER:
        folded = f'lower(({column}) COLLATE "pg_c_utf8")'
    else:
        # ICU, too, looks at the neighbors of a sigma.
        folded = f"lower(translate({column}, 'İΣ', 'iσ') COLLATE \"und-x-icu\")"
    return f"({folded} LIKE {pattern} ESCAPE '\\')"


# --- JSON ---------------------------------------------------------------------------------------------


class _JsonHas(_Condition):
    inherit_cache = True


def json_has(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether the JSON array of texts in *column* holds the text bound to *name*."""
    return _JsonHas(column, sa.bindparam(name, type_=sa.Text()))


@compiles(_JsonHas)
def _json_has(element: _JsonHas, compiler: SQLCompiler, **options: Any) -> str:
    column, value = _operands(element, compiler, options)
    return f"({value} IN (SELECT value FROM json_each({column})))"  # noqa: S608 - operands are compiled SQL


@compiles(_JsonHas, "postgresql")
def _json_has_postgresql(element: _JsonHas, compiler: SQLCompiler, **options: Any) -> str:
    column, value = _operands(element, compiler, options)
    return f"jsonb_exists(CAST({column} AS jsonb), {value})"


class InstantText(TypeDecorator[datetime]):
    """An instant inside JSON: fixed-width text in UTC on both databases, which sorts as time does."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class DateText(TypeDecorator[date]):
    """A day inside JSON, as ISO text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class _Extract(FunctionElement[Any]):
    """A member of a JSON text or value: where it is, and PostgreSQL's name of its type."""

    inherit_cache = True


class _ExtractScaled(FunctionElement[Any]):
    """A decimal written with a fixed number of places: without its point it is the scaled integer."""

    inherit_cache = True


@compiles(_Extract)
def _extract(element: _Extract, compiler: SQLCompiler, **options: Any) -> str:
    column, place, _ = _operands(element, compiler, options)
    return f"json_extract({column}, {_path(place)})"


@compiles(_Extract, "postgresql")
def _extract_postgresql(element: _Extract, compiler: SQLCompiler, **options: Any) -> str:
    column, place, name = _operands(element, compiler, options)
    member = f"CAST({column} AS jsonb) ->> {place}"
    # By bytes, as SQLite compares; and a cast to text would not fit an index.
    return f'(({member}) COLLATE "C")' if name == "text" else f"(CAST({member} AS {name}))"


@compiles(_ExtractScaled)
def _extract_scaled(element: _ExtractScaled, compiler: SQLCompiler, **options: Any) -> str:
    column, place = _operands(element, compiler, options)
    return f"CAST(replace(json_extract({column}, {_path(place)}), '.', '') AS INTEGER)"


@compiles(_ExtractScaled, "postgresql")
def _extract_scaled_postgresql(element: _ExtractScaled, compiler: SQLCompiler, **options: Any) -> str:
    column, place = _operands(element, compiler, options)
    return f"(CAST(replace(CAST({column} AS jsonb) ->> {place}, '.', '') AS bigint))"


def _path(place: str) -> str:
    return f"'$.\"{place[1:-1]}\"'" if place.startswith("'") else f"'$[{place}]'"


_BY_NAME: Mapping[str, Callable[[], TypeEngine[Any]]] = {
    "integer": sa.BigInteger,
    "reference": sa.BigInteger,
    "boolean": sa.Boolean,
    "date": sa.Date,
    "instant": InstantType,
    "multi_choice": JsonText,
    "json": JsonText,
}


def json_value(column: sa.ColumnElement[Any], key: str, kind: TypeEngine[Any] | str) -> sa.ColumnElement[Any]:
    """Return the member *key* of the JSON text in *column*, typed; the expression can be indexed on both databases.

    Args:
        key: Letters, digits and underscores; it becomes part of the SQL, as an index on it needs.
        kind: The column type that the field would have, or the name of its kind. Decimals need the type:
            only that knows their places.
    """
    if not _KEY.fullmatch(key):
        raise TypeError(f"{key!r} cannot be a key: use letters, digits and underscores.")
    type_ = _BY_NAME.get(kind, sa.Text)() if isinstance(kind, str) else kind
    place: sa.ColumnElement[Any] = sa.literal_column(f"'{key}'")
    if kind in ("decimal", "money"):
        raise TypeError(f"{key}: give the column type instead of {kind!r}.")
    if isinstance(type_, Scaled):
        return sa.type_coerce(_ExtractScaled(column, place), type_)
    return sa.type_coerce(_Extract(column, place, sa.literal_column(_name_in_json(type_))), _in_json(type_))


def _name_in_json(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, sa.Boolean):
        return "boolean"
    return "bigint" if isinstance(type_, sa.Integer) else "text"


def _in_json(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    if isinstance(type_, InstantType):
        return InstantText()
    return DateText() if isinstance(type_, sa.Date) else type_


# --- rows as one parameter ----------------------------------------------------------------------------


class RowsOf(TypeDecorator[Sequence[Sequence[Any]]]):
    """Rows as one parameter: a JSON array of arrays."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, types: tuple[TypeEngine[Any], ...]) -> None:
        super().__init__()
        self.types = types

    def process_bind_param(self, value: Sequence[Sequence[Any]] | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        converters = [_converter(type_, dialect) for type_ in self.types]
        rows = [
            [convert(cell) if convert else cell for convert, cell in zip(converters, row, strict=True)]
            for row in value
        ]
        return json.dumps(rows, ensure_ascii=False, default=str)


class _JsonRows(FunctionElement[Any]):
    inherit_cache = True


@compiles(_JsonRows)
def _json_rows(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    (rows,) = _operands(element, compiler, options)
    return f"json_each({rows})"


@compiles(_JsonRows, "postgresql")
def _json_rows_postgresql(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    (rows,) = _operands(element, compiler, options)
    return f"jsonb_array_elements(CAST({rows} AS jsonb))"


def rows_from_json(name: str, columns: Mapping[str, TypeEngine[Any]]) -> sa.Subquery:
    """Return a table made of the rows bound to *name*.

    Args:
        name: The parameter: a list of rows, each a list of values in the order of *columns*.
        columns: The type of each column.
    """
    rows = _JsonRows(sa.bindparam(name, type_=RowsOf(tuple(columns.values()))))
    each = rows.table_valued(sa.column("value", sa.Text()), name=f"{name}_json")
    cells = [
        sa.type_coerce(
            _Extract(each.c.value, sa.literal_column(str(i)), sa.literal_column(_server_type(type_))), type_
        )
        for i, type_ in enumerate(columns.values())
    ]
    return sa.select(*(cell.label(label) for cell, label in zip(cells, columns, strict=True))).subquery(
        f"{name}_rows"
    )


def _server_type(type_: TypeEngine[Any]) -> str:
    name = type_.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    return "text" if name.startswith(("TEXT", "VARCHAR")) else name.lower()


# --- locks --------------------------------------------------------------------------------------------


def lock_rows(statement: S, of: Any = None) -> S:
    """Return the select so that its rows stay as they are until the transaction ends.

    SQLite renders nothing: whoever writes there holds the whole database.

    Args:
        of: The table to lock when the statement joins others.
    """
    return statement.with_for_update(of=of)


# --- common -------------------------------------------------------------------------------------------


def _operands(element: FunctionElement[Any], compiler: SQLCompiler, options: Mapping[str, Any]) -> list[str]:
    return [compiler.process(clause, **options) for clause in element.clauses]


def _converter(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what turns a Python value into what the driver gets, None when nothing does."""
    return type_.dialect_impl(dialect).bind_processor(dialect)
