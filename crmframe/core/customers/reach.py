"""How to reach customers and contacts: phone numbers and the like, and addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.customers import choices
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field


class ContactPoint(Base):
    """One way to reach a customer or contact.

    Attributes:
        normalized: The value in the form that searches and duplicate checks compare; kept by the pipeline.
        verified_at: When somebody or something last made sure that it works.
    """

    __title__ = "value"
    __access_through__ = ("about",)
    __in_menu__ = False

    about: Mapped[str] = field(
        kinds.AnyReference(on_delete="cascade"), "Of", required=True, index=True, aliases=("所属",)
    )
    kind: Mapped[str] = field(
        kinds.Choices(*choices.CONTACT_POINT_KINDS), required=True, aliases=("类型", "type")
    )
    value: Mapped[str] = field(
        kinds.Text(200), required=True, data="personal", aliases=("号码", "联系方式", "number")
    )
    normalized: Mapped[str | None] = field(kinds.Text(200), maintained=True, index=True, data="personal")
    label: Mapped[str | None] = field(kinds.Text(60), aliases=("标签", "说明"))
    is_primary: Mapped[bool] = field(
        kinds.Boolean(), "Primary", required=True, default=False, aliases=("主要",)
    )
    verified_at: Mapped[datetime | None] = field(kinds.Instant(), "Verified", aliases=("验证时间",))


class Address(Base):
    """A place, structured: country, province or state, city, district, street."""

    __title__ = "street"
    __place__ = ("country", "region", "postal_code", "city", "district", "street")
    __shown_on__ = ("core.customer", "core.contact")
    __access_through__ = ("about",)
    __in_menu__ = False

    about: Mapped[str] = field(
        kinds.AnyReference(on_delete="cascade"), "Of", required=True, index=True, aliases=("所属",)
    )
    kind: Mapped[str] = field(
        kinds.Choices(*choices.ADDRESS_KINDS), required=True, default="office", aliases=("类型", "type")
    )
    country: Mapped[str | None] = field(kinds.Text(60), aliases=("国家", "国家/地区", "country/region"))
    region: Mapped[str | None] = field(
        kinds.Text(60), "Province or state", aliases=("省", "省份", "省/市/自治区", "state", "province")
    )
    city: Mapped[str | None] = field(kinds.Text(80), aliases=("市", "城市", "市/县"))
    district: Mapped[str | None] = field(kinds.Text(80), aliases=("区", "区县", "county"))
    street: Mapped[str | None] = field(
        kinds.Text(300), data="personal", aliases=("街道", "地址", "详细地址", "address", "address line 1")
    )
    postal_code: Mapped[str | None] = field(
        kinds.Text(20), aliases=("邮编", "邮政编码", "zip", "zip code", "postcode")
    )
    recipient: Mapped[str | None] = field(kinds.Text(120), data="personal", aliases=("收件人",))
    is_primary: Mapped[bool] = field(
        kinds.Boolean(), "Primary", required=True, default=False, aliases=("主要",)
    )
