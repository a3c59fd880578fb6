"""The base that each plugin declares its entities on, and the abilities an entity can opt into.

One SQLAlchemy registry per plugin: a mapping mistake of one cannot break the others (PLUGINS.md 5.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, declared_attr, mapped_column

from crmframe.core.entities import kinds
from crmframe.core.entities.field import Field, field
from crmframe.core.entities.names import table_name
from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant, JsonText

SORT_KEY_LENGTH = 120


# How records are listed where the entity does not say.
DEFAULT_ORDER = ("-updated_at",)
STAMPS = ("updated_at", "created_at")


def system_field(kind: kinds.Kind, label: str) -> Field:
    """Return a field that only the pipeline writes."""
    return Field(name="", kind=kind, label=label, system=True)


class RecordColumns:
    """What every record has: an id that is never used again, a version, and who touched it when."""

    __plugin__: ClassVar[str]

    @declared_attr.directive
    @classmethod
    def __tablename__(cls) -> str:
        return table_name(cls.__plugin__, cls.__name__)

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> Any:
        own = getattr(cls, "__indexes__", ())
        wanted = [*indexed_columns(cls), *(each for each in own if isinstance(each, tuple))]
        indexes = [sa.Index(None, *columns, "id") for columns in wanted]
        indexes += [each for each in own if isinstance(each, sa.Index)]
        return (*indexes, {"sqlite_autoincrement": True, "info": {"plugin": cls.__plugin__}})

    def __init_subclass__(cls, **options: Any) -> None:
        for name, column in declared_fields(cls):
            declared: Field = column.column.info["field"]
            if declared.index and declared.kind.name == "text":
                setattr(cls, f"{name}_key", sort_key_column())
        super().__init_subclass__(**options)

    id: Mapped[int] = mapped_column(
        Id(), primary_key=True, info={"field": system_field(kinds.Integer(), "Id")}
    )
    version: Mapped[int] = mapped_column(sa.Integer, info={"field": system_field(kinds.Integer(), "Version")})
    created_at: Mapped[datetime] = mapped_column(
        Instant, info={"field": system_field(kinds.Instant(), "Created")}
    )
    created_by: Mapped[int | None] = mapped_column(
        Id(), info={"field": system_field(kinds.Reference("core.user", key=False), "Created by")}
    )
    updated_at: Mapped[datetime] = mapped_column(
        Instant, info={"field": system_field(kinds.Instant(), "Changed")}
    )
    updated_by: Mapped[int | None] = mapped_column(
        Id(), info={"field": system_field(kinds.Reference("core.user", key=False), "Changed by")}
    )


class Owned:
    """A record that belongs to somebody and to a team."""

    owner_id: Mapped[int | None] = field(
        kinds.Reference("core.user", on_delete="restrict"),
        "Owner",
        index=True,
        default=lambda work: work.actor.id,
    )
    team_id: Mapped[int | None] = field(
        kinds.Reference("core.team", on_delete="clear"),
        "Team",
        index=True,
        default=lambda work: work.actor.team_id,
    )


class Archivable:
    """A record that can be put away without being deleted."""

    archived_at: Mapped[datetime | None] = mapped_column(
        Instant, info={"field": Field("", kinds.Instant(), "Archived", system=True)}
    )


class Customizable:
    """An entity to which admins add fields of their own; their values lie in one JSON column by stable key."""

    custom: Mapped[dict[str, Any]] = mapped_column(JsonText, default=dict, server_default="{}")


class Timeline:
    """An entity that activities can be about."""

    __timeline__ = True


def plugin_base(plugin: str) -> Any:
    """Return the base class for the entities of *plugin*; their tables are ``<plugin>_<plural of the class>``."""
    declarations = type(f"{plugin.capitalize()}Declarations", (DeclarativeBase,), {"metadata": METADATA})
    attributes = {"__abstract__": True, "__plugin__": plugin}
    return type(f"{plugin.capitalize()}Base", (RecordColumns, declarations), attributes)


def declared_fields(cls: type[Any]) -> Iterator[tuple[str, MappedColumn[Any]]]:
    """Yield the fields of a class being made, those of its mixins included."""
    seen: set[str] = set()
    for part in cls.__mro__:
        for name, value in list(vars(part).items()):  # a subclass hook may add to it meanwhile
            if isinstance(value, MappedColumn) and "field" in value.column.info and name not in seen:
                seen.add(name)
                yield name, value


def indexed_columns(cls: type[Any]) -> list[tuple[str, ...]]:
    """Return the columns that want an index with the id behind them, for keyset pages."""
    found: list[tuple[str, ...]] = []
    for name, column in declared_fields(cls):
        declared: Field = column.column.info["field"]
        if declared.index:
            found.append((f"{name}_key",) if declared.kind.name == "text" else (name,))
        elif declared.kind.foreign_key(required=False) is not None or declared.kind.name == "any_reference":
            found.append((name,))  # deleting the target walks to its referrers
    # An index of the class's own that begins with a column serves it as well.
    served = {each[0] for each in getattr(cls, "__indexes__", ()) if isinstance(each, tuple)}
    found = [columns for columns in found if columns[0] not in served]
    return [_owned_first(cls, columns) for columns in found] + [("updated_at",), ("created_at",)]


def _owned_first(cls: type[Any], columns: tuple[str, ...]) -> tuple[str, ...]:
    """Let the owner's index be in the usual order: who sees only their own records reads its pages from it."""
    first = getattr(cls, "__order__", DEFAULT_ORDER)[0].removeprefix("-")
    fields = dict(declared_fields(cls))
    is_plain = first in STAMPS or (first in fields and fields[first].column.info["field"].kind.name != "text")
    return ("owner_id", first) if columns == ("owner_id",) and is_plain else columns


def sort_key_column() -> MappedColumn[Any]:
    """Return the column of a stored sort key: bytes decide its order, on both databases."""
    return mapped_column(
        sa.String(SORT_KEY_LENGTH).with_variant(sa.String(SORT_KEY_LENGTH, collation="C"), "postgresql")
    )
