"""A field: one property of an entity, declared where its column is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import MappedColumn, mapped_column

if TYPE_CHECKING:
    from crmframe.core.entities.kinds import Kind

DataClass = Literal["public", "personal", "sensitive"]
Source = Literal["column", "sidecar", "custom", "computed"]
# Whose values have words to look for.
SEARCHED_KINDS = frozenset({"text", "long_text", "email", "phone", "url"})


@dataclass(frozen=True, slots=True)
class Field:
    """One property of an entity.

    Attributes:
        name: The column's name and the key in values; ``loyalty.tier`` and ``custom.region`` for added ones.
        label: Msgid in the domain of ``plugin``.
        default: A value, or a callable that is given the unit of work.
        index: Can be sorted and filtered fast at a million rows.
        written_by: The only actions that may write it; empty means every door.
        formerly: Older names, under which the journal may still know it.
        hidden: Never leaves the server (a password hash).
        maintained: Kept by the pipeline; nobody else writes it, and it never stands in the way of an undo.
        computed: ``computed(table) -> expression``; read-only, not stored.
        searchable: Found by the search over all records, by words, beginnings, pinyin, digits: what its kind calls for.
        aliases: More headers under which an import finds it.
        custom_key: The stable key inside the ``custom`` column.
    """

    name: str
    kind: Kind
    label: str = ""
    help: str = ""
    required: bool = False
    default: Any = None
    unique: bool = False
    index: bool = False
    data: DataClass = "public"
    written_by: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    hidden: bool = False
    system: bool = False
    maintained: bool = False
    searchable: bool = False
    computed: Callable[[Any], sa.ColumnElement[Any]] | None = None
    aliases: tuple[str, ...] = ()
    plugin: str = ""
    source: Source = "column"
    custom_key: str = ""
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def writable(self) -> bool:
        """Return whether any door may write it."""
        return not (self.system or self.maintained or self.computed)

    @property
    def is_searched(self) -> bool:
        """Return whether the search finds records by it: it is declared so, or an admin's own text."""
        is_wanted = self.searchable or self.source == "custom"
        return is_wanted and not (self.hidden or self.computed) and self.kind.name in SEARCHED_KINDS

    @property
    def short_name(self) -> str:
        """Return ``customer`` for the reference ``customer_id``: what people type in filters and headers."""
        return self.name.removesuffix("_id") if self.kind.name == "reference" else self.name

    @property
    def key_column(self) -> str:
        """Return the column of the stored sort key, empty when the value sorts itself."""
        return (
            f"{self.name}_key" if self.index and self.kind.name == "text" and self.source == "column" else ""
        )


def field(kind: Kind, label: str = "", **options: Any) -> MappedColumn[Any]:
    """Declare a field of an entity; ``options`` are the attributes of ``Field``.

    A field is optional unless ``required=True``. ``unique=True`` and ``index=True`` make the constraint or index.
    """
    declared = Field(name="", kind=kind, label=label, **options)
    arguments: list[Any] = [kind.column_type()]
    foreign_key = kind.foreign_key(required=declared.required)
    if foreign_key is not None:
        arguments.append(foreign_key)
    return mapped_column(
        *arguments, nullable=not declared.required, unique=declared.unique or None, info={"field": declared}
    )
