"""Price books; quotes and sales orders with their lines."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.api import Archivable, Choice, Customizable, Owned, Timeline, computed, field, kinds
from crmframe_sales.models import Base
from crmframe_sales.quotes.amounts import line_field, total_field

GRADES = (Choice("a", "Grade A"), Choice("b", "Grade B"), Choice("c", "Grade C"), Choice("d", "Grade D"))
LANGUAGES = (Choice("en", "English"), Choice("zh_Hans", "Chinese"))
QUOTE_STATES = (
    Choice("draft", "Draft", "grey"),
    Choice("sent", "Sent", "blue"),
    Choice("accepted", "Accepted", "green"),
    Choice("declined", "Declined", "red"),
    Choice("expired", "Expired", "amber"),
    Choice("superseded", "Superseded", "grey"),
)
ORDER_STATES = (
    Choice("draft", "Draft", "grey"),
    Choice("confirmed", "Confirmed", "blue"),
    Choice("delivered", "Delivered", "teal"),
    Choice("closed", "Completed", "green"),
    Choice("cancelled", "Cancelled", "red"),
)
QUOTE_VERBS = ("send", "accept", "decline", "expire", "revoke", "new_version")
ORDER_VERBS = ("confirm", "deliver", "close", "cancel")


def _of_quote(what: str, label: str) -> Any:
    lines = total_field(lambda: QuoteLine.__table__, "quote_id", what)
    return computed(kinds.Money(currency="currency"), lines, label)


def _of_order(what: str, label: str) -> Any:
    lines = total_field(lambda: SalesOrderLine.__table__, "order_id", what)
    return computed(kinds.Money(currency="currency"), lines, label)


class PriceBook(Base, Archivable):
    """What products cost, for whom and when; one without customer and grade is for everybody.

    Attributes:
        customer_id: Only for this customer; it wins over books for grades, and those over books for all.
        grades: Only for customers of these grades.
    """

    __icon__ = "book-open"
    __group__ = "sales"
    __list__ = ("name", "currency", "customer_id", "grades", "valid_from", "valid_until", "is_active")

    name: Mapped[str] = field(
        kinds.Text(120), required=True, unique=True, index=True, aliases=("价格表",), searchable=True
    )
    currency: Mapped[str] = field(
        kinds.Text(3), required=True, default=lambda work: work.settings.currency, aliases=("币种",)
    )
    customer_id: Mapped[int | None] = field(
        kinds.Reference("core.customer", on_delete="restrict"), "Only for customer", aliases=("客户",)
    )
    grades: Mapped[list[str] | None] = field(
        kinds.MultiChoice(*GRADES, like="core.customer.grade"),
        "Only for grades",
        aliases=("客户等级",),
    )
    valid_from: Mapped[date | None] = field(kinds.Date(), "Valid from", aliases=("生效日期",))
    valid_until: Mapped[date | None] = field(kinds.Date(), "Valid until", aliases=("失效日期",))
    is_active: Mapped[bool] = field(kinds.Boolean(), "Active", required=True, default=True)


class PriceBookEntry(Base):
    """The price of one unit of a product, from a quantity on.

    Attributes:
        min_quantity: The price holds when at least this much is bought.
    """

    __title__ = "product_id"
    __access_through__ = ("price_book_id",)
    __in_menu__ = False
    __plural__ = "Price book entries"
    __list__ = ("price_book_id", "product_id", "min_quantity", "price")

    price_book_id: Mapped[int] = field(
        kinds.Reference("sales.price_book", on_delete="cascade"),
        "Price book",
        required=True,
        aliases=("价格表",),
    )
    product_id: Mapped[int] = field(
        kinds.Reference("core.product", on_delete="cascade"), "Product", required=True, aliases=("产品",)
    )
    min_quantity: Mapped[Decimal] = field(
        kinds.DecimalNumber(3), "From quantity", required=True, default=Decimal(0), aliases=("起订量",)
    )
    price: Mapped[Decimal] = field(kinds.Money(), required=True, aliases=("单价", "价格"))


_entries = PriceBookEntry.__table__
sa.UniqueConstraint(
    _entries.c.price_book_id,
    _entries.c.product_id,
    _entries.c.min_quantity,
    name="uq_sales_price_book_entries_price",
)


class Priced:
    """What quotes and orders have in common."""

    contact_id: Mapped[int | None] = field(
        kinds.Reference("core.contact", on_delete="clear"), "Contact", aliases=("联系人",)
    )
    currency: Mapped[str] = field(
        kinds.Text(3), required=True, default=lambda work: work.settings.currency, aliases=("币种",)
    )
    prices_include_tax: Mapped[bool] = field(
        kinds.Boolean(),
        "Prices include tax",
        required=True,
        default=lambda work: work.setting("sales.prices_include_tax"),
        aliases=("含税",),
    )
    discount_percent: Mapped[Decimal | None] = field(
        kinds.DecimalNumber(2), "Discount on everything (%)", aliases=("整单折扣",)
    )
    language: Mapped[str] = field(
        kinds.Choices(*LANGUAGES),
        "Language of the document",
        required=True,
        default=lambda work: work.settings.locale,
        aliases=("语言",),
    )
    terms: Mapped[str | None] = field(
        kinds.LongText(), default=lambda work: work.setting("sales.terms"), aliases=("条款",)
    )
    notes: Mapped[str | None] = field(kinds.LongText(), aliases=("备注",))


class Line:
    """What the lines of quotes and orders have in common.

    Attributes:
        discount_amount: Off the whole line, beside the percentage.
        tax_rate: Percent.
        position: Place in the document, ascending.
    """

    product_id: Mapped[int | None] = field(
        kinds.Reference("core.product", on_delete="restrict"), "Product", aliases=("产品",)
    )
    description: Mapped[str | None] = field(kinds.Text(500), aliases=("说明",))
    quantity: Mapped[Decimal] = field(
        kinds.DecimalNumber(3), required=True, default=Decimal(1), aliases=("数量", "qty")
    )
    unit: Mapped[str | None] = field(kinds.Text(30), aliases=("单位",))
    price: Mapped[Decimal] = field(kinds.Money(), required=True, default=Decimal(0), aliases=("单价",))
    discount_percent: Mapped[Decimal | None] = field(
        kinds.DecimalNumber(2), "Discount (%)", aliases=("折扣",)
    )
    discount_amount: Mapped[Decimal | None] = field(kinds.Money(), "Discount", aliases=("折扣金额",))
    tax_rate: Mapped[Decimal] = field(
        kinds.DecimalNumber(2),
        "Tax (%)",
        required=True,
        default=lambda work: work.setting("sales.tax_rate"),
        aliases=("税率",),
    )
    position: Mapped[int] = field(kinds.Integer(min=0), required=True, default=1, aliases=("顺序",))
    price_reason: Mapped[str | None] = field(kinds.Text(200), "Price from")


class Quote(Base, Priced, Owned, Archivable, Customizable, Timeline):
    """An offer to a customer; its sums follow from its lines.

    Attributes:
        number: Drawn when it is sent for the first time; all versions share it.
        revision: The version that the customer sees: 1, 2, ….
        previous_id: The version before.
        valid_until: The last day on which it can be accepted.
        link_key: The secret in the address of the customer's page; None when there is none.
        accepted_by: What the customer wrote as the name; the address and the browser tell who it was.
    """

    __icon__ = "file-text"
    __group__ = "sales"
    __title__ = "subject"
    __list__ = (
        "number",
        "revision",
        "subject",
        "customer_id",
        "status",
        "total",
        "currency",
        "valid_until",
        "owner_id",
    )

    number: Mapped[str | None] = field(
        kinds.Text(80), index=True, written_by=QUOTE_VERBS, aliases=("报价单号",), searchable=True
    )
    revision: Mapped[int] = field(
        kinds.Integer(min=1), "Version of the quote", required=True, default=1, written_by=QUOTE_VERBS
    )
    subject: Mapped[str] = field(
        kinds.Text(200), required=True, index=True, aliases=("报价主题", "主题", "title"), searchable=True
    )
    customer_id: Mapped[int] = field(
        kinds.Reference("core.customer", on_delete="restrict"),
        "Customer",
        required=True,
        index=True,
        aliases=("客户",),
    )
    deal_id: Mapped[int | None] = field(
        kinds.Reference("sales.deal", on_delete="clear"), "Deal", index=True, aliases=("商机",)
    )
    status: Mapped[str] = field(
        kinds.Choices(*QUOTE_STATES), required=True, default="draft", index=True, written_by=QUOTE_VERBS
    )
    valid_until: Mapped[date | None] = field(kinds.Date(), "Valid until", index=True, aliases=("有效期",))
    previous_id: Mapped[int | None] = field(
        kinds.Reference("sales.quote", on_delete="clear"), "Version before", written_by=QUOTE_VERBS
    )
    sent_at: Mapped[datetime | None] = field(kinds.Instant(), "Sent", written_by=QUOTE_VERBS)
    decided_at: Mapped[datetime | None] = field(kinds.Instant(), "Decided", written_by=QUOTE_VERBS)
    accepted_by: Mapped[str | None] = field(
        kinds.Text(120), "Decided by", data="personal", written_by=QUOTE_VERBS
    )
    accepted_from: Mapped[str | None] = field(
        kinds.Text(400), "Decided from", data="personal", written_by=QUOTE_VERBS
    )
    decline_reason: Mapped[str | None] = field(kinds.LongText(), "Declined because", written_by=QUOTE_VERBS)
    link_key: Mapped[str | None] = field(kinds.Text(64), unique=True, hidden=True, written_by=QUOTE_VERBS)
    subtotal = _of_quote("subtotal", "Subtotal")
    net = _of_quote("net", "Net")
    tax = _of_quote("tax", "Tax")
    total = _of_quote("total", "Total")


_quotes = Quote.__table__
sa.UniqueConstraint(_quotes.c.number, _quotes.c.revision)


class QuoteLine(Base, Line):
    """A position of a quote."""

    __title__ = "description"
    __access_through__ = ("quote_id",)
    __in_menu__ = False
    __order__ = ("position",)
    __list__ = (
        "position",
        "product_id",
        "description",
        "quantity",
        "unit",
        "price",
        "discount_percent",
        "amount",
    )

    quote_id: Mapped[int] = field(
        kinds.Reference("sales.quote", on_delete="cascade"), "Quote", required=True, aliases=("报价",)
    )
    amount = computed(kinds.Money(), line_field(lambda: Quote.__table__, "quote_id"), "Amount")


class SalesOrder(Base, Priced, Owned, Archivable, Customizable, Timeline):
    """What a customer ordered; confirmed, it is purchases of the customer.

    Attributes:
        number: Drawn when it is confirmed, without gaps.
    """

    __icon__ = "shopping-cart"
    __group__ = "sales"
    __title__ = "subject"
    __list__ = ("number", "subject", "customer_id", "status", "total", "currency", "ordered_on", "owner_id")

    number: Mapped[str | None] = field(
        kinds.Text(80), unique=True, index=True, written_by=ORDER_VERBS, aliases=("订单号",), searchable=True
    )
    subject: Mapped[str] = field(
        kinds.Text(200), required=True, index=True, aliases=("订单主题", "主题"), searchable=True
    )
    customer_id: Mapped[int] = field(
        kinds.Reference("core.customer", on_delete="restrict"),
        "Customer",
        required=True,
        index=True,
        aliases=("客户",),
    )
    quote_id: Mapped[int | None] = field(
        kinds.Reference("sales.quote", on_delete="restrict"), "Quote", aliases=("报价",)
    )
    deal_id: Mapped[int | None] = field(
        kinds.Reference("sales.deal", on_delete="clear"), "Deal", index=True, aliases=("商机",)
    )
    status: Mapped[str] = field(
        kinds.Choices(*ORDER_STATES), required=True, default="draft", index=True, written_by=ORDER_VERBS
    )
    ordered_on: Mapped[date | None] = field(
        kinds.Date(), "Ordered on", index=True, default=lambda work: work.today, aliases=("下单日期",)
    )
    confirmed_at: Mapped[datetime | None] = field(kinds.Instant(), "Confirmed", written_by=ORDER_VERBS)
    delivered_at: Mapped[datetime | None] = field(kinds.Instant(), "Delivered", written_by=ORDER_VERBS)
    closed_at: Mapped[datetime | None] = field(kinds.Instant(), "Completed", written_by=ORDER_VERBS)
    cancelled_at: Mapped[datetime | None] = field(kinds.Instant(), "Cancelled", written_by=ORDER_VERBS)
    subtotal = _of_order("subtotal", "Subtotal")
    net = _of_order("net", "Net")
    tax = _of_order("tax", "Tax")
    total = _of_order("total", "Total")


class SalesOrderLine(Base, Line):
    """A position of a sales order."""

    __title__ = "description"
    __access_through__ = ("order_id",)
    __in_menu__ = False
    __order__ = ("position",)
    __list__ = (
        "position",
        "product_id",
        "description",
        "quantity",
        "unit",
        "price",
        "discount_percent",
        "amount",
    )

    order_id: Mapped[int] = field(
        kinds.Reference("sales.sales_order", on_delete="cascade"),
        "Sales order",
        required=True,
        aliases=("订单",),
    )
    amount = computed(kinds.Money(), line_field(lambda: SalesOrder.__table__, "order_id"), "Amount")


# What a line of one document hands on to a line of another.
LINE_FIELDS = (
    "product_id",
    "description",
    "quantity",
    "unit",
    "price",
    "discount_percent",
    "discount_amount",
    "tax_rate",
    "position",
    "price_reason",
)
DOCUMENT_FIELDS = (
    "subject",
    "customer_id",
    "contact_id",
    "deal_id",
    "currency",
    "prices_include_tax",
    "discount_percent",
    "language",
    "terms",
    "notes",
)
ENTITIES = (PriceBook, PriceBookEntry, Quote, QuoteLine, SalesOrder, SalesOrderLine)
