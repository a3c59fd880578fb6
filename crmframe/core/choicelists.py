"""The choices that admins edit: renamed, colored, sorted, hidden, added; the program's own are never lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.contributions import Change, Veto
from crmframe.core.contributions import Choice as Offered
from crmframe.core.customers.choices import TONES
from crmframe.core.entities import kinds
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field, field
from crmframe.core.entities.kinds import Choices, MultiChoice, Text
from crmframe.core.entities.maintained import Checked
from crmframe.core.entities.registry import Registry
from crmframe.core.errors import Problem
from crmframe.core.storage.dialect import json_has

declared = field  # Choice has a field called "field"

ENTITY = "core.choice"
Values = Mapping[str, Any]
Edited = Mapping[tuple[str, str], Sequence[Any]]


class Choice(Base):  # type: ignore[misc]
    """A value of a choice field as admins want it: one of the program's, or one of their own.

    Attributes:
        value: What is stored; it stays while records hold it.
        position: The lowest first; the program's own follow in their order where nothing is said.
        is_active: False offers it no longer. Records that hold it keep it.
    """

    __title__ = "value"
    __group__ = "administration"
    __icon__ = "list"
    __in_menu__ = False
    __bumps_epoch__ = True
    __order__ = ("position", "id")
    __list__ = ("entity", "field", "value", "label_en", "label_zh", "tone", "position", "is_active")

    entity: Mapped[str] = declared(kinds.Text(80), "Record type", required=True)
    field: Mapped[str] = declared(kinds.Text(60), "Field", required=True)
    value: Mapped[str] = declared(kinds.Text(80), "Value", required=True)
    label_en: Mapped[str | None] = declared(kinds.Text(80), "English label")
    label_zh: Mapped[str | None] = declared(kinds.Text(80), "Chinese label")
    tone: Mapped[str | None] = declared(kinds.Choices(*TONES), "Color")
    position: Mapped[int] = declared(kinds.Integer(min=0, max=9999), "Position", required=True, default=0)
    is_active: Mapped[bool] = declared(kinds.Boolean(), "Offered", required=True, default=True)


_table: Any = Choice.__table__
sa.UniqueConstraint(_table.c.entity, _table.c.field, _table.c.value)
_STORED = sa.select(_table).order_by(_table.c.position, _table.c.id)


def edited(connection: sa.Connection) -> Edited:
    """Return what admins said about choices, by entity and field."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in connection.execute(_STORED):
        found[row.entity, row.field].append(row)
    return found


def editable(registry: Registry) -> list[tuple[Entity, Field]]:
    """Return the fields whose choices, or suggestions, admins may edit."""
    return [
        (entity, each)
        for entity in registry.public_entities()
        for each in registry.own_fields(entity).values()
        if getattr(each.kind, "editable", False) or getattr(each.kind, "suggests", False)
    ]


def as_edited(entity: Entity, each: Field, lists: Edited) -> Field:
    """Return a field with its choices as admins want them."""
    like, _, name = getattr(each.kind, "like", "").rpartition(".")
    rows = lists.get((like, name) if like else (entity.name, each.name))
    if not rows:
        return each
    if isinstance(each.kind, Choices | MultiChoice) and (each.kind.editable or like):
        return replace(each, kind=_edited_kind(each.kind, rows))
    if isinstance(each.kind, Text) and each.kind.suggests:
        offered = tuple(row.label_en or row.value for row in rows if row.is_active)
        return replace(each, kind=replace(each.kind, suggestions=offered))
    return each


def _edited_kind(kind: Any, rows: Sequence[Any]) -> Any:
    said = {row.value: row for row in rows}
    own = {choice.value: choice for choice in kind.choices}
    # Without a word about it a value of the program stands where it stood: behind as many as before.
    places: dict[str, tuple[int, int, int]] = {}
    for number, value in enumerate([*own, *(value for value in said if value not in own)]):
        places[value] = (said[value].position, 0, number) if value in said else (number, 1, number)
    everything = [
        _offered(own.get(value), said.get(value)) for value in sorted(places, key=places.__getitem__)
    ]
    gone = {row.value for row in rows if not row.is_active}
    offered = [choice for choice in everything if choice.value not in gone]
    hidden = [choice for choice in everything if choice.value in gone]
    return type(kind)(*offered, editable=kind.editable, retired=hidden, like=kind.like)


def _offered(own: Offered | None, said: Any) -> Offered:
    if said is None:
        assert own is not None
        return own
    given = (("en", said.label_en), ("zh_Hans", said.label_zh))
    labels = tuple((locale, label) for locale, label in given if label)
    label = own.label if own else said.label_en or said.label_zh or said.value
    return Offered(said.value, label, said.tone or (own.tone if own else "grey"), labels)


# --- what is refused ----------------------------------------------------------------------------------


def problems(
    work: Any, given: Sequence[Values], complete: Sequence[Values], ids: Sequence[int | None]
) -> list[Problem]:
    """Refuse another value for one that records hold: they would be left with one that nobody knows."""
    known = [number for number, values in zip(ids, given, strict=True) if number and "value" in values]
    if not known:
        return []
    rows = work.connection.execute(sa.select(_table).where(_table.c.id.in_(known)))
    held = {row.id: row for row in rows}
    template = "{field}: records hold {value}, which therefore stays. Change its label instead."
    found = []
    for place, (number, values) in enumerate(zip(ids, given, strict=True)):
        row = held.get(number)
        if row is not None and values.get("value") not in (None, row.value) and is_held(work, row):
            found.append(Problem("value", "in_use", template, {"field": "Value", "value": row.value}, place))
    return found


def is_held(work: Any, row: Any) -> bool:
    """Return whether a record holds the value of a choice."""
    entity = work.registry.entities.get(row.entity)
    each = entity.fields.get(row.field) if entity is not None else None
    if each is None or each.source != "column":
        return False
    column = entity.table.c[each.name]
    if each.kind.name == "multi_choice":
        test, values = json_has(column, "held"), {"held": row.value}
    else:
        test, values = column == sa.bindparam("held"), {"held": row.value}
    return (
        work.connection.execute(sa.select(entity.table.c.id).where(test).limit(1), values).first() is not None
    )


def keep_used(change: Change) -> None:
    """Refuse to delete a value of the admins' own that records hold.

    Raises:
        Veto: Names the value, and what to do instead.
    """
    for row in change.before.values():
        entity = change.work.registry.entities.get(row["entity"])
        own = entity.fields.get(row["field"]) if entity is not None else None
        is_programs = (
            own is not None and getattr(own.kind, "choice", lambda _: None)(row["value"]) is not None
        )
        if (
            not is_programs
            and own is not None
            and own.kind.name != "text"
            and is_held(change.work, _Row(row))
        ):
            raise Veto(
                "Records hold {value}. Hide it instead: it is offered no longer, and they keep it.",
                value=row["value"],
            )


class _Row:
    """A row as a mapping, seen as one of the table."""

    def __init__(self, values: Values) -> None:
        self.entity, self.field, self.value = values["entity"], values["field"], values["value"]


CHECKED = (Checked(ENTITY, problems),)
