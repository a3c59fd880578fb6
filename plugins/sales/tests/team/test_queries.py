from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import sqlalchemy as sa

from crmframe.api import Call, records
from crmframe.core.access.loading import actor_of_user
from crmframe_sales.progress.queries import stale_url
from crmframe_sales.team.queries import Member, team
from crmframe_sales.team.routes import show_team


def call(**query: str) -> Call:
    return Call(site=None, query=list(query.items()), locale="en")  # type: ignore[arg-type]


def add(sales: Any, entity: str, **values: Any) -> int:
    with sales.work() as work:
        return int(records.create(work, entity, values)["id"])


def person(sales: Any, name: str, team_id: int) -> int:
    user = add(sales, "core.user", login=name.lower(), name=name)
    add(sales, "core.membership", user_id=user, team_id=team_id)
    return user


def figures(sales: Any, team_id: int | None = None, actor: Any = None) -> dict[str, Member]:
    with sales.work(actor=actor, write=False) as work:
        return {member.name: member for member in team(work, team_id).members}


def test_each_person_has_the_figures_of_the_own_deals(sales: Any) -> None:
    east = add(sales, "core.team", name="East")
    ann, bo = person(sales, "Ann", east), person(sales, "Bo", east)
    sales.deal(owner_id=ann, currency="USD", amount="100", next_step_on="2020-01-01")
    sales.deal(owner_id=ann, currency="USD", amount="20")
    sales.clock.advance(days=40)
    sales.deal(owner_id=ann, currency="USD", amount="3", next_step_on="2090-01-01")
    sales.run(sales.deal(owner_id=bo, currency="USD", amount="500"), "win")
    month = sales.clock().date().replace(day=1)
    add(sales, "sales.target", owner_id=bo, starts_on=month.isoformat(), value="2000")
    about = f"core.customer:{sales.customer}"
    said = add(sales, "core.activity", about=about, by_id=ann, text="Called")
    add(sales, "core.activity", about=about, by_id=ann, text="Old", at=sales.clock() - timedelta(days=12))

    found = figures(sales)

    ann_is, bo_is = found["Ann"], found["Bo"]
    assert (ann_is.pipeline, ann_is.deals, ann_is.overdue, ann_is.stale) == (123, 3, 1, 2)
    assert (ann_is.won, ann_is.target, ann_is.activities) == (0, None, 1)
    with sales.work(write=False) as work:
        assert ann_is.last_activity_at == records.get(work, "core.activity", said)["at"]
    assert (bo_is.pipeline, bo_is.won, bo_is.target, bo_is.last_activity_at) == (0, 500, 2000, None)


def test_team_shows_its_own_people_and_those_of_the_teams_below(sales: Any) -> None:
    east, west = add(sales, "core.team", name="East"), add(sales, "core.team", name="West")
    coast = add(sales, "core.team", name="Coast", parent_id=east)
    for name, place in (("Ann", east), ("Bo", coast), ("Cy", west)):
        person(sales, name, place)

    assert sorted(figures(sales, east)) == ["Ann", "Bo"]
    assert sorted(figures(sales, west)) == ["Cy"]


def test_leader_sees_the_own_teams_and_salespeople_themselves(sales: Any) -> None:
    east, west = add(sales, "core.team", name="East"), add(sales, "core.team", name="West")
    ann, cy = person(sales, "Ann", east), person(sales, "Cy", west)
    person(sales, "Bo", east)
    for user, scope in ((ann, "team_tree"), (cy, "own")):
        role = add(sales, "core.role", name=scope)
        add(sales, "core.role_grant", role_id=role, permission="sales.deal.read", scope=scope)
        add(sales, "core.user_role", user_id=user, role_id=role)
    sales.deal(owner_id=cy, team_id=west, currency="USD", amount="5")

    with sales.application.database.read() as connection:
        leader, alone = actor_of_user(connection, ann), actor_of_user(connection, cy)

    assert sorted(figures(sales, actor=leader)) == ["Ann", "Bo"]
    assert [(m.name, m.pipeline) for m in figures(sales, actor=alone).values()] == [("Cy", 5)]
    assert figures(sales, west, leader) == {}


def test_page_sorts_and_takes_few_statements(sales: Any) -> None:
    east = add(sales, "core.team", name="East")
    for name, amount in (("Ann", "1"), ("Bo", "3"), ("Cy", "2")):
        sales.deal(owner_id=person(sales, name, east), currency="USD", amount=amount)
    statements: list[str] = []
    engine = sales.application.database.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    with sales.work(write=False) as work:
        statements.clear()
        rows = show_team(call(sort="pipeline"), work).data["rows"]
        count = len(statements)

    assert [row["name"] for row in rows] == ["Bo", "Cy", "Ann"]
    assert [row["pipeline"] for row in rows] == ["3", "2", "1"]
    assert count <= 10


def test_stale_deals_are_a_list(sales: Any) -> None:
    old = sales.deal(title="Old")
    won = sales.deal(title="Won long ago")
    sales.run(won, "win")
    sales.clock.advance(days=31)
    sales.deal(title="New")

    with sales.work(write=False) as work:
        url = urlsplit(stale_url(work))
        where = records.parse_filter(work, "sales.deal", parse_qsl(url.query))
        found = records.select(work, "sales.deal", records.Query(where=where)).records()

    assert url.path == "/deals"
    assert [row["id"] for row in found] == [old]
