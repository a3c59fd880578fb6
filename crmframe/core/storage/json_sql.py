"""JSON kept as text, read in SQL: members of it, and whole tables given as one parameter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from crmframe.core.storage.constructs import Condition, converter, operands
from crmframe.core.storage.types import Instant as InstantType
from crmframe.core.storage.types import JsonText, Scaled, instant_text

_KEY = re.compile(r"[A-Za-z0-9_]+")


class _JsonHas(Condition):
    inherit_cache = True


def json_has(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Return whether the JSON array of texts in *column* holds the text bound to *name*."""
    return _JsonHas(column, sa.bindparam(name, type_=sa.Text()))


@compiles(_JsonHas)
def _json_has(element: _JsonHas, compiler: SQLCompiler, **options: Any) -> str:
    column, value = operands(element, compiler, options)
    return f"({value} IN (SELECT value FROM json_each({column})))"  # noqa: S608 - operands are compiled SQL


@compiles(_JsonHas, "postgresql")
def _json_has_postgresql(element: _JsonHas, compiler: SQLCompiler, **options: Any) -> str:
    column, value = operands(element, compiler, options)
    return f"jsonb_exists(CAST({column} AS jsonb), {value})"


class InstantText(TypeDecorator[datetime]):
    """An instant inside JSON: fixed-width text in UTC on both databases, which sorts as time does."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        try:
            moment = None if value is None else datetime.fromisoformat(value)
        except ValueError:
            return None
        return moment if moment is not None and moment.tzinfo else None


class DateText(TypeDecorator[date]):
    """A day inside JSON, as ISO text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        try:
            return None if value is None else date.fromisoformat(value)
        except ValueError:
            return None


class _Extract(FunctionElement[Any]):
    """A member of a JSON text or value: where it is, and PostgreSQL's name of its type."""

    inherit_cache = True


class _Member(FunctionElement[Any]):
    """A member of a JSON text if it has the wanted shape (see ``_SHAPES``), else null: no stored value breaks a read."""

    inherit_cache = True


class _ScaledMember(FunctionElement[Any]):
    """A decimal written with a fixed number of places: without its point it is the scaled integer. Else null."""

    inherit_cache = True


@compiles(_Extract)
def _extract(element: _Extract, compiler: SQLCompiler, **options: Any) -> str:
    column, place, _ = operands(element, compiler, options)
    return f"json_extract({column}, {_path(place)})"


@compiles(_Extract, "postgresql")
def _extract_postgresql(element: _Extract, compiler: SQLCompiler, **options: Any) -> str:
    column, place, name = operands(element, compiler, options)
    member = f"CAST({column} AS jsonb) ->> {place}"
    return _by_bytes(member) if name == "text" else f"(CAST({member} AS {name}))"


def _by_bytes(member: str) -> str:
    # As SQLite compares; and a cast to text would not fit an index.
    return f'(({member}) COLLATE "C")'


# By shape: the names that SQLite gives to it, what PostgreSQL asks of it, and PostgreSQL's type.
_SHAPES: Mapping[str, tuple[str, str, str]] = {
    "number": ("'integer'", "@ >= -9223372036854775808 && @ <= 9223372036854775807", "bigint"),
    "boolean": ("'true', 'false'", "@ == true || @ == false", "boolean"),
    "data": ("'array', 'object'", '@.type() == "array" || @.type() == "object"', "text"),
}


@compiles(_Member)
def _member(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    column, place, shape = operands(element, compiler, options)
    value = f"json_extract({column}, {_path(place)})"
    if shape == "text":
        return f"CAST({value} AS TEXT)"
    return f"(CASE WHEN json_type({column}, {_path(place)}) IN ({_SHAPES[shape][0]}) THEN {value} END)"


@compiles(_Member, "postgresql")
def _member_postgresql(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    column, place, shape = operands(element, compiler, options)
    if shape == "text":
        return _by_bytes(f"CAST({column} AS jsonb) ->> {place}")
    _, condition, name = _SHAPES[shape]
    path = f"'strict $.\"{place[1:-1]}\" ? ({condition})'"
    return f"(CAST(jsonb_path_query_first(CAST({column} AS jsonb), {path}, '{{}}', true) AS {name}))"


@compiles(_ScaledMember)
def _scaled_member(element: _ScaledMember, compiler: SQLCompiler, **options: Any) -> str:
    column, place, places = operands(element, compiler, options)
    value = f"json_extract({column}, {_path(place)})"
    digits = "." + "[0-9]" * int(places) if int(places) else ""
    fits = f"{value} GLOB '*[0-9]{digits}' AND {value} NOT GLOB '*[^-0-9{digits[:1]}]*'"
    text = f"json_type({column}, {_path(place)}) = 'text'"
    return f"(CASE WHEN {text} AND {fits} THEN CAST(replace({value}, '.', '') AS INTEGER) END)"


@compiles(_ScaledMember, "postgresql")
def _scaled_member_postgresql(element: _ScaledMember, compiler: SQLCompiler, **options: Any) -> str:
    column, place, places = operands(element, compiler, options)
    digits = f"[.][0-9]{{{places}}}" if int(places) else ""
    member = f"substring(CAST({column} AS jsonb) ->> {place} from '^-?[0-9]+{digits}$')"
    # No bigint: a number that is too long must not break the statement.
    return f"(CAST(replace({member}, '.', '') AS numeric))"


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

    A value that the type cannot hold is read as null.

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
        return sa.type_coerce(_ScaledMember(column, place, sa.literal_column(str(type_.places))), type_)
    return sa.type_coerce(_Member(column, place, sa.literal_column(_shape(type_))), _in_json(type_))


def _shape(type_: TypeEngine[Any]) -> str:
    if isinstance(type_, sa.Boolean | JsonText):
        return "boolean" if isinstance(type_, sa.Boolean) else "data"
    return "number" if isinstance(type_, sa.Integer) else "text"


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
        converters = [converter(type_, dialect) for type_ in self.types]
        rows = [
            [convert(cell) if convert else cell for convert, cell in zip(converters, row, strict=True)]
            for row in value
        ]
        return json.dumps(rows, ensure_ascii=False, default=str)


class _JsonRows(FunctionElement[Any]):
    inherit_cache = True


@compiles(_JsonRows)
def _json_rows(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    (rows,) = operands(element, compiler, options)
    return f"json_each({rows})"


@compiles(_JsonRows, "postgresql")
def _json_rows_postgresql(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    (rows,) = operands(element, compiler, options)
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
