"""A plugin with every kind of field, a sensitive one and a hidden one among them, lines below it, and a verb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy.orm import Mapped

from crmframe.api import (
    Action,
    Archivable,
    Customizable,
    Owned,
    Timeline,
    UnitOfWork,
    computed,
    field,
    hookimpl,
    kinds,
    plugin_base,
    records,
)

Base = plugin_base("vault")


class Locker(Base, Owned, Archivable, Customizable, Timeline):
    """A locker."""

    name: Mapped[str] = field(kinds.Text(120), required=True, index=True)
    code: Mapped[str | None] = field(kinds.Text(60), unique=True, index=True)
    combination: Mapped[str | None] = field(kinds.Text(60), data="sensitive", index=True)
    pin: Mapped[str | None] = field(kinds.Text(60), hidden=True)
    content: Mapped[str | None] = field(kinds.LongText(), data="personal")
    shelf: Mapped[int | None] = field(kinds.Integer())
    weight: Mapped[Decimal | None] = field(kinds.DecimalNumber(3))
    worth: Mapped[Decimal | None] = field(kinds.Money(), index=True)
    is_full: Mapped[bool | None] = field(kinds.Boolean())
    opened_on: Mapped[date | None] = field(kinds.Date())
    closed_at: Mapped[datetime | None] = field(kinds.Instant())
    color: Mapped[str | None] = field(kinds.Choices("red", "blue"))
    marks: Mapped[list[str] | None] = field(kinds.MultiChoice("old", "dented"))
    customer_id: Mapped[int | None] = field(kinds.Reference("core.customer", on_delete="clear"))
    subject: Mapped[str | None] = field(kinds.AnyReference(on_delete="clear"))
    email: Mapped[str | None] = field(kinds.Email())
    phone: Mapped[str | None] = field(kinds.Phone())
    page: Mapped[str | None] = field(kinds.Url())
    data: Mapped[Any] = field(kinds.Json())
    stamp: Mapped[str | None] = field(kinds.Text(60), written_by=("stamp",))
    double_shelf = computed(kinds.Integer(), lambda table: table.c.shelf * 2, "Twice the shelf")


class Note(Base):
    """A note in a locker."""

    __slug__ = "locker-notes"
    __command__ = "locker-note"
    __title__ = "text"
    __access_through__ = ("locker_id",)

    locker_id: Mapped[int] = field(kinds.Reference("vault.locker", on_delete="cascade"), required=True)
    text: Mapped[str] = field(kinds.LongText(), required=True)


class Drawer(Base, Customizable):
    """What custom fields are added to while the matrix runs."""

    name: Mapped[str] = field(kinds.Text(120), required=True)


class Stamp(BaseModel):
    """Ask for a word, and for a locker to copy it from."""

    word: str
    like_id: int | None = Field(default=None, json_schema_extra={"entity": "vault.locker"})


def stamp(work: UnitOfWork, locker: Mapping[str, Any], given: Stamp) -> str:
    """Put a word on the locker; the name of another one when it is given."""
    word = given.word
    if given.like_id is not None:
        word = records.get(work, "vault.locker", given.like_id)["name"]
    records.write(work, "vault.locker", locker["id"], {"stamp": word})
    return word


@hookimpl
def entities() -> Sequence[type[Any]]:
    return [Locker, Note, Drawer]


@hookimpl
def actions() -> Sequence[Action]:
    return [Action("vault.locker", "stamp", stamp, "Stamp", input=Stamp)]
