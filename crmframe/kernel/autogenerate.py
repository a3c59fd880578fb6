"""Writing a plugin's next migration from the difference between its models and its history."""

from __future__ import annotations

import re
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from crmframe.core.storage import types as column_types
from crmframe.core.storage.migrations import History, alembic_module, migration, revisions, upgrade
from crmframe.kernel.manifest import Manifest
from crmframe.kernel.migration_text import layout

TYPES_MODULE = column_types.__name__
STORAGE_MODULE = "crmframe.core.storage.migrations"


def autogenerate(engine: sa.Engine, metadata: sa.MetaData, plugin: Manifest, message: str) -> Path | None:
    """Write the plugin's next revision file; None when its tables are as its models say.

    Args:
        engine: A database where the plugin's history has run to its end; ``scratch_database`` makes one.
        message: What changes, as a sentence; becomes part of the file name.
    """
    history = History(plugin.name, plugin.migrations)
    known = revisions(history)
    with engine.connect() as connection:
        body, imports = _difference(connection, metadata, plugin)
    if not body:
        return None
    revision = f"{plugin.name}_{len(known) + 1:04d}"
    file = history.folder / f"{revision}_{_slug(message)}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        _file_text(message, revision, known[-1] if known else None, body, imports), encoding="utf-8"
    )
    return file


@contextmanager
def scratch_database(plugins: Iterable[Manifest]) -> Iterator[sa.Engine]:
    """Make a throw-away SQLite database with the histories of *plugins*, dependencies first."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{folder}/scratch.db")
        try:
            for each in plugins:
                with migration(engine) as connection:
                    upgrade(connection, History(each.name, each.migrations))
            yield engine
        finally:
            engine.dispose()


def _difference(
    connection: sa.Connection, metadata: sa.MetaData, plugin: Manifest
) -> tuple[str, Sequence[str]]:
    virtual = _virtual_tables(connection)

    def is_own(item: Any, name: str | None, kind: str, is_reflected: bool, other: Any) -> bool:
        # PostgreSQL's search index and the column it stands on are made by hand: SQLite has neither.
        if kind == "index" and is_reflected and other is None:
            return bool(item.dialect_options["postgresql"]["using"] != "gin")
        if kind == "column" and is_reflected and other is None:
            return item.computed is None
        if kind != "table":
            return True
        return _owns(plugin, item, name or "") and not (name or "").startswith(virtual)

    context = alembic_module("runtime.migration").MigrationContext.configure(
        connection,
        opts={"target_metadata": metadata, "include_object": is_own, "compare_type": _types_differ},
    )
    with warnings.catch_warnings():
        # Tables that refer to each other cannot be sorted; ``_circles`` deals with them.
        warnings.filterwarnings("ignore", "Cannot correctly sort tables", sa.exc.SAWarning)
        found = alembic_module("autogenerate").produce_migrations(context, metadata)
    used: set[str] = set()
    operations = _flattened(found.upgrade_ops.ops)
    later = _circles(operations)
    text = "".join(f"{_rendered(context, each, used)}\n" for each in operations)
    imports = [f"from {TYPES_MODULE} import {', '.join(sorted(used))}"] if used else []
    if later:
        imports.insert(0, f"from {STORAGE_MODULE} import add_foreign_key")
    return layout(text + "\n".join(later)), imports


def _virtual_tables(connection: sa.Connection) -> tuple[str, ...]:
    """Return the search indexes of SQLite, whose own tables begin with their names: no model declares them."""
    if connection.dialect.name != "sqlite":
        return ()
    listed = sa.text("select name from sqlite_master where sql like 'CREATE VIRTUAL TABLE%'")
    return tuple(connection.scalars(listed))


def _owns(plugin: Manifest, table: Any, name: str) -> bool:
    if name.startswith("crm_schema_"):
        return False
    owner = table.info.get("plugin")
    return bool(owner == plugin.name) if owner else name.startswith(plugin.table_prefix)


def _types_differ(
    context: Any, _column: Any, _declared: Any, found: TypeEngine[Any], wanted: TypeEngine[Any]
) -> bool:
    # What the database would be told, not how Python spells it: our own types are plain text and integers there.
    return found.compile(context.dialect) != wanted.compile(context.dialect)


def _flattened(operations: Sequence[Any]) -> list[Any]:
    """Take indexes out of their table's group: they need no batch, which would rebuild the table on SQLite."""
    flat: list[Any] = []
    for each in operations:
        inner = getattr(each, "ops", None)
        if inner is not None and all(type(one).__name__ in ("CreateIndexOp", "DropIndexOp") for one in inner):
            flat.extend(inner)
        else:
            flat.append(each)
    return flat


