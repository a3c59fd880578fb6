"""Anniversaries of a record, and the keys by which they and birthdays are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.entities import kinds
from crmframe.core.entities.declare import Owned
from crmframe.core.entities.field import field
from crmframe.core.entities.maintained import Derived
from crmframe.core.occasions.calendars import key_of


class Anniversary(Base, Owned):
    """A day that is remembered every year: a company's founding, the first contract, a wedding.

    Attributes:
        day: When it was the first time, by the solar calendar also where it comes round by the lunar one.
        day_key: See ``calendars.key_of``.
    """

    __icon__ = "gift"
    __title__ = "title"
    __access_through__ = ("about",)
    __in_menu__ = False
    __shown_on__ = ("core.customer", "core.contact")
    __list__ = ("title", "about", "day", "is_lunar", "owner_id")

    about: Mapped[str] = field(kinds.AnyReference(on_delete="cascade"), "Of", required=True, index=True)
    title: Mapped[str] = field(kinds.Text(120), required=True, aliases=("纪念日", "名称", "occasion"))
    day: Mapped[date] = field(kinds.Date(), "First on", required=True, aliases=("日期", "date"))
    is_lunar: Mapped[bool] = field(
        kinds.Boolean(), "By the lunar calendar", required=True, default=False, aliases=("农历", "lunar")
    )
    day_key: Mapped[int | None] = field(kinds.Integer(), hidden=True, system=True, index=True)


def _key(day: str, is_lunar: str) -> Callable[[Mapping[str, Any], str], int | None]:
    return lambda values, region: key_of(values.get(day), bool(values.get(is_lunar)))


ENTITIES = (Anniversary,)
BORN = ("birthday", "birthday_is_lunar")
DERIVED = (
    Derived("core.contact", "birthday_key", BORN, _key(*BORN)),
    Derived("core.customer", "birthday_key", BORN, _key(*BORN)),
    Derived("core.anniversary", "day_key", ("day", "is_lunar"), _key("day", "is_lunar")),
)
