"""The smallest complete crmframe plugin: one kind of record, and a reaction to its sale."""

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Mapped

from crmframe.api import (
    Archivable,
    Choice,
    Customizable,
    Event,
    NotFound,
    Owned,
    Subscription,
    Timeline,
    UnitOfWork,
    field,
    hookimpl,
    kinds,
    plugin_base,
    records,
)

Base: Any = plugin_base("hello")
STATUSES = (Choice("offered", "Offered", "blue"), Choice("sold", "Sold", "green"))


class Property(Base, Owned, Archivable, Customizable, Timeline):
    """A house or a flat that is for sale."""

    __icon__ = "house"
    __board__ = "status"

    title: Mapped[str] = field(kinds.Text(200), required=True, index=True, searchable=True)
    price: Mapped[Decimal | None] = field(kinds.Money(), index=True, aliases=("价格",))
    status: Mapped[str] = field(kinds.Choices(*STATUSES), required=True, default="offered")
    city: Mapped[str | None] = field(kinds.Text(80), index=True, aliases=("城市",))
    customer_id: Mapped[int | None] = field(kinds.Reference("core.customer", on_delete="clear"))
    notes: Mapped[str | None] = field(kinds.LongText(), data="personal")


def note_sale(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Write an activity on the customer for each property that became sold."""
    ids = {i for event in events for i in event.ids if "status" in event.before.get(i, {})}
    for record_id in sorted(ids):
        with suppress(NotFound):  # deleted meanwhile
            sold = records.get(work, "hello.property", record_id)
            if sold["status"] == "sold" and sold["customer_id"]:
                about, text = f"core.customer:{sold['customer_id']}", f"Sold: {sold['title']}"
                records.create(work, "core.activity", {"about": about, "text": text})


@hookimpl
def entities() -> Sequence[type[Property]]:
    """Return what this plugin keeps; pages, API, commands and permissions follow from it."""
    return [Property]


@hookimpl
def subscriptions() -> Sequence[Subscription]:
    """Return the reaction, run after the change is committed."""
    return [Subscription("hello.note_sale", ["hello.property.updated"], note_sale)]
