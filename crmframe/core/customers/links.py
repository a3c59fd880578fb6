"""What hangs on any record: the ids that other systems know it by, tags, and fields that admins define."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.contributions import Choice
from crmframe.core.customers import choices
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field


class ExternalRef(Base):
    """The id under which another system knows a record; an id occurs once per system."""

    __label__ = "External reference"
    __plural__ = "External references"
    __title__ = "external_id"
    __icon__ = "link"
    __access_through__ = ("record",)
    __in_menu__ = False

    system: Mapped[str] = field(kinds.Text(40), required=True, aliases=("系统", "来源系统", "source"))
    external_id: Mapped[str] = field(
        kinds.Text(120),
        "External id",
        required=True,
        index=True,
        aliases=("外部编号", "external id", "external key"),
    )
    record: Mapped[str] = field(
        kinds.AnyReference(on_delete="cascade"), "Record", required=True, index=True, aliases=("记录",)
    )


class Tag(Base):
    """A word that people put on records."""

    __icon__ = "tag"
    __group__ = "administration"
    __order__ = ("name",)

    name: Mapped[str] = field(
        kinds.Text(60), required=True, unique=True, index=True, aliases=("标签", "标签名称")
    )
    tone: Mapped[str] = field(
        kinds.Choices(*choices.TONES), "Color", required=True, default="grey", aliases=("颜色", "color")
    )


class TagLink(Base):
    """A tag on a record."""

    __title__ = "tag_id"
    __access_through__ = ("about",)
    __in_menu__ = False

    tag_id: Mapped[int] = field(
        kinds.Reference("core.tag", on_delete="cascade"), "Tag", required=True, index=True, aliases=("标签",)
    )
    about: Mapped[str] = field(
        kinds.AnyReference(on_delete="cascade"), "Record", required=True, index=True, aliases=("记录",)
    )


CUSTOM_FIELD_KINDS = (
    Choice("text", "Text"),
    Choice("long_text", "Long text"),
    Choice("integer", "Whole number"),
    Choice("decimal", "Decimal number"),
    Choice("boolean", "Yes or no"),
    Choice("date", "Date"),
    Choice("instant", "Date and time"),
    Choice("choice", "Choice"),
    Choice("multi_choice", "Several choices"),
    Choice("email", "E-mail"),
    Choice("phone", "Phone"),
    Choice("url", "Link"),
)


class CustomField(Base):
    """A field that an admin adds to an entity.

    Attributes:
        entity: Such as ``core.customer``.
        key: Its place inside the ``custom`` column; made once and never changed, so that a new name keeps the values.
        name: What people type in filters and imports, as ``custom.<name>``.
        options: ``{"choices": [...]}`` or ``{"places": 2}``, by kind.
    """

    __title__ = "name"
    __icon__ = "text-cursor-input"
    __group__ = "administration"
    __bumps_epoch__ = True
    __order__ = ("entity", "name")

    entity: Mapped[str] = field(kinds.Text(80), required=True, index=True, aliases=("对象",))
    key: Mapped[str] = field(kinds.Text(20), required=True, unique=True, system=True)
    name: Mapped[str] = field(kinds.Text(60), required=True, index=True, aliases=("名称",))
    kind: Mapped[str] = field(
        kinds.Choices(*CUSTOM_FIELD_KINDS), required=True, default="text", aliases=("类型", "type")
    )
    label_en: Mapped[str | None] = field(kinds.Text(80), "English label", aliases=("英文标签",))
    label_zh: Mapped[str | None] = field(kinds.Text(80), "Chinese label", aliases=("中文标签",))
    options: Mapped[dict[str, Any] | None] = field(
        kinds.Json(),
        help="What there is to choose from, with commas between; or how many decimal places.",
        aliases=("选项",),
    )
    required: Mapped[bool] = field(kinds.Boolean(), required=True, default=False, aliases=("必填",))
    indexed: Mapped[bool] = field(kinds.Boolean(), required=True, default=False, aliases=("索引",))


def stable_key(values: Mapping[str, Any], region: str) -> str:
    """Return a custom field's key; a new one gets a key that no field has had."""
    return values.get("key") or f"f{uuid.uuid4().hex[:12]}"


sa.UniqueConstraint(ExternalRef.__table__.c.system, ExternalRef.__table__.c.external_id)
sa.UniqueConstraint(TagLink.__table__.c.tag_id, TagLink.__table__.c.about)
sa.UniqueConstraint(CustomField.__table__.c.entity, CustomField.__table__.c.name)
