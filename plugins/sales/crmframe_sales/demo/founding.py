"""What the sample company laid down for its sales: prices, competitors, rules for leads, and targets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales.forecast.periods import Period, period_at

# Name, currency, customer grades, and what part of the list price holds.
BOOKS: tuple[tuple[str, str, list[str] | None, float], ...] = (
    ("标准价目表", "CNY", None, 1.0),
    ("重点客户价目表", "CNY", ["a"], 0.92),
    ("Export price list EUR", "EUR", None, 0.13),
    ("Export price list USD", "USD", None, 0.14),
    ("Export price list GBP", "GBP", None, 0.11),
)
SEED = 72
BULK, BULK_PART = 50, 0.94
COMPETITORS = (
    ("联汇自动化", "本地服务网点多，响应快", "云平台功能较少"),
    ("精瑞视觉", "检测算法成熟，行业案例多", "价格高，交期长"),
    ("中澜传感", "价格低", "售后能力弱"),
    ("Nordlicht Automation", "Strong brand in the Nordics", "No support in Chinese"),
    ("Vektor Systems", "Complete range of control cabinets", "Slow delivery"),
    ("Helio Vision", "Very fast cameras", "Expensive licences"),
)
SCORES: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("留有电话 Has a phone", {"phone__empty": False}, 15),
    ("有公司名 Names a company", {"company__empty": False}, 15),
    ("说明需求 Says what is wanted", {"need__empty": False}, 20),
    ("转介绍 Came by referral", {"source": "referral"}, 25),
    ("展会 Met at an exhibition", {"source": "exhibition"}, 15),
)
# What each is to win in a quarter, in thousands of yuan, when the company has two thousand customers.
PERSONS = {"chen": 6600, "liu": 6400, "zhou": 5800, "wu": 6900, "emma": 6200, "marco": 4900}
STANDINGS = (("behind", "low"), ("level", "medium"), ("ahead", "high"))
MONTH = timedelta(days=30)
SEASONS = (Decimal("0.9"), Decimal("1.0"), Decimal("1.1"), Decimal("1.0"))
FULL = 2000


def found(work: UnitOfWork) -> None:
    """Write down the price books, the competitors, and the rules that score leads."""
    product = records.visible(work, "core.product")
    wanted = sa.select(product.c.id, product.c.price).where(product.c.price.is_not(None))
    priced = work.rows(wanted.order_by(product.c.id))
    books = [{"name": name, "currency": currency, "grades": grades} for name, currency, grades, _ in BOOKS]
    ids = records.create_many(work, "sales.price_book", books)
    entries = [
        {"price_book_id": book, "product_id": row.id, "min_quantity": least, "price": _price(row.price, part)}
        for book, (_, _, _, share) in zip(ids, BOOKS, strict=True)
        for row in priced
        for least, part in ((0, share), (BULK, share * BULK_PART))
    ]
    records.create_many(work, "sales.price_book_entry", entries)
    known = [{"name": name, "strengths": good, "weaknesses": bad} for name, good, bad in COMPETITORS]
    records.create_many(work, "sales.competitor", known)
    rules = [
        {"name": name, "conditions": conditions, "points": points, "position": place}
        for place, (name, conditions, points) in enumerate(SCORES, 1)
    ]
    records.create_many(work, "sales.score_rule", rules)


def _price(listed: Decimal, part: float) -> str:
    return f"{float(listed) * part:.2f}"


def targets_for(now: datetime, customers: int) -> Callable[[UnitOfWork], None]:
    """Return the step that sets this year's targets: of each salesperson, of the teams, and of the company."""

    def write(work: UnitOfWork) -> None:
        day = now.astimezone(work.settings.zone).date()
        size = Decimal(customers) / FULL
        for quarter, season in zip(period_at(work, "year", day).parts("quarter"), SEASONS, strict=True):
            for month in quarter.parts("month"):
                records.create_many(work, "sales.target", _targets(work, month, size * season / 3))

    return write


def _targets(work: UnitOfWork, month: Period, size: Decimal) -> list[dict[str, Any]]:
    base = {"period": month.kind, "starts_on": month.start.isoformat()}
    rows: list[dict[str, Any]] = []
    of_team: dict[int, int] = {}
    for user, team, thousands in _persons(work):
        amount = round(thousands * size) * 1000
        of_team[team] = of_team.get(team, 0) + amount
        who = {**base, "owner_id": user, "team_id": team}
        rows.append({**who, "value": amount, "currency": "CNY"})
        deals = max(1, round(thousands * size / 220))
        rows.append({**who, "measure": "won_count", "value": deals, "currency": None})
    rows += [{**base, "team_id": team, "value": value, "currency": "CNY"} for team, value in of_team.items()]
    return [*rows, {**base, "value": sum(of_team.values()), "currency": "CNY"}]


def rivals(work: UnitOfWork) -> None:
    """Note who else would like to sell in every other deal that was quoted or is to be in the last month."""
    random = Random(SEED)  # noqa: S311 - the same rivals every time are what is wanted
    deal, line, competitor = (
        records.visible(work, name) for name in ("sales.deal", "sales.deal_line", "sales.competitor")
    )
    others = [row.id for row in work.rows(sa.select(competitor.c.id).order_by(competitor.c.id))]
    quoted = sa.exists().where(line.c.deal_id == deal.c.id)
    since = sa.bindparam("since", type_=deal.c.created_at.type)
    wanted = sa.select(deal.c.id, deal.c.amount).where(quoted, deal.c.created_at >= since)
    rows = []
    for row in work.rows(wanted.order_by(deal.c.id), {"since": work.now - MONTH})[::2]:
        standing, threat = random.choice(STANDINGS)
        price = f"{float(row.amount) * random.uniform(0.88, 1.15):.0f}"
        values = {"deal_id": row.id, "competitor_id": random.choice(others), "price": price}
        rows.append({**values, "standing": standing, "threat": threat})
    records.create_many(work, "sales.deal_competitor", rows)


def _persons(work: UnitOfWork) -> list[tuple[int, int, int]]:
    """Return user, team and thousands of those who sell; the users of a loaded sample have prefixed logins."""
    user, member = (records.visible(work, name) for name in ("core.user", "core.membership"))
    pairs = sa.select(user.c.login, user.c.id, member.c.team_id).join_from(
        user, member, member.c.user_id == user.c.id
    )
    found = {row.login.removeprefix("sample-"): row for row in work.rows(pairs)}
    return [(found[login].id, found[login].team_id, amount) for login, amount in PERSONS.items()]
