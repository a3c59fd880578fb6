"""What the people of the sample company have to do and have done: tasks and appointments, most about their customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.demo.steps import Step, office_day
from crmframe.core.work import UnitOfWork

SEED = 20261124
EVENING = timedelta(hours=9, minutes=20)
# When what is to come was written down; and the months of which there is something done.
WRITTEN, MONTHS, DONE = 7, 4, 7
# Days from today and hour: late, today, coming.
TASKS = (
    (-5, 17),
    (-3, 12),
    (-1, 18),
    (0, 11),
    (0, 15),
    (0, 18),
    (1, 12),
    (2, 17),
    (4, 11),
    (7, 17),
    (12, 12),
)
MEETINGS = ((-4, 10), (-1, 14), (0, 16), (1, 10), (3, 14), (8, 9))
TO_DO = {
    "zh_Hans": (
        "回电确认交货时间",
        "发送修改后的报价",
        "准备现场演示的样机",
        "核对合同付款条款",
        "跟进样品测试结果",
        "确认验收会的参加人员",
        "催收到期款项",
        "了解明年的采购预算",
        "寄送最新产品手册",
    ),
    "en": (
        "Call back about the delivery date",
        "Send the revised offer",
        "Prepare the demo unit for the visit",
        "Check the payment terms of the contract",
        "Ask for the results of the sample test",
        "Remind them of the invoice that is due",
        "Find out about next year's budget",
        "Send the new product catalog",
    ),
}
TO_MEET = {
    "zh_Hans": (
        ("现场演示", "客户现场"),
        ("需求调研会", "客户会议室"),
        ("合同谈判", "公司三楼会议室"),
        ("季度回访", "腾讯会议"),
    ),
    "en": (
        ("Demo on site", "At the customer's"),
        ("Kick-off meeting", "Video call"),
        ("Contract negotiation", "Video call"),
        ("Quarterly review", "At the customer's"),
    ),
}
OUTCOMES = {
    "zh_Hans": "客户对方案满意，约定下周给出书面意见。",
    "en": "They liked the solution and will answer in writing next week",
}
WEEKLY = ("销售周会 Weekly sales meeting", "FREQ=WEEKLY;BYDAY=MO", "公司二楼会议室 / Video call")
PRIORITIES, PRIORITY_WEIGHTS = ("normal", "high", "low"), (6, 3, 1)


def agenda(now: datetime, people: Iterable[tuple[str, str]]) -> Iterable[Step]:
    """Yield what each of *people*, login name and locale, wrote down to do, and did.

    The manager's weekly meeting is the only one that repeats.
    """
    random = Random(SEED)  # noqa: S311 - the same agenda every time is what is wanted
    for login, locale in people:
        written = office_day(now, WRITTEN) + EVENING
        yield written, login, _with(_plan, now, locale, random.randint(0, 10**6))
        for month in range(1, MONTHS):
            lot = random.randint(0, 10**6)
            yield office_day(now, month * 30) + EVENING, login, _with(_look_back, locale, lot)
    yield office_day(now, 90), "manager", _meet_weekly


def _with(write: Callable[..., None], *given: Any) -> Callable[[UnitOfWork], None]:
    return lambda work: write(work, *given)


def _plan(work: UnitOfWork, now: datetime, locale: str, lot: int) -> None:
    """Write down what is to be done around *now*, and whom to meet."""
    random = Random(lot)  # noqa: S311 - as above
    customers = _customers(work, random)
    tasks = [_task(random, locale, customers, _at(work, now, *when)) for when in TASKS]
    records.create_many(work, "core.task", tasks)
    meetings = [
        _meeting(random, locale, customers, _at(work, now, *when), is_over=when[0] < 0) for when in MEETINGS
    ]
    records.create_many(work, "core.appointment", meetings)


def _look_back(work: UnitOfWork, locale: str, lot: int) -> None:
    """Write down what was done in the month before."""
    random = Random(lot)  # noqa: S311 - as above
    customers = _customers(work, random)
    tasks = []
    for _ in range(DONE):
        due = work.now - timedelta(days=random.randint(1, 27), hours=random.randint(0, 6))
        done = min(due + timedelta(hours=random.randint(-30, 12)), work.now)
        tasks.append({**_task(random, locale, customers, due), "done_at": done})
    records.create_many(work, "core.task", tasks)


def _meet_weekly(work: UnitOfWork) -> None:
    title, rule, place = WEEKLY
    monday = work.now - timedelta(days=work.now.weekday())
    values = {"title": title, "recurrence": rule, "place": place, "start_at": monday}
    meeting = records.create(work, "core.appointment", values)["id"]
    user = records.visible(work, "core.user")
    others = work.rows(sa.select(user.c.id).where(user.c.id != work.actor.id).order_by(user.c.id))
    attendees = [{"appointment_id": meeting, "user_id": row.id, "answer": "accepted"} for row in others]
    records.create_many(work, "core.attendee", attendees)


def _task(random: Random, locale: str, customers: Sequence[Any], due: datetime) -> Mapping[str, Any]:
    customer = random.choice(customers) if customers else None
    return {
        "title": random.choice(TO_DO[locale]),
        "about": customer and f"core.customer:{customer.id}",
        "due_at": due,
        "priority": random.choices(PRIORITIES, PRIORITY_WEIGHTS)[0],
    }


def _meeting(
    random: Random, locale: str, customers: Sequence[Any], start: datetime, *, is_over: bool
) -> dict[str, Any]:
    customer = random.choice(customers) if customers else None
    title, place = random.choice(TO_MEET[locale])
    return {
        "title": title,
        "place": place,
        "about": customer and f"core.customer:{customer.id}",
        "start_at": start,
        "end_at": start + timedelta(minutes=random.choice((30, 60, 90))),
        "state": "held" if is_over else "planned",
        "outcome": OUTCOMES[locale] if is_over else None,
    }


def _at(work: UnitOfWork, now: datetime, days: int, hour: int) -> datetime:
    day = now.astimezone(work.settings.zone).date() + timedelta(days=days)
    return datetime.combine(day, time(hour), work.settings.zone)


def _customers(work: UnitOfWork, random: Random) -> Sequence[Any]:
    """Return some of the actor's customers, or of those the actor sees, where there are none."""
    visible = records.visible(work, "core.customer")
    alive = sa.select(visible.c.id).where(
        visible.c.lifecycle_stage.in_(("prospect", "qualified", "customer"))
    )
    alive = alive.order_by(visible.c.id)
    found = work.rows(alive.where(visible.c.owner_id == work.actor.id)) or work.rows(alive)
    return random.sample(found, min(len(found), 24))
