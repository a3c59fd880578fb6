"""Products, what customers bought of them, and what a currency was worth on a day."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.customers.currency import CurrencyCode
from crmframe.core.entities import kinds
from crmframe.core.entities.declare import Archivable, Customizable
from crmframe.core.entities.field import field


class Product(Base, Archivable, Customizable):
    """Something that is sold.

    Attributes:
        price: Of one ``unit``, in major units of ``currency``.
    """

    __icon__ = "package"
    __group__ = "customers"
    __list__ = ("name", "code", "series", "price", "currency", "is_active")

    name: Mapped[str] = field(
        kinds.Text(200),
        required=True,
        index=True,
        aliases=("产品", "产品名称", "商品", "product", "product name", "item"),
        searchable=True,
    )
    code: Mapped[str | None] = field(
        kinds.Text(60),
        unique=True,
        aliases=("产品编号", "产品编码", "货号", "sku", "product code", "item number"),
        searchable=True,
    )
    series: Mapped[str | None] = field(
        kinds.Text(80), index=True, aliases=("系列", "产品系列", "类别", "category", "product family")
    )
    price: Mapped[Decimal | None] = field(
        kinds.Money(currency="currency"),
        index=True,
        aliases=("价格", "单价", "售价", "list price", "sales price", "sales_price", "unit price"),
    )
    currency: Mapped[str | None] = field(
        kinds.Text(3), default=lambda work: work.settings.currency, aliases=("币种", "货币")
    )
    unit: Mapped[str | None] = field(kinds.Text(30), aliases=("单位", "计量单位", "unit of measure"))
    is_active: Mapped[bool] = field(
        kinds.Boolean(), "On sale", required=True, default=True, aliases=("在售", "启用", "active")
    )
    description: Mapped[str | None] = field(kinds.LongText(), aliases=("描述", "备注", "notes"))


class Purchase(Base):
    """Something a customer bought, whoever reports it: an order, the ERP system, an import.

    Attributes:
        amount: Of the whole purchase, in major units of ``currency``.
        external_reference: The number under which ``source`` knows it.
    """

    __title__ = "external_reference"
    __icon__ = "shopping-bag"
    __group__ = "customers"
    __access_through__ = ("customer_id",)
    __list__ = ("at", "customer_id", "product_id", "quantity", "amount", "currency", "source")
    __order__ = ("-at",)

    customer_id: Mapped[int] = field(
        kinds.Reference("core.customer", on_delete="restrict"),
        "Customer",
        required=True,
        index=True,
        aliases=("客户", "客户名称", "account", "company"),
    )
    product_id: Mapped[int | None] = field(
        kinds.Reference("core.product", on_delete="restrict"),
        "Product",
        index=True,
        aliases=("产品", "商品", "item"),
    )
    quantity: Mapped[Decimal] = field(
        kinds.DecimalNumber(3), required=True, default=Decimal(1), aliases=("数量", "qty")
    )
    amount: Mapped[Decimal | None] = field(
        kinds.Money(currency="currency"), index=True, aliases=("金额", "总额", "total", "total amount")
    )
    currency: Mapped[str | None] = field(
        kinds.Text(3), default=lambda work: work.settings.currency, aliases=("币种", "货币")
    )
    at: Mapped[datetime] = field(
        kinds.Instant(),
        "Bought",
        required=True,
        index=True,
        default=lambda work: work.now,
        aliases=("日期", "购买时间", "下单时间", "date", "order date", "purchase date"),
    )
    source: Mapped[str | None] = field(kinds.Text(40), aliases=("来源", "渠道"))
    external_reference: Mapped[str | None] = field(
        kinds.Text(80), index=True, aliases=("订单号", "单号", "order number", "order id"), searchable=True
    )


class CurrencyRate(Base):
    """What one unit of a currency was worth on a day.

    Attributes:
        rate: Units of the workspace's currency per unit of ``currency``.
    """

    __title__ = "currency"
    __icon__ = "arrow-left-right"
    __group__ = "administration"
    __order__ = ("-day",)

    currency: Mapped[str] = field(CurrencyCode(), required=True, index=True, aliases=("币种", "货币"))
    day: Mapped[date] = field(kinds.Date(), required=True, index=True, aliases=("日期", "date"))
    rate: Mapped[Decimal] = field(kinds.DecimalNumber(8), required=True, aliases=("汇率", "exchange rate"))


sa.UniqueConstraint(CurrencyRate.__table__.c.currency, CurrencyRate.__table__.c.day)
