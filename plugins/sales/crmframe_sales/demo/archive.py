"""The deals of the demo company that ended long ago: written down in batches, each with its history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales import standard

Step = tuple[datetime, str, Callable[[UnitOfWork], Any]]

MONTH = 30
OLDEST, YOUNGEST = 540, 4
STAGES = (
    ("初步接洽 Contacted", "open", 10, None),
    *standard.STAGES[1:],
)
TITLES = {
    "zh_Hans": (
        "产线视觉检测改造",
        "传感器年度框架",
        "控制柜采购",
        "云平台订阅",
        "二期自动化升级",
        "备件与维护合同",
        "安装与培训服务",
    ),
    "en": (
        "Vision inspection line",
        "Sensor frame contract",
        "Control cabinets",
        "Cloud subscription",
        "Line upgrade, phase 2",
        "Spare parts and service",
        "Installation and training",
    ),
}
AMOUNTS = {"CNY": (18_000, 900_000), "EUR": (3_000, 120_000), "USD": (3_500, 130_000), "GBP": (2_500, 95_000)}


@dataclass(frozen=True)
class Ended:
    """A deal that is over.

    Attributes:
        ages: How many days ago it entered each stage, the last being its end.
        lot: Decides customer, product and amount.
    """

    code: str
    is_won: bool
    ages: Sequence[int]
    lot: int


def archive(now: datetime, random: Random, *, first: int, last: int) -> Iterator[Step]:
    """Yield one step for each owner and month: the deals that they closed in it."""
    months: dict[tuple[int, str], list[Ended]] = defaultdict(list)
    owners = ("chen", "liu", "zhou", "wu", "emma", "marco")
    for number in range(first, last + 1):
        begun = random.randint(YOUNGEST + 40, OLDEST - 30)
        closed = begun - random.randint(15, min(120, begun - YOUNGEST))
        is_won = random.random() < 0.55
        steps = 3 if is_won else random.randint(0, 3)
        between = sorted((random.randint(closed, begun) for _ in range(steps)), reverse=True)
        ended = Ended(f"D-{number:04d}", is_won, (begun, *between, closed), random.randint(0, 10**6))
        months[closed // MONTH, random.choice(owners)].append(ended)
    for (month, owner), deals in months.items():
        yield _evening(now, month * MONTH), owner, _written(deals, now)


def _evening(now: datetime, days_ago: int) -> datetime:
    day = now - timedelta(days=max(1, days_ago))
    return (day - timedelta(days=max(0, day.weekday() - 4))).replace(
        hour=10, minute=0, second=0, microsecond=0
    )


def _written(deals: Sequence[Ended], now: datetime) -> Callable[[UnitOfWork], None]:
    def write(work: UnitOfWork) -> None:
        stages = _ids(work, "sales.stage", "name")
        reasons = list(_ids(work, "sales.lost_reason", "name").values())
        products = _ids(work, "core.product", "code")
        customers = _customers(work)
        rows = [_row(Random(deal.lot), deal, customers, products) for deal in deals]  # noqa: S311 - see pipeline.py
        ids = records.create_many(work, "sales.deal", rows)
        placed = {i: _history(deal, stages, reasons, now) for i, deal in zip(ids, deals, strict=True)}
        records.run_many(work, "sales.deal", "place", placed)

    return write


def _customers(work: UnitOfWork) -> Sequence[Any]:
    visible = records.visible(work, "core.customer")
    mine = sa.select(visible.c.id, visible.c.language, visible.c.currency, visible.c.created_at)
    return work.rows(mine.where(visible.c.owner_id == work.actor.id).order_by(visible.c.id))


def _ids(work: UnitOfWork, entity: str, field: str) -> dict[str, int]:
    visible = records.visible(work, entity)
    return dict(work.rows(sa.select(visible.c[field], visible.c.id).order_by(visible.c.id)))


def _row(random: Random, deal: Ended, customers: Sequence[Any], products: dict[str, int]) -> dict[str, Any]:
    customer = random.choice(customers)
    language = "zh_Hans" if customer.language == "zh_Hans" else "en"
    low, high = AMOUNTS[customer.currency]
    return {
        "title": random.choice(TITLES[language]),
        "code": deal.code,
        "customer_id": customer.id,
        "product_id": random.choice(list(products.values())),
        "amount": str(round(low * (high / low) ** random.random(), -2)),
        "currency": customer.currency,
    }


def _history(deal: Ended, stages: dict[str, int], reasons: Sequence[int], now: datetime) -> dict[str, Any]:
    """Return what ``place`` asks for: each stage it entered and when, the end last."""
    path = [name for name, kind, *_ in STAGES if kind == "open"][: len(deal.ages) - 1]
    path.append(next(name for name, kind, *_ in STAGES if kind == ("won" if deal.is_won else "lost")))
    entered = [
        {"stage_id": stages[name], "at": (now - timedelta(days=age, minutes=-place)).isoformat()}
        for place, (name, age) in enumerate(zip(path, deal.ages, strict=True))
    ]
    lost = {} if deal.is_won else {"lost_reason_id": reasons[deal.lot % len(reasons)]}
    return {"stage_id": entered[-1]["stage_id"], "history": entered, **lost}
