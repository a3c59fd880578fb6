"""Loading actors, and keeping them until something about access changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import event

from crmframe.core.access.loading import ActorCache, actor_of_user, bump_epoch, settings_epoch
from tests.core.access.world import World


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            statements.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(world.database.engine, "before_cursor_execute", note)


def test_an_actor_takes_two_statements(world: World) -> None:
    team = world.team("North")
    user = world.user("anna", team, locale="zh_Hans", zone="Asia/Shanghai")
    world.role("reader", [user], estate_read="own team")

    with world.database.read() as connection, counted(world) as statements:
        actor = actor_of_user(connection, user)

    assert len(statements) == 2
    assert actor is not None
    assert (actor.id, actor.name, actor.locale, actor.zone) == (user, "Anna", "zh_Hans", "Asia/Shanghai")
    assert actor.grants["accesstest.estate.read"] == {"own", "team"}
    assert (actor.team_id, actor.team_ids, actor.tree_ids) == (team, (team,), (team,))
    assert not any((actor.is_admin, actor.unlimited, actor.is_system, actor.must_change_password))


def test_the_first_team_joined_is_the_one_of_new_records(world: World) -> None:
    first, second = world.team("First"), world.team("Second")

    assert world.actor(world.user("anna", second, first)).team_ids == (second, first)


def test_who_is_switched_off_or_unknown_is_no_actor(world: World) -> None:
    user = world.user("anna", is_active=False)

    with world.database.read() as connection:
        assert actor_of_user(connection, user) is None
        assert actor_of_user(connection, 4711) is None


def test_a_kept_actor_costs_nothing(world: World) -> None:
    user, cache = world.user("anna"), ActorCache()
    with world.database.read() as connection:
        first = cache.actor(connection, user)
        epoch = settings_epoch(connection)
        with counted(world) as statements:
            again = cache.actor(connection, user, epoch)

    assert again is first
    assert statements == []


def test_a_change_of_access_is_seen_at_once(world: World) -> None:
    user, cache = world.user("anna"), ActorCache()
    with world.database.read() as connection:
        assert cache.actor(connection, user) is not None
    table = world.entity("core.user").table

    with world.database.write() as connection:
        connection.execute(sa.update(table).where(table.c.id == user).values(is_active=False))
        bump_epoch(connection)

    with world.database.read() as connection:
        assert cache.actor(connection, user) is None


def test_an_older_epoch_does_not_put_old_rights_back(world: World) -> None:
    user, cache = world.user("anna"), ActorCache()
    with world.database.read() as connection:
        epoch = settings_epoch(connection)
        newest = cache.actor(connection, user, epoch)
        cache.actor(connection, user, epoch - 1)

        assert cache.actor(connection, user, epoch) is newest


def test_the_epoch_starts_by_itself(world: World) -> None:
    with world.database.write() as connection:
        connection.execute(sa.text("DELETE FROM core_epoch"))
        bump_epoch(connection)
        bump_epoch(connection)

        assert settings_epoch(connection) == 2
