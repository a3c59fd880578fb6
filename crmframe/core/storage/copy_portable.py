"""A copy of a PostgreSQL schema without pg_dump: its tables by COPY, its definitions as the catalog words them.

Constraints and indexes are made after the rows are in, so that no order of tables matters. Views, triggers and
functions are not known here: a schema that has some wants pg_dump.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crmframe.core.storage.copy_faults import CopyFault

FORM = "portable"
FILE = "schema.json"
BLOCK = 1 << 20
# Where a column tells whether it is generated, counted from after its name.
GENERATED = 5

UNKNOWN = """
SELECT 'view ' || c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('v', 'm', 'f', 'p')
UNION ALL SELECT 'trigger ' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
UNION ALL SELECT 'function ' || p.proname FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
  pg_get_expr(d.adbin, d.adrelid), CASE WHEN a.attcollation <> t.typcollation THEN quote_ident(l.collname) END,
  a.attgenerated <> ''
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY c.relname, a.attnum
"""
CONSTRAINTS = """
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = current_schema()::regnamespace AND k.contype IN ('p', 'u', 'c', 'f', 'x')
ORDER BY k.contype = 'f', c.relname, k.conname
"""
INDEXES = """
SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY c.relname
"""
SEQUENCES = """
SELECT s.relname, c.relname, a.attname, d.deptype = 'i' FROM pg_class s
JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
JOIN pg_class c ON c.oid = d.refobjid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
WHERE s.relkind = 'S' AND s.relnamespace = current_schema()::regnamespace ORDER BY s.relname
"""

Quote = Callable[[str], str]


def write(connection: sa.Connection, folder: Path) -> None:
    """Write definitions and rows into *folder*, all as the connection's snapshot shows them.

    Raises:
        CopyFault: There is something in the schema that only pg_dump knows how to copy.
    """
    unknown = list(connection.exec_driver_sql(UNKNOWN).scalars())
    if unknown:
        raise CopyFault(
            f"{', '.join(unknown[:3])}: only pg_dump can copy that. Install the PostgreSQL client programs"
        )
    quote = connection.dialect.identifier_preparer.quote_identifier
    columns = [list(row) for row in connection.exec_driver_sql(COLUMNS)]
    sequences = [
        [*row, *_state(connection, quote(row[0]))] for row in connection.exec_driver_sql(SEQUENCES).all()
    ]
    definitions = {
        "schema": connection.exec_driver_sql("SELECT current_schema()").scalar_one(),
        "columns": columns,
        "sequences": sequences,
        "constraints": [list(row) for row in connection.exec_driver_sql(CONSTRAINTS)],
        "indexes": list(connection.exec_driver_sql(INDEXES).scalars()),
    }
    (folder / FILE).write_text(json.dumps(definitions, ensure_ascii=False, indent=1), encoding="utf-8")
    for number, (table, names) in enumerate(_tables(columns).items()):
        _copy_out(
            connection, _copy_statement(quote, table, names, "TO STDOUT"), folder / f"table-{number}.copy"
        )


def _state(connection: sa.Connection, sequence: str) -> Sequence[Any]:
    return connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one()  # noqa: S608 - a name of the catalog, quoted


def _tables(columns: Sequence[Sequence[Any]]) -> dict[str, list[str]]:
    """Return the columns of each table that hold something of their own; archives of before have no generated ones."""
    found: dict[str, list[str]] = {}
    for table, name, *rest in columns:
        names = found.setdefault(table, [])
        if not any(rest[GENERATED:]):
            names.append(name)
    return found


def _copy_statement(quote: Quote, table: str, names: Sequence[str], direction: str) -> str:
    return f"COPY {quote(table)} ({', '.join(map(quote, names))}) {direction}"


def _cursor(connection: sa.Connection) -> Any:
    raw: Any = connection.connection.driver_connection
    return raw.cursor()


def _copy_out(connection: sa.Connection, statement: str, path: Path) -> None:
    with _cursor(connection) as cursor, cursor.copy(statement) as copy, path.open("wb") as file:
        for block in copy:
            file.write(block)


def read(connection: sa.Connection, folder: Path) -> None:
    """Make the tables, fill them, and bind them together.

    Raises:
        CopyFault: A part is missing or the server refuses it.
    """
    try:
        definitions = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CopyFault(f"{FILE} cannot be read: {error}") from error
    if connection.exec_driver_sql("SELECT current_schema()").scalar_one() != definitions["schema"]:
        raise CopyFault(
            f"it belongs into a schema {definitions['schema']}: set the search path of the role to it"
        )
    _fill(connection, folder, definitions)
    _bind(connection, definitions)


def _fill(connection: sa.Connection, folder: Path, definitions: Mapping[str, Any]) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    # A serial column's default names its sequence; an identity column brings its own.
    for sequence, _, _, is_identity, *_ in definitions["sequences"]:
        if not is_identity:
            _execute(connection, f"CREATE SEQUENCE {quote(sequence)}")
    for number, (table, names) in enumerate(_tables(definitions["columns"]).items()):
        columns = ", ".join(_column(quote, each) for each in definitions["columns"] if each[0] == table)
        _execute(connection, f"CREATE TABLE {quote(table)} ({columns})")
        _copy_in(
            connection, _copy_statement(quote, table, names, "FROM STDIN"), folder / f"table-{number}.copy"
        )


def _bind(connection: sa.Connection, definitions: Mapping[str, Any]) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    for table, name, definition in definitions["constraints"]:
        _execute(connection, f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} {definition}")
    for definition in definitions["indexes"]:
        _execute(connection, definition)
    for sequence, table, column, is_identity, value, is_called in definitions["sequences"]:
        if not is_identity:
            _execute(connection, f"ALTER SEQUENCE {quote(sequence)} OWNED BY {quote(table)}.{quote(column)}")
        owned = sa.text("SELECT setval(pg_get_serial_sequence(:table, :column), :value, :called)")
        values = {"table": quote(table), "column": column, "value": value, "called": is_called}
        connection.execute(owned, values)


def _execute(connection: sa.Connection, statement: str) -> None:
    # Not through SQLAlchemy's parameters: a default may hold a percent sign or a colon.
    with _refusals(statement), _cursor(connection) as cursor:
        cursor.execute(statement)


@contextmanager
def _refusals(statement: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise CopyFault(f"{str(error).splitlines()[0]} ({statement[:80]})") from error


def _column(quote: Quote, column: Sequence[Any]) -> str:
    _table, name, type_name, not_null, identity, default, collation, *generated = column
    parts = [quote(name), type_name]
    parts += [f"COLLATE {collation}"] if collation else []
    parts += [f"GENERATED {'ALWAYS' if identity == 'a' else 'BY DEFAULT'} AS IDENTITY"] if identity else []
    if any(generated):
        parts += [f"GENERATED ALWAYS AS ({default}) STORED"]
    elif default:
        parts += [f"DEFAULT {default}"]
    parts += ["NOT NULL"] if not_null else []
    return " ".join(parts)


def _copy_in(connection: sa.Connection, statement: str, path: Path) -> None:
    if not path.exists():
        raise CopyFault(f"{path.name} is missing")
    with (
        _refusals(statement),
        _cursor(connection) as cursor,
        cursor.copy(statement) as copy,
        path.open("rb") as file,
    ):
        while block := file.read(BLOCK):
            copy.write(block)
