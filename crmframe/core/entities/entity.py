"""An entity: what the framework knows about a record type, read off its class once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.declare import DEFAULT_ORDER
from crmframe.core.entities.field import Field
from crmframe.core.entities.names import plural_of, sentence_case, snake_case

STAMPS = ("version", "created_at", "created_by", "updated_at", "updated_by")


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """A record type.

    Attributes:
        name: ``sales.deal``, for ever: journal, events and permissions use it.
        slug: ``deals``: its place in URLs.
        command: ``deal``: its place in the command line.
        label: Msgid; ``plural`` likewise.
        title: The field that names a record.
        fields: Own fields by name, in the order of declaration; stamps come last.
        board: The choice or reference field that a board has columns for; empty means no board.
        access_through: Reference fields whose target decides who may see this record.
        holder: The column that says whose a record is: its owner, or whoever made it, unless the class names another.
        sort: What new roles hold on it, where that does not follow from the rest: personal, view, absence, part.
        in_list: Fields shown in lists.
        form_hidden: True keeps it out of the menu (lines, links).
    """

    name: str
    plugin: str
    slug: str
    command: str
    label: str
    plural: str
    model: type[Any] = attribute(repr=False)
    table: sa.Table = attribute(repr=False)
    title: str
    fields: Mapping[str, Field] = attribute(repr=False)
    icon: str
    group: str
    board: str
    access_through: tuple[str, ...]
    holder: str
    sort: str
    in_list: tuple[str, ...]
    in_menu: bool
    order: tuple[str, ...]
    bumps_epoch: bool

    @property
    def is_owned(self) -> bool:
        """Return whether records have an owner and a team."""
        return "owner_id" in self.fields

    @property
    def is_archivable(self) -> bool:
        """Return whether records can be put away."""
        return "archived_at" in self.fields

    @property
    def is_customizable(self) -> bool:
        """Return whether admins may add fields."""
        return "custom" in self.table.c

    @property
    def has_timeline(self) -> bool:
        """Return whether activities can be about its records."""
        return bool(getattr(self.model, "__timeline__", False))


def entity_of(model: type[Any]) -> Entity:
    """Read the declaration of *model*.

    Raises:
        TypeError: The class lacks what an entity needs; the sentence says what.
    """
    plugin, noun = model.__plugin__, snake_case(model.__name__)
    table: sa.Table = model.__table__
    fields = dict(_fields(model, table, plugin))
    words = sentence_case(noun)
    title = getattr(model, "__title__", "") or _first_text(fields)
    return Entity(
        name=f"{plugin}.{noun}",
        plugin=plugin,
        slug=getattr(model, "__slug__", plural_of(noun)),
        command=getattr(model, "__command__", noun.replace("_", "-")),
        label=getattr(model, "__label__", words),
        plural=getattr(model, "__plural__", plural_of(words)),
        model=model,
        table=table,
        title=title,
        fields=fields,
        icon=getattr(model, "__icon__", "circle"),
        group=getattr(model, "__group__", ""),
        board=getattr(model, "__board__", ""),
        access_through=tuple(getattr(model, "__access_through__", ())),
        holder=getattr(model, "__holder__", "owner_id" if "owner_id" in fields else "created_by"),
        sort=getattr(model, "__sort__", ""),
        in_list=tuple(getattr(model, "__list__", ())) or _list_columns(fields),
        in_menu=getattr(model, "__in_menu__", True),
        order=tuple(getattr(model, "__order__", DEFAULT_ORDER)),
        bumps_epoch=getattr(model, "__bumps_epoch__", False),
    )


def _fields(model: type[Any], table: sa.Table, plugin: str) -> Iterator[tuple[str, Field]]:
    own = [c for c in table.c if "field" in c.info and c.name not in (*STAMPS, "id")]
    # SQLAlchemy puts a mixin's columns before the class's own; people want the class's own first.
    own.sort(key=lambda column: column.name not in vars(model))
    for column in [table.c.id, *own, *(table.c[name] for name in STAMPS)]:
        declared: Field = column.info["field"]
        label = declared.label or sentence_case(column.name)
        owner = plugin if column.name in vars(model) and not declared.system else "core"
        yield column.name, replace(declared, name=column.name, label=label, plugin=declared.plugin or owner)
    for name, value in vars(model).items():
        if isinstance(value, Field) and value.computed:
            label = value.label or sentence_case(name)
            yield name, replace(value, name=name, label=label, plugin=plugin, source="computed")


def _first_text(fields: Mapping[str, Field]) -> str:
    texts = [f.name for f in fields.values() if f.kind.name == "text" and not f.hidden]
    return texts[0] if texts else "id"


def _list_columns(fields: Mapping[str, Field]) -> tuple[str, ...]:
    wide = ("long_text", "json", "multi_choice")
    shown = [f.name for f in fields.values() if not (f.hidden or f.system or f.kind.name in wide)]
    return tuple(shown[:7])


def computed(kind: Any, expression: Any, label: str = "", **options: Any) -> Field:
    """Declare a field computed in SQL: ``expression(table)`` returns a column expression."""
    return Field(name="", kind=kind, label=label, computed=expression, **options)