def _circles(operations: Sequence[Any]) -> list[str]:
    """Mark foreign keys to tables that are made later, and return the calls that complete them."""
    names = [each.table_name for each in operations if type(each).__name__ == "CreateTableOp"]
    calls: list[str] = []
    for each in operations:
        if type(each).__name__ != "CreateTableOp":
            continue
        later = names[names.index(each.table_name) + 1 :]
        for constraint in each.columns:
            if isinstance(constraint, sa.ForeignKeyConstraint) and _parent(constraint) in later:
                constraint.use_alter = True
                calls.append(_completion(each.table_name, constraint))
    return calls


def _parent(constraint: sa.ForeignKeyConstraint) -> str:
    return constraint.elements[0].target_fullname.rsplit(".", 1)[0]


def _completion(table: str, constraint: sa.ForeignKeyConstraint) -> str:
    parents = [element.target_fullname.rsplit(".", 1)[1] for element in constraint.elements]
    name = str(constraint.name)
    places = f"{table!r}, {_parent(constraint)!r}, {constraint.column_keys!r}, {parents!r}"
    return f"add_foreign_key({places}, name={name!r}, ondelete={constraint.ondelete!r})"


def _rendered(context: Any, operation: Any, used: set[str]) -> str:
    container = alembic_module("operations.ops").UpgradeOps([operation])
    text: str = alembic_module("autogenerate").render_python_code(
        container, render_as_batch=True, render_item=_type_spelling(used), migration_context=context
    )
    return _with_autoincrement(textwrap.dedent(f"    {text}"))


def _with_autoincrement(text: str) -> str:
    # Rebuilding a table on SQLite forgets AUTOINCREMENT unless it is said again.
    return re.sub(
        r"(op\.batch_alter_table\('[^']+', schema=None)\)",
        r"\1, table_kwargs={'sqlite_autoincrement': True})",
        text,
    )


def _type_spelling(used: set[str]) -> Callable[[str, Any, Any], str | bool]:
    def spell(kind: str, item: Any, _context: Any) -> str | bool:
        if kind != "type":
            return False
        if _is_id(item):
            used.add("Id")
            return "Id()"
        if type(item).__module__ == TYPES_MODULE:
            used.add(type(item).__name__)
            # Types with arguments spell themselves; SQLAlchemy's own spelling shows what lies beneath, too.
            return repr(item) if "__repr__" in vars(type(item)) else f"{type(item).__name__}()"
        return False

    return spell


def _is_id(item: TypeEngine[Any]) -> bool:
    # ``Id()`` has no class of its own: it is the only type that is a short word here and a long one there.
    if not isinstance(item, sa.Integer):
        return False
    texts = [item.compile(module.dialect()) for module in (sqlite, postgresql)]
    return texts == ["INTEGER", "BIGINT"]


def _slug(message: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", message.lower()))[:40].strip("_") or "change"


def _file_text(message: str, revision: str, previous: str | None, body: str, imports: Sequence[str]) -> str:
    sentence = f"{message[:1].upper()}{message[1:].rstrip('.')}."
    libraries = ["import sqlalchemy as sa"] if "sa." in body else []
    libraries += ["from alembic import op"] if "op." in body else []
    before = f'"{previous}"' if previous else "None"
    blocks = [
        f'"""{sentence}"""',
        "\n".join(libraries),
        "\n".join(imports),
        f'revision = "{revision}"\ndown_revision = {before}',
    ]
    return "\n\n".join(block for block in blocks if block) + f"\n\n\ndef upgrade() -> None:\n{body}\n"
