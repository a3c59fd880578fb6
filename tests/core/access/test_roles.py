"""The roles of a new installation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.actor import system_actor
from crmframe.core.access.roles import Grant, default_grants, install_roles
from crmframe.core.contributions import Action
from crmframe.core.work import UnitOfWork
from tests.core.access.world import World

SCOPES = {"own", "team", "team_tree", "parent", "all"}


def create_many(work: UnitOfWork, entity: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Stand for records.create_many, which is built on what is tested here."""
    table = work.registry.entity(entity).table
    stamps = {"version": 1, "created_at": work.now, "updated_at": work.now}
    keys = {column.name: "" for column in table.c if column.name.endswith("_key")}
    return [
        work.connection.execute(sa.insert(table).values({**stamps, **keys, **row})).inserted_primary_key[0]
        for row in rows
    ]


def test_every_entity_and_action_is_covered(world: World) -> None:
    win = Action("accesstest.estate", "win", lambda *_: None, "Win")
    world.registry.add_action(win, "accesstest")
    grants = default_grants(world.registry, ["accesstest.report"])

    for entity in world.registry.public_entities():
        for verb in ("create", "read", "update", "delete"):
            assert Grant(f"{entity.name}.{verb}", "all") in grants["administrator"]
        assert Grant(f"{entity.name}.read", "all") in grants["auditor"]
    assert Grant("accesstest.estate.win", "own") in grants["salesperson"]
    assert Grant("accesstest.estate.win", "team_tree") in grants["manager"]
    assert Grant("accesstest.report", "all") in grants["manager"]
    assert {grant.scope for held in grants.values() for grant in held} <= SCOPES


def test_nobody_but_administrators_decides_about_access(world: World) -> None:
    grants = default_grants(world.registry)

    for kind in ("manager", "salesperson", "viewer"):
        assert not [grant for grant in grants[kind] if grant.permission.startswith("core.")]
    for kind in ("viewer", "auditor"):
        assert all(grant.permission.endswith(".read") for grant in grants[kind])


def test_roles_are_installed_once(world: World) -> None:
    with world.work(system_actor("cli"), writes=True) as work:
        first = install_roles(work, create_many)
    with world.work(system_actor("cli"), writes=True) as work:
        again = install_roles(work, create_many)
        grants = world.entity("core.role_grant").table
        count = work.connection.scalar(sa.select(sa.func.count()).select_from(grants))

    assert set(first) == {"administrator", "manager", "salesperson", "viewer", "auditor"}
    assert again == first
    assert count == sum(map(len, default_grants(world.registry).values()))


def test_a_new_plugin_s_entities_are_added_and_old_ones_left_as_people_set_them(world: World) -> None:
    with world.work(system_actor("cli"), writes=True) as work:
        ids = install_roles(work, create_many)
        table = world.entity("core.role_grant").table
        connection = work.connection
        connection.execute(sa.delete(table).where(table.c.permission.like("accesstest.color.%")))
        kept = sa.and_(table.c.role_id == ids["viewer"], table.c.permission == "accesstest.estate.read")
        connection.execute(sa.delete(table).where(kept))
    with world.work(system_actor("cli"), writes=True) as work:
        install_roles(work, create_many)
        viewer = sa.select(table.c.permission).where(table.c.role_id == ids["viewer"])
        held = set(work.connection.scalars(viewer))

    assert "accesstest.color.read" in held
    assert "accesstest.estate.read" not in held


def test_a_deleted_default_role_does_not_come_back(world: World) -> None:
    with world.work(system_actor("cli"), writes=True) as work:
        ids = install_roles(work, create_many)
        for name in ("role_grant", "role"):
            table = world.entity(f"core.{name}").table
            column = table.c.role_id if name == "role_grant" else table.c.id
            work.connection.execute(sa.delete(table).where(column == ids["viewer"]))
    with world.work(system_actor("cli"), writes=True) as work:
        assert "viewer" not in install_roles(work, create_many)


def test_a_salesperson_works_on_own_records_and_sees_the_team(world: World) -> None:
    team = world.team("North")
    anna, ben = world.user("anna", team), world.user("ben", team)
    with world.work(system_actor("cli"), writes=True) as work:
        ids = install_roles(work, create_many)
    world.insert("core.user_role", user_id=anna, role_id=ids["salesperson"])
    mine = world.insert("accesstest.estate", name="mine", owner_id=anna, team_id=team)
    his = world.insert("accesstest.estate", name="his", owner_id=ben, team_id=team)
    world.insert("accesstest.estate", name="far")
    for name, estate_id in (("my room", mine), ("his room", his)):
        world.insert("accesstest.room", name=name, estate_id=estate_id)
        world.insert(
            "accesstest.memo", name=f"{name} memo", about=f"accesstest.estate:{estate_id}", created_by=ben
        )

    assert world.seen(anna, "estate") == ["mine", "his"]
    assert world.seen(anna, "estate", "update") == ["mine"]
    assert world.seen(anna, "estate", "delete") == []
    assert world.seen(anna, "room") == ["my room", "his room"]
    assert world.seen(anna, "room", "delete") == ["my room"]
    assert world.seen(anna, "memo") == ["my room memo", "his room memo"]
    assert world.seen(anna, "memo", "update") == ["my room memo"]
