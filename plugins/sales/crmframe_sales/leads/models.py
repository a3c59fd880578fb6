"""Leads, the rules that score them, and the public forms that make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from crmframe.api import (
    Archivable,
    Assignable,
    Choice,
    Customizable,
    Owned,
    Timeline,
    UnitOfWork,
    field,
    kinds,
)
from crmframe_sales.models import Base

STATUSES = (
    Choice("new", "New", "blue"),
    Choice("working", "Working on it", "teal"),
    Choice("nurturing", "Nurturing", "violet"),
    Choice("qualified", "Qualified", "amber"),
    Choice("converted", "Converted", "green"),
    Choice("unqualified", "Unqualified", "grey"),
)
UNQUALIFIED_REASONS = (
    Choice("no_need", "No need"),
    Choice("no_budget", "No budget"),
    Choice("unreachable", "Cannot be reached"),
    Choice("wrong_contact", "Wrong contact"),
    Choice("duplicate", "Duplicate"),
    Choice("spam", "Spam"),
    Choice("other", "Other"),
)
FORM_FIELDS = (
    Choice("name", "Name"),
    Choice("company", "Company"),
    Choice("phone", "Phone"),
    Choice("email", "E-mail"),
    Choice("wechat", "WeChat"),
    Choice("city", "City"),
    Choice("region", "Province or state"),
    Choice("need", "What is wanted"),
)
FORM_LANGUAGES = (Choice("en", "English"), Choice("zh_Hans", "Chinese"))
OPEN_STATUSES = ("new", "working", "nurturing", "qualified")
CONVERT = ("convert", "convert_imported")


def first_owner(work: UnitOfWork) -> int | None:
    """Return whose a new lead is: who types it keeps it, what a program brings is left to the assignment rules."""
    brought = work.door in ("api", "import") and "all" in work.actor.scopes_of("sales.lead.create")
    return None if brought else work.actor.id


class WebForm(Base, Archivable):
    """A public page whose visitors become leads.

    Attributes:
        token: The last part of its address, which nobody guesses; kept by the pipeline.
        fields: What it asks for; the name, and a way to answer, are always asked.
        consent_text: What visitors agree to by a tick; without it none is asked for.
        redirect_url: Where visitors go after sending; the thank-you text shows when it is empty.
        allowed_origins: Sites that may show it in a frame, one a line; empty allows none.
        language: Empty follows the visitor's browser.
    """

    __slug__ = "web-forms"
    __icon__ = "inbox"
    __group__ = "administration"
    __order__ = ("title",)
    __list__ = ("title", "source", "language", "active", "updated_at")

    title: Mapped[str] = field(kinds.Text(120), required=True, index=True, aliases=("表单名称",))
    intro: Mapped[str | None] = field(kinds.LongText(), "Introduction", aliases=("说明",))
    token: Mapped[str] = field(kinds.Text(40), "Address", required=True, unique=True, maintained=True)
    fields: Mapped[list[str] | None] = field(
        kinds.MultiChoice(*FORM_FIELDS), default=lambda work: ["name", "company", "phone", "email", "need"]
    )
    source: Mapped[str | None] = field(kinds.Text(80), default="website", aliases=("来源",))
    button: Mapped[str | None] = field(kinds.Text(60), "Text of the button")
    thanks: Mapped[str | None] = field(kinds.LongText(), "Thank-you text")
    redirect_url: Mapped[str | None] = field(kinds.Url(), "Page to show afterwards")
    consent_text: Mapped[str | None] = field(kinds.LongText(), "Words of consent")
    consent_version: Mapped[str | None] = field(kinds.Text(40), "Edition of the words")
    consent_required: Mapped[bool] = field(kinds.Boolean(), required=True, default=True)
    language: Mapped[str | None] = field(kinds.Choices(*FORM_LANGUAGES))
    allowed_origins: Mapped[str | None] = field(
        kinds.LongText(),
        "Sites that may embed it",
        help="One a line, such as https://www.example.com.",
    )
    active: Mapped[bool] = field(kinds.Boolean(), required=True, default=True)


class ScoreRule(Base):
    """Points that a lead gets while a condition holds.

    Attributes:
        conditions: In the filter language; several must all hold.
        points: Added to the score; less than zero takes away.
    """

    __slug__ = "score-rules"
    __icon__ = "gauge"
    __group__ = "administration"
    __order__ = ("position", "name")
    __list__ = ("name", "conditions", "points", "active")

    name: Mapped[str] = field(kinds.Text(120), required=True, index=True, aliases=("规则名称",))
    conditions: Mapped[Any] = field(
        kinds.Json(), required=True, help='Such as {"phone__empty": false} or {"source": "referral"}.'
    )
    points: Mapped[int] = field(
        kinds.Integer(min=-1000, max=1000), required=True, default=10, aliases=("分值",)
    )
    position: Mapped[int] = field(kinds.Integer(min=0), "Order", required=True, default=1, index=True)
    active: Mapped[bool] = field(kinds.Boolean(), required=True, default=True)


class Lead(Base, Owned, Assignable, Archivable, Customizable, Timeline):
    """Somebody who may become a customer.

    Attributes:
        name: Of the person.
        score: Sum of the points of the score rules that hold; ``score_reason`` names them. Kept by the pipeline.
        received_at: When they first asked.
        converted_at: When ``convert`` made or linked a customer, a contact and a deal.
        is_duplicate: Came by a form though somebody with the same number, address or company was there.
        ticket: Of the form's page that it came from: one page makes one lead.
    """

    __icon__ = "user-plus"
    __group__ = "sales"
    __board__ = "status"
    __list__ = ("name", "company", "status", "score", "source", "phone", "owner_id", "received_at")
    __order__ = ("-received_at",)
    __open__ = (("status__in", OPEN_STATUSES),)

    owner_id: Mapped[int | None] = field(
        kinds.Reference("core.user", on_delete="restrict"),
        "Owner",
        index=True,
        default=first_owner,
        aliases=("负责人",),
    )
    name: Mapped[str] = field(
        kinds.Text(120),
        required=True,
        index=True,
        data="personal",
        searchable=True,
        aliases=("姓名", "线索", "线索名称", "联系人", "contact name", "full name", "mql_id"),
    )
    company: Mapped[str | None] = field(
        kinds.Text(200),
        index=True,
        searchable=True,
        aliases=("公司", "公司名称", "客户名称", "company name", "organization"),
    )
    job_title: Mapped[str | None] = field(kinds.Text(120), aliases=("职务", "职位", "title"))
    phone: Mapped[str | None] = field(
        kinds.Phone(),
        index=True,
        data="personal",
        searchable=True,
        aliases=("电话", "手机", "联系电话", "mobile", "telephone"),
    )
    email: Mapped[str | None] = field(
        kinds.Email(),
        "E-mail",
        index=True,
        data="personal",
        searchable=True,
        aliases=("邮箱", "电子邮件", "e-mail", "email address"),
    )
    wechat: Mapped[str | None] = field(kinds.Text(60), "WeChat", data="personal", aliases=("微信", "微信号"))
    city: Mapped[str | None] = field(kinds.Text(80), aliases=("市", "城市"))
    region: Mapped[str | None] = field(
        kinds.Text(60), "Province or state", aliases=("省", "省份", "state", "province")
    )
    status: Mapped[str] = field(
        kinds.Choices(*STATUSES), required=True, default="new", index=True, aliases=("状态", "线索状态")
    )
    unqualified_reason: Mapped[str | None] = field(
        kinds.Choices(*UNQUALIFIED_REASONS, editable=True), "Unqualified because", aliases=("不合格原因",)
    )
    score: Mapped[int] = field(kinds.Integer(), required=True, default=0, maintained=True, index=True)
    score_reason: Mapped[str | None] = field(kinds.LongText(), "Reason of the score", maintained=True)
    need: Mapped[str | None] = field(
        kinds.LongText(), "What is wanted", data="personal", aliases=("需求", "意向产品", "message")
    )
    product_id: Mapped[int | None] = field(
        kinds.Reference("core.product", on_delete="clear"), "Product", aliases=("产品",)
    )
    source: Mapped[str | None] = field(
        kinds.Text(80, suggests=True), index=True, aliases=("来源", "线索来源", "lead source", "origin")
    )
    utm_source: Mapped[str | None] = field(kinds.Text(120), "Campaign: source", aliases=("utm source",))
    utm_medium: Mapped[str | None] = field(kinds.Text(120), "Campaign: medium", aliases=("utm medium",))
    utm_campaign: Mapped[str | None] = field(
        kinds.Text(120), "Campaign", aliases=("utm campaign", "市场活动", "campaign")
    )
    landing_page: Mapped[str | None] = field(
        kinds.Text(500), aliases=("着陆页", "landing_page_id", "landing page")
    )
    received_at: Mapped[datetime] = field(
        kinds.Instant(),
        "Received",
        required=True,
        index=True,
        default=lambda work: work.now,
        aliases=("收到时间", "first_contact_date", "first contact date"),
    )
    is_duplicate: Mapped[bool] = field(kinds.Boolean(), "Duplicate", required=True, default=False)
    form_id: Mapped[int | None] = field(kinds.Reference("sales.web_form", on_delete="clear"), "Form")
    ticket: Mapped[str | None] = field(kinds.Text(60), unique=True, hidden=True)
    customer_id: Mapped[int | None] = field(
        kinds.Reference("core.customer", on_delete="clear"), "Customer", written_by=CONVERT
    )
    contact_id: Mapped[int | None] = field(
        kinds.Reference("core.contact", on_delete="clear"), "Contact", written_by=CONVERT
    )
    deal_id: Mapped[int | None] = field(
        kinds.Reference("sales.deal", on_delete="clear"), "Deal", written_by=CONVERT
    )
    converted_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Converted", index=True, written_by=CONVERT, aliases=("转化时间",)
    )
    notes: Mapped[str | None] = field(kinds.LongText(), data="personal", aliases=("备注", "description"))


ENTITIES = (ScoreRule, WebForm, Lead)
