"""What the database knows about plugins: which are wanted, what became of them, and when to look again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from crmframe.core.storage.types import Instant
from crmframe.kernel.manifest import Manifest

State = Literal["enabled", "disabled", "blocked"]
_METADATA = sa.MetaData()

PLUGIN_TABLE = sa.Table(
    "crm_plugin",
    _METADATA,
    sa.Column("name", sa.String(30), primary_key=True),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("table_prefix", sa.String(31), nullable=False),
    sa.Column("schema_head", sa.String(60)),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("changed_by", sa.String(200), nullable=False),
)
GENERATION_TABLE = sa.Table(
    "crm_generation",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class PluginState:
    """One row of ``crm_plugin``.

    Attributes:
        state: ``blocked`` is enabled, too, but did not load; ``error`` says why.
        schema_head: The revision its tables were at when the row was written.
        changed_by: A user's name, ``cli``, or ``start``.
    """

    name: str
    version: str
    state: State
    table_prefix: str
    schema_head: str | None = None
    error: str = ""
    changed_by: str = "start"

    @classmethod
    def of(
        cls,
        manifest: Manifest,
        state: State,
        *,
        schema_head: str | None = None,
        error: str = "",
        by: str = "start",
    ) -> PluginState:
        """Return the state of the plugin that *manifest* describes."""
        return cls(manifest.name, str(manifest.version), state, manifest.table_prefix, schema_head, error, by)


def read_states(engine: sa.Engine) -> dict[str, PluginState]:
    """Return every row by plugin; empty in a database that was never migrated."""
    columns = [PLUGIN_TABLE.c[name] for name in PluginState.__slots__]
    with engine.connect() as connection:
        try:
            rows = connection.execute(sa.select(*columns)).all()
        except (OperationalError, ProgrammingError):
            rows = []
        connection.rollback()
    return {row.name: PluginState(*row) for row in rows}


def store_states(
    engine: sa.Engine, states: Sequence[PluginState], at: datetime, *, announce: bool = False
) -> None:
    """Write one row per plugin, replacing what was there.

    Args:
        announce: Also tell every process to look again.
    """
    try:
        _store(engine, states, at, announce=announce)
    except IntegrityError:
        # Another process that starts just now wrote the same row between our DELETE and INSERT.
        _store(engine, states, at, announce=announce)


def _store(engine: sa.Engine, states: Sequence[PluginState], at: datetime, *, announce: bool) -> None:
    with _writing(engine) as connection:
        _replace(connection, states, at)
        if announce:
            connection.execute(sa.update(GENERATION_TABLE).values(value=GENERATION_TABLE.c.value + 1))


def _replace(connection: sa.Connection, states: Sequence[PluginState], at: datetime) -> None:
    for each in states:
        values = {name: getattr(each, name) for name in PluginState.__slots__}
        connection.execute(sa.delete(PLUGIN_TABLE).where(PLUGIN_TABLE.c.name == each.name))
        connection.execute(sa.insert(PLUGIN_TABLE).values(**values, changed_at=at))


@contextmanager
def _writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect() as connection:
        marked = connection.execution_options(crmframe_write=True)
        with marked.begin():
            yield marked


def read_generation(engine: sa.Engine) -> int:
    """Return the number that grows with every enabling and disabling: a process that sees it grow builds itself anew."""
    with engine.connect() as connection:
        value = connection.scalar(sa.select(GENERATION_TABLE.c.value))
        connection.rollback()
    return value or 0


def wanted_names(states: Mapping[str, PluginState]) -> tuple[str, ...]:
    """Return what is switched on in the database, whether or not it loads."""
    return tuple(sorted(name for name, each in states.items() if each.state != "disabled" and name != "core"))
