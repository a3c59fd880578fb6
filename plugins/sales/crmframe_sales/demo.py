"""The sales of the demo company: a pipeline, and deals that moved through it in the last fourteen months."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales import standard

Step = tuple[datetime, str, Callable[[UnitOfWork], Any]]

SEED = 70
FIRST_DAY = 429  # the day after the company was founded, in days before today
DEALS = 72
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
STEPS_AHEAD = {
    "zh_Hans": ("发送修改后的报价", "安排现场演示", "等待总经理审批"),
    "en": ("Send the revised offer", "Plan a demo on site", "Wait for approval"),
}
EARLY = ("prospect", "qualified")
AMOUNTS = {"CNY": (18_000, 900_000), "EUR": (3_000, 120_000), "USD": (3_500, 130_000), "GBP": (2_500, 95_000)}


def steps(now: datetime) -> Iterator[Step]:
    """Yield what happened, each step with its moment and its user's login name; the same for the same day."""
    random = Random(SEED)  # noqa: S311 - the same sales every time is what is wanted
    yield now - timedelta(days=FIRST_DAY), "admin", _set_up
    for number in range(1, DEALS + 1):
        yield from _deal(number, now, random)


def _set_up(work: UnitOfWork) -> None:
    standard.make_standard(work, STAGES)


def _deal(number: int, now: datetime, random: Random) -> Iterator[Step]:
    """Yield a deal's life: creation, moves, and for three of five an end."""
    ending = random.choices(("won", "lost", "open"), weights=(36, 24, 40))[0]
    age = random.randint(12, 110) if ending == "open" else random.randint(70, 385)
    depth = {
        "won": 3,
        "lost": random.randint(0, 3),
        "open": random.choices((0, 1, 2, 3), weights=(3, 4, 3, 2))[0],
    }[ending]
    owner = random.choices(("chen", "liu", "emma", "manager"), weights=(3, 3, 3, 2))[0]
    moments = _moments(now, age, depth + (ending != "open"), random)
    plan = _Plan(f"D-{number:04d}", ending, now.date(), random.randint(0, 10**6))
    yield moments[0], owner, plan.create
    for place in range(1, depth + 1):
        yield moments[place], owner, plan.move_to(STAGES[place][0])
    if ending != "open":
        yield moments[-1], owner, plan.close


def _moments(now: datetime, age: int, moves: int, random: Random) -> list[datetime]:
    """Return the moments of creation and of each move, in office hours, in order, before *now*."""
    days = sorted(random.sample(range(2, age), moves), reverse=True) if moves else []
    found: list[datetime] = []
    for day in (age, *days):
        start = (now - timedelta(days=day)).replace(hour=1, minute=30, second=0, microsecond=0)
        start -= timedelta(days=max(0, start.weekday() - 4))
        moment = start + timedelta(minutes=random.randint(0, 480))
        found.append(max(moment, found[-1] + timedelta(minutes=7)) if found else moment)
    return found


class _Plan:
    """What one deal will be; which customer it is for is decided among those that are there by then."""

    def __init__(self, code: str, ending: str, day: date, seed: int) -> None:
        self.code, self.ending, self.day = code, ending, day
        self.random = Random(seed)  # noqa: S311 - as above

    def create(self, work: UnitOfWork) -> None:
        """Create the deal for one of the actor's customers."""
        visible = records.visible(work, "core.customer")
        mine = sa.select(visible.c.id, visible.c.language, visible.c.currency).where(
            visible.c.owner_id == work.actor.id
        )
        customer = self.random.choice(work.rows(mine.order_by(visible.c.id)))
        product = f"P-{self.random.choice((100, 110, 200, 210, 300, 310, 400, 410, 500, 510))}"
        language = "zh_Hans" if customer.language == "zh_Hans" else "en"
        low, high = AMOUNTS[customer.currency]
        values = {
            "title": self.random.choice(TITLES[language]),
            "code": self.code,
            "customer_id": customer.id,
            "contact_id": _one(work, "core.contact", "customer_id", customer.id, "id").get("id"),
            "product_id": _one(work, "core.product", "code", product, "id")["id"],
            "amount": str(round(low * (high / low) ** self.random.random(), -2)),
            "currency": customer.currency,
            "close_on": self._close_on(work).isoformat(),
            "next_step": self.random.choice(STEPS_AHEAD[language]) if self.ending == "open" else None,
        }
        records.create(work, "sales.deal", values)

    def move_to(self, stage: str) -> Callable[[UnitOfWork], Any]:
        """Return the move to *stage*."""
        return lambda work: self._run(
            work, "move", {"stage_id": _one(work, "sales.stage", "name", stage, "id")["id"]}
        )

    def close(self, work: UnitOfWork) -> None:
        """Win or lose the deal; who bought is a customer from then on."""
        if self.ending == "lost":
            reason = _one(work, "sales.lost_reason", "name", self.random.choice(standard.REASONS), "id")
            self._run(work, "lose", {"lost_reason_id": reason["id"]})
            return
        self._run(work, "win", {})
        customer_id = _one(work, "sales.deal", "code", self.code, "customer_id")["customer_id"]
        if (
            records.get(work, "core.customer", customer_id, columns=("lifecycle_stage",))["lifecycle_stage"]
            in EARLY
        ):
            records.update(work, "core.customer", customer_id, {"lifecycle_stage": "customer"})

    def _close_on(self, work: UnitOfWork) -> date:
        if self.ending != "open":
            return work.today + timedelta(days=self.random.randint(20, 90))
        # Some open deals are late, most have time.
        return self.day + timedelta(days=self.random.randint(-35, 75))

    def _run(self, work: UnitOfWork, verb: str, data: dict[str, Any]) -> None:
        deal = _one(work, "sales.deal", "code", self.code, "id")
        records.run(work, "sales.deal", deal["id"], verb, data)


def _one(work: UnitOfWork, entity: str, field: str, value: Any, *columns: str) -> dict[str, Any]:
    visible = records.visible(work, entity)
    wanted = sa.select(*(visible.c[name] for name in columns)).where(visible.c[field] == value)
    rows = work.rows(wanted.order_by(visible.c.id).limit(1))
    return dict(zip(columns, rows[0], strict=True)) if rows else {}
