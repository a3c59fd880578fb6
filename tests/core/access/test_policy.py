"""Which records the policy lets through, and what its SQL looks like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.core.access.actor import Actor, anonymous_actor, system_actor
from crmframe.core.access.policy import policy
from crmframe.core.access.term import NONE, Term
from tests.core.access.world import World


@dataclass
class Company:
    """North with its branch North Coast, and South; one person in each, one estate of each person."""

    world: World
    head: int
    coast: int
    south: int
    estates: dict[str, int]


@pytest.fixture
def company(world: World) -> Company:
    north = world.team("North")
    branch = world.team("North Coast", north)
    other = world.team("South")
    head, coast, south = world.user("head", north), world.user("coast", branch), world.user("south", other)
    estates = {
        "hall": world.insert(
            "accesstest.estate", name="hall", owner_id=head, team_id=north, created_by=south
        ),
        "pier": world.insert(
            "accesstest.estate", name="pier", owner_id=coast, team_id=branch, created_by=head
        ),
        "mill": world.insert(
            "accesstest.estate", name="mill", owner_id=south, team_id=other, created_by=head
        ),
    }
    return Company(world, head, coast, south, estates)


def test_nothing_is_allowed_without_a_grant(company: Company) -> None:
    assert company.world.seen(company.head, "estate") == []
    assert company.world.seen(anonymous_actor(), "estate") == []


def test_the_system_and_administrators_see_everything(company: Company) -> None:
    admin = company.world.user("root", is_admin=True)

    assert company.world.seen(system_actor("cli"), "estate") == ["hall", "pier", "mill"]
    assert company.world.seen(admin, "estate") == ["hall", "pier", "mill"]


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("own", ["hall"]),
        ("team", ["hall"]),
        ("team_tree", ["hall", "pier"]),
        ("all", ["hall", "pier", "mill"]),
        ("own team", ["hall"]),
        ("nonsense", []),
    ],
)
def test_a_scope_holds_on_its_records_only(company: Company, scope: str, names: list[str]) -> None:
    company.world.role("reader", [company.head], estate_read=scope)

    assert company.world.seen(company.head, "estate") == names


def test_a_team_sees_what_its_members_own_in_it(company: Company) -> None:
    colleague = company.world.user("colleague", company.world.actor(company.coast).team_ids[0])
    company.world.role("reader", [colleague], estate_read="team")

    assert company.world.seen(colleague, "estate") == ["pier"]


def test_teams_in_a_circle_end(company: Company) -> None:
    world = company.world
    first = world.team("First")
    second = world.team("Second", first)
    with world.database.write() as connection:
        table = world.entity("core.team").table
        connection.execute(sa.update(table).where(table.c.id == first).values(parent_id=second))

    assert world.actor(world.user("round", first)).tree_ids == (first, second)


def test_grants_of_one_verb_say_nothing_about_another(company: Company) -> None:
    company.world.role("mixed", [company.head], estate_read="all", estate_update="own")

    assert company.world.seen(company.head, "estate", "update") == ["hall"]
    assert company.world.seen(company.head, "estate", "archive") == ["hall"]
    assert company.world.seen(company.head, "estate", "delete") == []
    assert company.world.seen(company.head, "estate", "restore") == []


def test_roles_add_up(company: Company) -> None:
    company.world.role("narrow", [company.head], estate_read="own")
    company.world.role("wide", [company.head], estate_read="team_tree")

    assert company.world.seen(company.head, "estate") == ["hall", "pier"]


def test_without_an_owner_own_means_made_by_me(company: Company) -> None:
    world = company.world
    world.insert("accesstest.color", name="mine", created_by=company.head)
    world.insert("accesstest.color", name="branch", created_by=company.coast)
    world.insert("accesstest.color", name="system")
    world.role("own", [company.head], color_read="own", color_update="team_tree")

    assert world.seen(company.head, "color") == ["mine"]
    assert world.seen(company.head, "color", "update") == ["mine", "branch"]


# --- records that belong to others --------------------------------------------------------------------


@pytest.fixture
def furnished(company: Company) -> Company:
    for name, estate_id in company.estates.items():
        room = company.world.insert("accesstest.room", name=f"{name} room", estate_id=estate_id)
        company.world.insert("accesstest.lamp", name=f"{name} lamp", room_id=room)
        company.world.insert(
            "accesstest.memo", name=f"{name} memo", about=f"accesstest.estate:{estate_id}", created_by=99
        )
    company.world.insert("accesstest.lamp", name="loose lamp", created_by=company.head)
    company.world.insert("accesstest.memo", name="loose memo", created_by=company.head)
    company.world.insert("accesstest.memo", name="memo of a lost plugin", about="gone.thing:1")
    return company


def test_a_part_is_seen_where_its_whole_is_seen(furnished: Company) -> None:
    furnished.world.role(
        "reader", [furnished.coast], estate_read="own", room_read="all", lamp_read="all", memo_read="all"
    )

    assert furnished.world.seen(furnished.coast, "room") == ["pier room"]
    assert furnished.world.seen(furnished.coast, "lamp") == ["pier lamp", "loose lamp"]
    assert furnished.world.seen(furnished.coast, "memo") == ["pier memo", "loose memo"]


def test_the_scope_parent_leaves_loose_records_to_whoever_made_them(furnished: Company) -> None:
    grants = {"estate_read": "all", "room_read": "parent", "lamp_read": "parent", "memo_read": "parent"}
    furnished.world.role("reader", [furnished.head, furnished.coast], **grants)

    assert "loose lamp" in furnished.world.seen(furnished.head, "lamp")
    assert "loose memo" in furnished.world.seen(furnished.head, "memo")
    assert furnished.world.seen(furnished.coast, "lamp") == ["hall lamp", "pier lamp", "mill lamp"]
    assert furnished.world.seen(furnished.coast, "memo") == ["hall memo", "pier memo", "mill memo"]


def test_a_part_is_hidden_from_whoever_may_not_read_wholes(furnished: Company) -> None:
    furnished.world.role("reader", [furnished.head], room_read="all", memo_read="all")

    assert furnished.world.seen(furnished.head, "room") == []
    assert furnished.world.seen(furnished.head, "memo") == ["loose memo"]


def test_changing_a_part_asks_for_the_right_to_change_the_whole(furnished: Company) -> None:
    grants = {"estate_read": "team_tree", "estate_update": "own", "room_update": "parent"}
    furnished.world.role("worker", [furnished.head], **grants)

    assert furnished.world.seen(furnished.head, "room", "update") == ["hall room"]


def test_an_own_note_may_be_about_what_can_only_be_read(furnished: Company) -> None:
    world, estate_id = furnished.world, furnished.estates["pier"]
    world.insert(
        "accesstest.memo", name="mine", about=f"accesstest.estate:{estate_id}", created_by=furnished.head
    )
    grants = {"estate_read": "team_tree", "estate_update": "own", "memo_update": "own parent"}
    world.role("worker", [furnished.head], **grants)

    assert world.seen(furnished.head, "memo", "update") == ["hall memo", "loose memo", "mine"]


def test_administrators_see_what_a_lost_plugin_left(furnished: Company) -> None:
    admin = furnished.world.user("root", is_admin=True)

    assert "memo of a lost plugin" in furnished.world.seen(admin, "memo")


def test_an_id_is_not_read_out_of_another_entity_with_a_longer_name(furnished: Company) -> None:
    furnished.world.insert("accesstest.memo", name="odd", about="accesstest.estates:1")
    furnished.world.role("reader", [furnished.south], estate_read="own", memo_read="all")

    assert "odd" not in furnished.world.seen(furnished.south, "memo")


def test_a_sidecar_is_seen_and_changed_with_the_record_that_it_extends(company: Company) -> None:
    world = company.world
    grants = {"estate_read": "all", "estate_update": "own"}
    world.role("worker", [company.head], **grants)
    for estate_id in company.estates.values():
        world.insert("accesstest.plot", id=estate_id)
    table = world.entity("plot").table

    seen = {}
    for verb in ("read", "create", "update", "delete"):
        with world.work(world.actor(company.head)) as work:
            term = policy(work, world.entity("plot"), verb)
            statement = sa.select(table.c.id).where(term.build(table))
            seen[verb] = list(work.connection.scalars(statement, dict(term.values)))

    mine = [company.estates["hall"]]
    assert seen == {"read": list(company.estates.values()), "create": mine, "update": mine, "delete": mine}


def test_the_scope_parent_without_a_parent_means_own(company: Company) -> None:
    company.world.role("reader", [company.head], estate_read="parent")

    assert company.world.seen(company.head, "estate") == ["hall"]


def test_what_belongs_to_a_plugin_that_is_off_is_hidden(furnished: Company) -> None:
    furnished.world.role("reader", [furnished.head], estate_read="all", room_read="all")
    assert furnished.world.seen(furnished.head, "room")

    room = furnished.world.entity("room")
    del furnished.world.registry.entities["accesstest.estate"]
    with furnished.world.work(furnished.world.actor(furnished.head)) as work:
        assert policy(work, room, "read") is NONE


# --- users and teams ----------------------------------------------------------------------------------


def test_everybody_signed_in_sees_that_users_and_teams_exist(company: Company) -> None:
    assert company.world.seen(company.south, "core.user") == ["Head", "Coast", "South"]
    assert company.world.seen(company.south, "core.team") == ["North", "North Coast", "South"]
    assert company.world.seen(anonymous_actor(), "core.user") == []
    assert company.world.seen(company.south, "core.user", "update") == []
    assert company.world.seen(company.south, "core.role") == []


# --- tokens -------------------------------------------------------------------------------------------


def test_a_token_narrows_its_user(company: Company) -> None:
    company.world.role("reader", [company.head], estate_read="all", estate_update="all")
    actor = company.world.actor(company.head).narrowed(["*.read"])

    assert company.world.seen(actor, "estate") == ["hall", "pier", "mill"]
    assert company.world.seen(actor, "estate", "update") == []
    assert not actor.may("accesstest.estate.update")
    assert set(actor.grants) == {"accesstest.estate.read", "core.user.read", "core.team.read"}


def test_a_token_narrows_an_administrator(company: Company) -> None:
    admin = company.world.actor(company.world.user("root", is_admin=True)).narrowed(["accesstest.room.*"])

    assert not admin.is_admin
    assert company.world.seen(admin, "estate") == []
    assert admin.may("accesstest.room.delete")
    assert len(company.world.seen(admin, "core.user")) == 4


# --- the SQL ------------------------------------------------------------------------------------------


def compiled(world: World, actor: Actor, entity: str) -> Any:
    table = world.entity(entity).table
    with world.work(actor) as work:
        term = policy(work, world.entity(entity), "read")
    statement = sa.select(table.c.id).where(term.build(table))
    return term, statement.compile(dialect=world.database.engine.dialect)


@pytest.mark.parametrize("scope", ["own", "team", "team_tree", "parent"])
@pytest.mark.parametrize("entity", ["estate", "room", "lamp", "memo", "color"])
def test_no_actor_stands_in_the_sql(furnished: Company, entity: str, scope: str) -> None:
    grants = {f"{name}_read": scope for name in ("estate", "room", "lamp", "memo", "color")}
    furnished.world.role("reader", [furnished.head, furnished.south], **grants)
    first, first_sql = compiled(furnished.world, furnished.world.actor(furnished.head), entity)
    second, second_sql = compiled(furnished.world, furnished.world.actor(furnished.south), entity)

    assert first.shape == second.shape
    assert str(first_sql) == str(second_sql)
    assert set(first_sql.params) >= set(first.values)
    assert all(first_sql.params[name] is None for name in first.values)
    assert first.values.keys() == second.values.keys()


def test_a_warm_statement_cache_shows_nobody_the_rows_of_another(company: Company) -> None:
    world = company.world
    world.role("reader", [company.head, company.coast, company.south], estate_read="own")
    table, statements = world.entity("estate").table, {}

    seen = {}
    for _ in range(3):
        for user_id in (company.head, company.coast, company.south):
            with world.work(world.actor(user_id)) as work:
                term = policy(work, world.entity("estate"), "read")
                statement = statements.setdefault(
                    term.shape, sa.select(table.c.name).where(term.build(table))
                )
                seen[user_id] = list(work.connection.scalars(statement, dict(term.values)))

    assert len(statements) == 1
    assert seen == {company.head: ["hall"], company.coast: ["pier"], company.south: ["mill"]}


def test_a_term_without_its_values_fails_instead_of_showing_rows(company: Company) -> None:
    company.world.role("reader", [company.head], estate_read="own")
    table = company.world.entity("estate").table

    with company.world.work(company.world.actor(company.head)) as work:
        term = policy(work, company.world.entity("estate"), "read")
        with pytest.raises(sa.exc.StatementError, match="policy_actor"):
            work.connection.execute(sa.select(table.c.id).where(term.build(table)))


def test_the_policy_stands_in_an_update(company: Company) -> None:
    world = company.world
    world.role("worker", [company.head], estate_update="own")
    table = world.entity("estate").table

    with world.work(world.actor(company.head), writes=True) as work:
        term = policy(work, world.entity("estate"), "update")
        changed = work.connection.execute(
            sa.update(table).where(term.build(table)).values(price=7), dict(term.values)
        )

    assert changed.rowcount == 1


# --- plugins ------------------------------------------------------------------------------------------


def test_a_plugin_narrows_the_policy(company: Company) -> None:
    def cheap_only(context: Any, value: Term) -> Term:
        if context.entity.name != "accesstest.estate":
            return value
        return value & Term(
            "accesstest:name",
            lambda frm: frm.c.name != sa.bindparam("accesstest_name"),
            {"accesstest_name": "pier"},
        )

    admin = company.world.user("root", is_admin=True)
    company.world.hooks.amend = cheap_only

    assert company.world.seen(admin, "estate") == ["hall", "mill"]
    assert company.world.seen(system_actor("job"), "estate") == ["hall", "pier", "mill"]


def test_what_a_plugin_hides_hides_its_parts(furnished: Company) -> None:
    furnished.world.hooks.amend = lambda context, value: (
        value & NONE if context.entity.name == "accesstest.estate" else value
    )
    admin = furnished.world.user("root", is_admin=True)

    assert furnished.world.seen(admin, "room") == []
    assert furnished.world.seen(admin, "memo") == ["loose memo"]
