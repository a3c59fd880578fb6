"""Two entities with a field of every kind, a sidecar and custom fields, apart from the application's tables."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped

from crmframe.core.contributions import Choice, Extension
from crmframe.core.entities import kinds
from crmframe.core.entities.custom import CustomDefinition
from crmframe.core.entities.declare import Customizable, RecordColumns
from crmframe.core.entities.entity import Entity, computed
from crmframe.core.entities.field import field
from crmframe.core.entities.registry import build_registry
from crmframe.core.entities.schema import Schema
from crmframe.core.storage.metadata import METADATA

SHOP = sa.MetaData(naming_convention=METADATA.naming_convention)
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 22)
CONTEXT = kinds.ParseContext(zone=ZONE, today=TODAY, region="CN", currency="CNY", actor_id=3, team_ids=(5, 6))
COLORS = (Choice("red", "Rot"), Choice("green", "Grün"), Choice("dark_blue", "Dark blue"))


def base(plugin: str) -> Any:
    declarations = type("Declarations", (DeclarativeBase,), {"metadata": SHOP})
    return type("ShopBase", (RecordColumns, declarations), {"__abstract__": True, "__plugin__": plugin})


Base, ExtraBase = base("shop"), base("extra")


class Maker(Base):
    """Who makes things."""

    name: Mapped[str] = field(kinds.Text(60), required=True)
    country: Mapped[str | None] = field(kinds.Choices("cn", "de"))
    rank: Mapped[int | None] = field(kinds.Integer())
    secret: Mapped[str | None] = field(kinds.Text(60), hidden=True)


class Thing(Base, Customizable):
    """What is made."""

    title: Mapped[str] = field(kinds.Text(60), required=True)
    note: Mapped[str | None] = field(kinds.LongText())
    count: Mapped[int | None] = field(kinds.Integer())
    size: Mapped[Decimal | None] = field(kinds.DecimalNumber(3))
    price: Mapped[Decimal | None] = field(kinds.Money())
    active: Mapped[bool | None] = field(kinds.Boolean())
    day: Mapped[date | None] = field(kinds.Date())
    at: Mapped[datetime | None] = field(kinds.Instant())
    color: Mapped[str | None] = field(kinds.Choices(*COLORS))
    tags: Mapped[list[str] | None] = field(kinds.MultiChoice("new", "old", "a,b"))
    maker_id: Mapped[int | None] = field(kinds.Reference("shop.maker", on_delete="clear"))
    keeper_id: Mapped[int | None] = field(kinds.Reference("core.user", key=False))
    crew_id: Mapped[int | None] = field(kinds.Reference("core.team", key=False))
    about: Mapped[str | None] = field(kinds.AnyReference())
    email: Mapped[str | None] = field(kinds.Email())
    phone: Mapped[str | None] = field(kinds.Phone())
    url: Mapped[str | None] = field(kinds.Url())
    data: Mapped[Any | None] = field(kinds.Json())
    secret: Mapped[str | None] = field(kinds.Text(60), hidden=True)
    twice = computed(kinds.Integer(), lambda table: table.c.count * 2)


class Level(ExtraBase):
    """What another plugin knows about a thing."""

    level: Mapped[int | None] = field(kinds.Integer())


def custom(key: str, name: str, kind: str) -> CustomDefinition:
    return CustomDefinition("shop.thing", key, name, kind, {"en": name}, {}, required=False, indexed=False)


def make_schema() -> Schema:
    registry = build_registry([Maker, Thing], extensions=[Extension("shop.thing", Level)])
    return Schema(
        registry,
        [custom("k1", "region", "text"), custom("k2", "score", "integer"), custom("k3", "seen", "instant")],
    )


def thing(schema: Schema) -> Entity:
    return schema.entity("shop.thing")
