"""The leads of the sample company: those who became customers, and those who asked in the last weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records

Step = tuple[datetime, str, Callable[[UnitOfWork], Any]]

SEED = 71
LEAD = "sales.lead"
OWNERS = ("chen", "liu", "zhou", "wu", "emma", "marco")
ABROAD = ("emma", "marco")
SPAN, SPANS, NEWEST = 60, 6, 45
# Of the customers that came, one in seven was a lead; beside them come so many others for a hundred customers.
CONVERTED, OTHERS = 0.15, 18
SOURCES, SOURCE_WEIGHTS = (
    ("website", "search", "exhibition", "referral", "advertisement", "social", "partner", "phone"),
    (7, 5, 5, 4, 4, 3, 2, 3),
)
CAMPAIGNS = {
    "website": ("2026 新品发布 Product launch", None),
    "search": ("Search brand", "Search sensors"),
    "exhibition": ("上海工博会 CIIF", "Hannover Messe"),
    "advertisement": ("Automation newsletter", "行业杂志 Trade journal"),
    "social": ("LinkedIn vision", "微信公众号 WeChat"),
}
OPEN, OPEN_WEIGHTS = ("new", "working", "nurturing", "qualified"), (5, 6, 3, 3)
REASONS = ("no_need", "no_budget", "unreachable", "wrong_contact", "duplicate")
NEEDS = {
    "zh_Hans": (
        "想了解视觉检测站，用于瓶盖外观检测。",
        "产线改造，需要约两百只传感器，请报价。",
        "控制柜老化，计划明年上半年更换。",
        "希望预约一次现场演示。",
        "咨询云平台年度订阅的价格和数据存放位置。",
    ),
    "en": (
        "We look for a vision station to check bottle caps",
        "About two hundred sensors for a new line, please quote",
        "Our control cabinets are old; we plan to replace them next year",
        "Please show us the system on site",
        "What does the cloud subscription cost, and where is the data kept",
    ),
}
FAMILY = tuple("王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗")
GIVEN = (
    "伟",
    "静",
    "丽娜",
    "志强",
    "晓燕",
    "建国",
    "海涛",
    "雪梅",
    "俊杰",
    "文博",
    "佳怡",
    "国栋",
    "慧敏",
    "立新",
)
PLACES = ("无锡", "常州", "合肥", "青岛", "武汉", "成都", "东莞", "佛山", "厦门", "长沙", "宁波", "西安")
BRANDS = ("康源", "鼎盛", "宏达", "众合", "新锐", "天衡", "科瑞", "润泽", "永信", "凯立", "博远", "盛邦")
TRADES = ("机械", "电子", "食品", "包装", "汽配", "医疗器械", "新材料", "仪表")
JOBS = {
    "zh_Hans": ("采购经理", "设备主管", "总经理", "工艺工程师", "生产部长"),
    "en": ("Purchasing", "Head of production", "Managing director", "Process engineer"),
}
FIRST = (
    "Anna",
    "Jonas",
    "Claire",
    "David",
    "Sofia",
    "Lukas",
    "Giulia",
    "Henrik",
    "Olivia",
    "Mateo",
    "Ingrid",
    "Paul",
)
LAST = (
    "Weber",
    "Moreau",
    "Jensen",
    "Taylor",
    "Bianchi",
    "Novak",
    "Larsson",
    "Keller",
    "Hughes",
    "Dubois",
    "Santos",
)
TOWNS = ("Lyon", "Turin", "Leeds", "Linz", "Gothenburg", "Porto", "Ghent", "Denver", "Rotterdam", "Brno")
FIRMS = ("Packaging", "Foods", "Plastics", "Medical", "Tooling", "Electronics", "Bottling", "Automotive")
FORMS = ("Ltd", "GmbH", "Group", "Works", "Industries")


def leads(now: datetime, customers: int) -> Iterator[Step]:
    """Yield what each owner wrote down in every two months: customers that were leads first, and other leads."""
    random = Random(SEED)  # noqa: S311 - the same leads every time is what is wanted
    rows: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for _ in range(customers * OTHERS // 100):
        days = (
            random.randint(1, NEWEST) if random.random() < 0.6 else random.randint(NEWEST, SPAN * SPANS - 1)
        )
        owner = random.choice(OWNERS)
        rows[days // SPAN, owner].append(_asked(random, owner, now, days))
    for owner in OWNERS:
        for span in range(SPANS):
            at = _evening(now, span * SPAN)
            yield at, owner, _written(rows[span, owner], random.randint(0, 10**6))


def _evening(now: datetime, days_ago: int) -> datetime:
    moment = now - timedelta(days=days_ago, hours=1 if days_ago == 0 else 0)
    return moment if days_ago == 0 else moment.replace(hour=11, minute=0, second=0, microsecond=0)


def _asked(random: Random, owner: str, now: datetime, days: int) -> dict[str, Any]:
    source = random.choices(SOURCES, SOURCE_WEIGHTS)[0]
    names = _abroad(random) if owner in ABROAD else _at_home(random)
    received = now - timedelta(days=days, minutes=random.randint(0, 540))
    status = (
        random.choices(OPEN, OPEN_WEIGHTS)[0]
        if days <= NEWEST
        else random.choice(("nurturing", "unqualified"))
    )
    if status == "new" and days > 10:
        status = "unqualified"
    reason = random.choice(REASONS) if status == "unqualified" else None
    needs = NEEDS["en" if owner in ABROAD else "zh_Hans"]
    return {
        **names,
        "status": status,
        "unqualified_reason": reason,
        "source": source,
        "utm_campaign": random.choice(CAMPAIGNS.get(source, (None,))),
        "need": random.choice(needs) if random.random() < 0.6 else None,
        "received_at": received,
    }


def _at_home(random: Random) -> dict[str, Any]:
    place, brand = random.choice(PLACES), random.choice(BRANDS)
    number = f"+86 13{random.randint(0, 9)} {random.randint(1000, 9999)} {random.randint(1000, 9999)}"
    return {
        "name": random.choice(FAMILY) + random.choice(GIVEN),
        "company": f"{place}{brand}{random.choice(TRADES)}有限公司",
        "job_title": random.choice(JOBS["zh_Hans"]),
        "phone": number if random.random() < 0.85 else None,
        "wechat": f"wx_{random.randint(10**6, 10**7)}" if random.random() < 0.4 else None,
        "city": place,
    }


def _abroad(random: Random) -> dict[str, Any]:
    first, last = random.choice(FIRST), random.choice(LAST)
    town, firm = random.choice(TOWNS), random.choice(FIRMS)
    return {
        "name": f"{first} {last}",
        "company": f"{town} {firm} {random.choice(FORMS)}",
        "job_title": random.choice(JOBS["en"]),
        "email": f"{first}.{last}@{town}-{firm}.example".lower(),
        "city": town,
    }


def _written(rows: Sequence[dict[str, Any]], lot: int) -> Callable[[UnitOfWork], None]:
    def write(work: UnitOfWork) -> None:
        random = Random(lot)  # noqa: S311 - as above
        if rows:
            records.create_many(work, LEAD, rows)
        became = [each for each in _newcomers(work) if random.random() < CONVERTED]
        if not became:
            return
        names = records.titles(work, "core.contact", [each.contact for each in became])
        was = [_was(each, names[each.contact], random) for each in became]
        ids = records.create_many(work, LEAD, was)
        made = {
            lead: {
                "customer_id": each.id,
                "contact_id": each.contact,
                "without_deal": True,
                "converted_at": each.created_at.isoformat(),
            }
            for lead, each in zip(ids, became, strict=True)
        }
        records.run_many(work, LEAD, "convert_imported", made)

    return write


def _newcomers(work: UnitOfWork) -> Sequence[Any]:
    """Return the actor's customers of the last two months, each with the first of its people."""
    customer, contact = (records.visible(work, name) for name in ("core.customer", "core.contact"))
    first = sa.select(sa.func.min(contact.c.id)).where(contact.c.customer_id == customer.c.id)
    since = sa.bindparam("since", type_=customer.c.created_at.type)
    wanted = sa.select(
        customer.c.id,
        customer.c.name,
        customer.c.city,
        customer.c.source,
        customer.c.phone,
        customer.c.language,
        customer.c.created_at,
        first.scalar_subquery().label("contact"),
    ).where(
        customer.c.owner_id == work.actor.id, customer.c.created_at >= since, customer.c.kind == "company"
    )
    found = work.rows(wanted.order_by(customer.c.id), {"since": work.now - timedelta(days=SPAN)})
    return [each for each in found if each.contact is not None]


def _was(customer: Any, person: str, random: Random) -> dict[str, Any]:
    """Return the lead that a customer was."""
    return {
        "name": person,
        "company": customer.name,
        "city": customer.city,
        "phone": customer.phone,
        "source": customer.source,
        "utm_campaign": random.choice(CAMPAIGNS.get(customer.source, (None,))),
        "status": "qualified",
        "received_at": customer.created_at - timedelta(days=random.randint(2, 21)),
    }
