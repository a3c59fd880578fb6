"""Customers and the people who work there."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core.base import Base
from crmframe.core.customers import choices
from crmframe.core.entities import kinds
from crmframe.core.entities.declare import Archivable, Customizable, Owned, Timeline
from crmframe.core.entities.field import field

BORN = sa.text("birthday_key IS NOT NULL")


class Customer(Base, Owned, Archivable, Customizable, Timeline):
    """A company or a person that buys, bought, or may buy; prospects and customers are one table.

    Attributes:
        revenue: Of a year, in major units of ``currency``.
        founded: The year.
        last_activity_at: Of the newest activity about this customer; kept by the pipeline.
        next_step_at: The latest next step that an activity names; kept by the pipeline.
    """

    __icon__ = "building-2"
    __place__ = ("country", "region", "postal_code", "city", "address")
    __group__ = "customers"
    __board__ = "lifecycle_stage"
    __indexes__ = (
        sa.Index(
            "ix_core_customers_birthday",
            "birthday_key",
            "owner_id",
            "id",
            sqlite_where=BORN,
            postgresql_where=BORN,
        ),
    )
    __list__ = (
        "name",
        "industry",
        "city",
        "grade",
        "lifecycle_stage",
        "owner_id",
        "last_activity_at",
        "next_step_at",
    )

    name: Mapped[str] = field(
        kinds.Text(200),
        required=True,
        index=True,
        data="personal",
        aliases=(
            "客户名称",
            "客户",
            "公司",
            "公司名称",
            "单位",
            "account",
            "account name",
            "company",
            "company name",
            "organization",
            "organization name",
            "organisation",
        ),
        searchable=True,
    )
    kind: Mapped[str] = field(
        kinds.Choices(*choices.CUSTOMER_KINDS), required=True, default="company", aliases=("客户性质",)
    )
    code: Mapped[str | None] = field(
        kinds.Text(60),
        unique=True,
        aliases=("客户编号", "编号", "customer code", "customer number", "account number"),
        searchable=True,
    )
    industry: Mapped[str | None] = field(
        kinds.Text(80, suggests=True),
        index=True,
        aliases=("客户行业", "行业", "所属行业", "sector", "branch"),
    )
    size: Mapped[str | None] = field(
        kinds.Choices(*choices.SIZES, editable=True), aliases=("规模", "公司规模", "人员规模", "company size")
    )
    source: Mapped[str | None] = field(
        kinds.Choices(*choices.SOURCES, editable=True), aliases=("来源", "客户来源", "lead source", "origin")
    )
    lifecycle_stage: Mapped[str] = field(
        kinds.Choices(*choices.LIFECYCLE_STAGES),
        required=True,
        default="prospect",
        index=True,
        aliases=("客户状态", "生命周期阶段", "status"),
    )
    grade: Mapped[str | None] = field(
        kinds.Choices(*choices.GRADES, editable=True),
        index=True,
        aliases=("客户等级", "等级", "级别", "rating", "tier"),
    )
    parent_id: Mapped[int | None] = field(
        kinds.Reference("core.customer", on_delete="clear"),
        "Parent company",
        aliases=(
            "上级客户",
            "母公司",
            "上级公司",
            "parent",
            "parent account",
            "subsidiary_of",
            "subsidiary of",
        ),
    )
    referred_by_id: Mapped[int | None] = field(
        kinds.Reference("core.customer", on_delete="clear"),
        "Referred by",
        aliases=("推荐人", "介绍人", "referrer"),
    )
    phone: Mapped[str | None] = field(
        kinds.Phone(),
        index=True,
        data="personal",
        aliases=("电话", "手机", "联系电话", "telephone", "mobile", "company main phone", "phone number"),
        searchable=True,
    )
    email: Mapped[str | None] = field(
        kinds.Email(),
        "E-mail",
        index=True,
        data="personal",
        aliases=("邮箱", "电子邮件", "电子邮箱", "e-mail", "email address"),
        searchable=True,
    )
    website: Mapped[str | None] = field(
        kinds.Url(), aliases=("网站", "网址", "官网", "web", "homepage", "url")
    )
    country: Mapped[str | None] = field(
        kinds.Text(60), aliases=("国家", "国家/地区", "country/region", "office_location", "billing country")
    )
    region: Mapped[str | None] = field(
        kinds.Text(60), "Province or state", aliases=("省", "省份", "省/市/自治区", "州", "state", "province")
    )
    city: Mapped[str | None] = field(
        kinds.Text(80), index=True, aliases=("市", "城市", "town", "billing city")
    )
    address: Mapped[str | None] = field(
        kinds.Text(300), data="personal", aliases=("地址", "详细地址", "street", "billing street")
    )
    postal_code: Mapped[str | None] = field(
        kinds.Text(20), aliases=("邮编", "邮政编码", "zip", "zip code", "postcode")
    )
    tax_id: Mapped[str | None] = field(
        kinds.Text(40),
        "Tax id",
        data="personal",
        aliases=("税号", "纳税人识别号", "统一社会信用代码", "vat", "vat id", "vat number", "tax number"),
        searchable=True,
    )
    employees: Mapped[int | None] = field(
        kinds.Integer(min=0), aliases=("员工数", "员工人数", "人数", "number of employees", "headcount")
    )
    revenue: Mapped[Decimal | None] = field(
        kinds.Money(currency="currency"),
        "Annual revenue",
        aliases=("年收入", "营业额", "annual revenue", "turnover"),
    )
    currency: Mapped[str | None] = field(
        kinds.Text(3), default=lambda work: work.settings.currency, aliases=("币种", "货币")
    )
    founded: Mapped[int | None] = field(
        kinds.Integer(min=1, max=9999),
        "Founded in",
        aliases=("成立年份", "成立时间", "year established", "year_established", "year founded"),
    )
    salutation: Mapped[str | None] = field(kinds.Text(40), data="personal", aliases=("称谓", "称呼", "title"))
    gender: Mapped[str | None] = field(
        kinds.Choices(*choices.GENDERS), data="personal", aliases=("性别", "sex")
    )
    birthday: Mapped[date | None] = field(
        kinds.Date(), data="personal", aliases=("生日", "出生日期", "date of birth", "birthdate")
    )
    birthday_is_lunar: Mapped[bool | None] = field(
        kinds.Boolean(), "Birthday by the lunar calendar", aliases=("农历生日", "过农历")
    )
    birthday_key: Mapped[int | None] = field(kinds.Integer(), hidden=True, system=True)
    language: Mapped[str | None] = field(kinds.Choices(*choices.LANGUAGES), aliases=("语言",))
    preferred_channel: Mapped[str | None] = field(
        kinds.Choices(*choices.CHANNELS), aliases=("首选联系方式", "偏好渠道", "preferred contact method")
    )
    do_not_call: Mapped[bool] = field(
        kinds.Boolean(), required=True, default=False, aliases=("请勿致电", "免打扰", "phone opt out")
    )
    notes: Mapped[str | None] = field(
        kinds.LongText(),
        data="personal",
        aliases=("备注", "附注", "说明", "description", "comment", "comments", "note"),
    )
    last_activity_at: Mapped[datetime | None] = field(
        kinds.Instant(),
        "Last activity",
        maintained=True,
        index=True,
        aliases=("最近沟通时间", "最近跟进时间"),
    )
    next_step_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Next step", maintained=True, index=True, aliases=("下次跟进时间",)
    )


class Contact(Base, Owned, Archivable, Customizable, Timeline):
    """A person at one or several customers; ``customer_id`` is the main one, ``CustomerContact`` holds the others."""

    __icon__ = "contact-round"
    __group__ = "customers"
    __access_through__ = ("customer_id",)
    __indexes__ = (
        sa.Index(
            "ix_core_contacts_birthday",
            "birthday_key",
            "owner_id",
            "id",
            sqlite_where=BORN,
            postgresql_where=BORN,
        ),
    )
    __list__ = ("name", "customer_id", "job_title", "phone", "email", "owner_id")

    name: Mapped[str] = field(
        kinds.Text(120),
        required=True,
        index=True,
        data="personal",
        aliases=(
            "姓名",
            "联系人",
            "联系人姓名",
            "full name",
            "display name",
            "contact name",
            "contact",
            "first name+last name",
            "first name+middle name+last name",
            "given name+family name",
            "姓+名",
        ),
        searchable=True,
    )
    customer_id: Mapped[int | None] = field(
        kinds.Reference("core.customer", on_delete="cascade"),
        "Customer",
        index=True,
        aliases=(
            "客户",
            "客户名称",
            "公司",
            "单位",
            "account name",
            "company",
            "organization",
            "organization name",
        ),
    )
    job_title: Mapped[str | None] = field(
        kinds.Text(120), aliases=("职务", "职位", "头衔", "title", "position", "organization title")
    )
    department: Mapped[str | None] = field(kinds.Text(120), aliases=("部门", "organization department"))
    role: Mapped[str | None] = field(
        kinds.Choices(*choices.CONTACT_ROLES, editable=True), aliases=("角色", "决策角色", "buying role")
    )
    phone: Mapped[str | None] = field(
        kinds.Phone(),
        index=True,
        data="personal",
        aliases=("电话", "商务电话", "work phone", "business phone", "telephone"),
        searchable=True,
    )
    mobile: Mapped[str | None] = field(
        kinds.Phone(),
        index=True,
        data="personal",
        aliases=("手机", "手机号", "移动电话", "mobile phone", "cell"),
        searchable=True,
    )
    email: Mapped[str | None] = field(
        kinds.Email(),
        "E-mail",
        index=True,
        data="personal",
        aliases=("邮箱", "电子邮件", "电子邮件地址", "e-mail", "email address", "primary email"),
        searchable=True,
    )
    wechat: Mapped[str | None] = field(
        kinds.Text(60), "WeChat", data="personal", aliases=("微信", "微信号"), searchable=True
    )
    salutation: Mapped[str | None] = field(
        kinds.Text(40), data="personal", aliases=("称谓", "称呼", "name prefix")
    )
    gender: Mapped[str | None] = field(kinds.Choices(*choices.GENDERS), data="personal", aliases=("性别",))
    birthday: Mapped[date | None] = field(
        kinds.Date(), data="personal", aliases=("生日", "出生日期", "date of birth", "birthdate")
    )
    birthday_is_lunar: Mapped[bool | None] = field(
        kinds.Boolean(), "Birthday by the lunar calendar", aliases=("农历生日", "过农历")
    )
    birthday_key: Mapped[int | None] = field(kinds.Integer(), hidden=True, system=True)
    language: Mapped[str | None] = field(kinds.Choices(*choices.LANGUAGES), aliases=("语言",))
    preferred_channel: Mapped[str | None] = field(kinds.Choices(*choices.CHANNELS), aliases=("首选联系方式",))
    do_not_call: Mapped[bool] = field(kinds.Boolean(), required=True, default=False, aliases=("请勿致电",))
    notes: Mapped[str | None] = field(
        kinds.LongText(), data="personal", aliases=("备注", "附注", "description", "comment")
    )


class CustomerContact(Base):
    """A contact's role at one more customer."""

    __title__ = "role"
    __access_through__ = ("customer_id",)
    __in_menu__ = False

    customer_id: Mapped[int] = field(
        kinds.Reference("core.customer", on_delete="cascade"), "Customer", required=True, aliases=("客户",)
    )
    contact_id: Mapped[int] = field(
        kinds.Reference("core.contact", on_delete="cascade"), "Contact", required=True, aliases=("联系人",)
    )
    role: Mapped[str | None] = field(kinds.Choices(*choices.CONTACT_ROLES, editable=True), aliases=("角色",))
    is_primary: Mapped[bool] = field(
        kinds.Boolean(), "Primary", required=True, default=False, aliases=("主要联系人",)
    )


sa.UniqueConstraint(CustomerContact.__table__.c.customer_id, CustomerContact.__table__.c.contact_id)
