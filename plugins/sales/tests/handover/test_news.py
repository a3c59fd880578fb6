from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crmframe.api import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.journal.events import Cursor, read_events
from crmframe.core.notifications.tables import notification
from crmframe_sales.handover.news import tell_of_stages, tell_of_won_deals


def add(sales: Any, entity: str, **values: Any) -> int:
    with sales.work() as work:
        return int(records.create(work, entity, values)["id"])


def deliver(sales: Any) -> dict[int, tuple[str, dict[str, Any]]]:
    with sales.application.database.read() as connection:
        events = read_events(connection, Cursor(), 100, ["sales.deal_won"])[0]
    with sales.work(door="event") as work:
        tell_of_won_deals(work, events)
    with sales.application.database.read() as connection:
        rows = connection.execute(sa.select(notification)).all()
    return {row.user_id: (row.about, row.data) for row in rows}


def test_team_and_followers_hear_of_a_won_deal_but_not_who_won_it(sales: Any) -> None:
    ann, bo, cy, di, ed = (
        add(sales, "core.user", login=name.lower(), name=name, is_admin=True)
        for name in ("Ann", "Bo", "Cy", "Di", "Ed")
    )
    east = add(sales, "core.team", name="East")
    for user in (ann, bo):
        add(sales, "core.membership", user_id=user, team_id=east)
    deal = sales.deal(owner_id=ann, team_id=east)
    add(sales, "core.follower", user_id=cy, about=f"sales.deal:{deal}")
    add(sales, "core.follower", user_id=di, about=f"core.customer:{sales.customer}")
    with sales.application.database.read() as connection:
        winner = actor_of_user(connection, ann)
    with sales.work(actor=winner) as work:
        records.run(work, "sales.deal", deal, "win")

    told = deliver(sales)

    assert set(told) == {bo, cy, di}
    assert ed not in told
    assert told[bo] == (f"sales.deal:{deal}", {"amount": "1000.00", "currency": "EUR"})


def test_deal_that_was_reopened_meanwhile_is_no_news(sales: Any) -> None:
    ann = add(sales, "core.user", login="ann", name="Ann")
    deal = sales.deal(owner_id=ann)
    sales.run(deal, "win")
    sales.run(deal, "reopen")

    assert deliver(sales) == {}


def test_followers_of_deal_or_customer_hear_once_of_a_stage_and_of_a_loss(sales: Any) -> None:
    ann, bo = (
        add(sales, "core.user", login=name.lower(), name=name, is_admin=name == "Bo")
        for name in ("Ann", "Bo")
    )
    deal = sales.deal()
    for about in (f"sales.deal:{deal}", f"core.customer:{sales.customer}"):
        add(sales, "core.follower", user_id=bo, about=about)
        add(sales, "core.follower", user_id=ann, about=about)  # may see no deal
    reason = add(sales, "sales.lost_reason", name="Price too high")
    sales.run(deal, "lose", lost_reason_id=reason)

    with sales.application.database.read() as connection:
        events = read_events(connection, Cursor(), 100, ["sales.stage_change.created"])[0]
    for _ in range(2):
        with sales.work(door="event", cause="sales.tell", cause_id=events[-1].operation_id) as work:
            tell_of_stages(work, events[-1:])
    with sales.application.database.read() as connection:
        rows = connection.execute(sa.select(notification)).all()
    assert [(row.user_id, row.kind, row.about) for row in rows] == [
        (bo, "sales.deal_lost", f"sales.deal:{deal}")
    ]
