"""The deals of the sample company that moved through its pipeline in the last fourteen months."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales import standard
from crmframe_sales.demo import quoting
from crmframe_sales.demo.archive import AMOUNTS, STAGES, TITLES, archive

Step = tuple[datetime, str, Callable[[UnitOfWork], Any]]

SEED = 70
# Of the deals of a hundred customers: so many have a story of moves, so many more are open today; the rest is history.
TOLD, OPEN, ALL = 72, 16, 75
OWNERS, SHARES = ("chen", "liu", "zhou", "wu", "emma", "marco", "manager"), (4, 4, 3, 3, 4, 3, 1)
STEPS_AHEAD = {
    "zh_Hans": ("发送修改后的报价", "安排现场演示", "等待总经理审批"),
    "en": ("Send the revised offer", "Plan a demo on site", "Wait for approval"),
}
SURENESS = ("pipeline", "best_case", "commit")
PARTS = (("decision_maker", "neutral", True), ("user", "supporter", False), ("buyer", "unknown", False))
EARLY = ("prospect", "qualified")
CALLED_OFF = 0.12
QUOTED, IMPROVED = 2, 3  # the places of the stages in which a quote is sent, and in which it is sent anew


def deals(now: datetime, customers: int) -> Iterator[Step]:
    """Yield the deals with a story, those that are open, and those that ended long ago."""
    random = Random(SEED)  # noqa: S311 - the same sales every time is what is wanted
    is_open = customers * OPEN // 100
    for number in range(1, TOLD + is_open + 1):
        yield from _deal(number, now, random, ending="open" if number > TOLD else "")
    yield from archive(now, random, first=TOLD + is_open + 1, last=customers * ALL // 100)


def _deal(number: int, now: datetime, random: Random, *, ending: str) -> Iterator[Step]:
    """Yield a deal's life: creation, moves, and an end, which is drawn when none is given."""
    ending = ending or random.choices(("won", "lost", "open"), weights=(36, 24, 40))[0]
    age = random.randint(12, 110) if ending == "open" else random.randint(70, 385)
    depth = {
        "won": 3,
        "lost": random.randint(0, 3),
        "open": random.choices((0, 1, 2, 3), weights=(3, 4, 3, 2))[0],
    }[ending]
    owner = random.choices(OWNERS, SHARES)[0]
    moments = _moments(now, age, depth + (ending != "open"), random)
    is_quoted = number <= TOLD or number % 8 == 0
    plan = _Plan(f"D-{number:04d}", ending, now.date(), random.randint(0, 10**6), is_quoted=is_quoted)
    plan.ended_on = None if ending == "open" else moments[-1].date()
    yield moments[0], owner, plan.create
    for place in range(1, depth + 1):
        yield moments[place], owner, plan.move_to(place)
    if ending == "open" and is_quoted and depth >= QUOTED:
        yield min(moments[-1] + timedelta(days=32), now - timedelta(minutes=30)), owner, plan.expire
    if ending != "open":
        yield moments[-1], owner, plan.close
        if ending == "won":
            yield from _fulfilment(plan, owner, now, moments[-1], random)


def _fulfilment(plan: _Plan, owner: str, now: datetime, won: datetime, random: Random) -> Iterator[Step]:
    """Yield what became of the order that a won deal led to: most are delivered some weeks later, and then completed."""
    days = random.randint(9, 45)
    called_off = random.random() < CALLED_OFF
    for after, verb in ((days, "cancel"),) if called_off else ((days, "deliver"), (days + 30, "close")):
        if won + timedelta(days=after) < now:
            yield won + timedelta(days=after), owner, plan.order(verb)


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

    def __init__(self, code: str, ending: str, day: date, seed: int, *, is_quoted: bool) -> None:
        self.code, self.ending, self.day, self.is_quoted = code, ending, day, is_quoted
        self.ended_on: date | None = None
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
        }
        if self.ending == "open":
            values["next_step"] = self.random.choice(STEPS_AHEAD[language])
            values["next_step_on"] = (self.day + timedelta(days=self.random.randint(-5, 18))).isoformat()
            values["forecast_category"] = self.random.choices(SURENESS, (5, 3, 2))[0]
        deal = records.create(work, "sales.deal", values)
        if self.is_quoted:
            quoting.lines_for(work, deal, product, language)
            self._around(work, deal)

    def _around(self, work: UnitOfWork, deal: dict[str, Any]) -> None:
        """Say which of the customer's people have a part in the deal."""
        contact = records.visible(work, "core.contact")
        people = work.rows(
            sa.select(contact.c.id).where(contact.c.customer_id == deal["customer_id"]).order_by(contact.c.id)
        )
        parts = zip(people, PARTS, strict=False)
        rows = [
            {
                "deal_id": deal["id"],
                "contact_id": row.id,
                "role": role,
                "attitude": attitude,
                "is_primary": first,
            }
            for row, (role, attitude, first) in parts
        ]
        records.create_many(work, "sales.deal_contact", rows)

    def move_to(self, place: int) -> Callable[[UnitOfWork], Any]:
        """Return the move to the stage at that place, and what is sent to the customer then."""

        def move(work: UnitOfWork) -> None:
            stage = _one(work, "sales.stage", "name", STAGES[place][0], "id")["id"]
            self._run(work, "move", {"stage_id": stage})
            if self.is_quoted and place == QUOTED:
                if self.ending == "open" and self.random.random() < 0.35:
                    quoting.draft(work, self._id(work), self.random)
                else:
                    quoting.send(work, self._id(work), self.random, self._valid(work))
            elif self.is_quoted and place == IMPROVED and self.random.random() < 0.5:
                quoting.improve(work, self._id(work), self._valid(work))

        return move

    def expire(self, work: UnitOfWork) -> None:
        """Let quotes expire that were not answered in time."""
        quoting.expire(work, self._id(work))

    def order(self, verb: str) -> Callable[[UnitOfWork], Any]:
        """Return the next step of the order that the deal led to, if it did."""
        return lambda work: quoting.go_on(work, self._id(work), verb)

    def close(self, work: UnitOfWork) -> None:
        """Win or lose the deal; who bought is a customer from then on."""
        if self.ending == "lost":
            reason = _one(work, "sales.lost_reason", "name", self.random.choice(standard.REASONS), "id")
            quoting.decline(work, self._id(work))
            self._run(work, "lose", {"lost_reason_id": reason["id"]})
            return
        if not quoting.accept(work, self._id(work)):
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
        records.run(work, "sales.deal", self._id(work), verb, data)

    def _valid(self, work: UnitOfWork) -> int:
        # Who decided, did so in time.
        return 30 if self.ended_on is None else max(30, (self.ended_on - work.today).days + 9)

    def _id(self, work: UnitOfWork) -> int:
        return int(_one(work, "sales.deal", "code", self.code, "id")["id"])


def _one(work: UnitOfWork, entity: str, field: str, value: Any, *columns: str) -> dict[str, Any]:
    visible = records.visible(work, entity)
    wanted = sa.select(*(visible.c[name] for name in columns)).where(visible.c[field] == value)
    rows = work.rows(wanted.order_by(visible.c.id).limit(1))
    return dict(zip(columns, rows[0], strict=True)) if rows else {}
