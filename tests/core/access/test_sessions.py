"""The life of a session."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core.access import tables
from crmframe.core.access.accounts import (
    actor_from_session,
    find_session,
    purge,
    sign_out,
    sign_out_everywhere,
    touch_session,
)
from crmframe.core.access.loading import ActorCache
from crmframe.core.access.sessions import end_session, list_sessions
from crmframe.core.errors import NotFound
from tests.core.access.signing import actor, enter, fail, switch_off
from tests.core.access.world import World


def test_a_session_ends_after_three_idle_hours(world: World, anna: int) -> None:
    secret = enter(world)
    world.later(hours=2, minutes=59)
    assert actor(world, secret) is not None

    world.later(minutes=1)
    assert actor(world, secret) is None


def test_a_session_in_use_ends_after_twelve_hours(world: World, anna: int) -> None:
    secret = enter(world)
    for _ in range(11):
        world.later(hours=1)
        with world.database.write() as connection:
            touch_session(connection, secret, world.now)
    assert actor(world, secret) is not None

    world.later(hours=1)
    assert actor(world, secret) is None


def test_last_seen_is_written_every_five_minutes_at_most(world: World, anna: int) -> None:
    secret, opened = enter(world), world.now
    for minutes, due, seen in ((4, False, 0), (2, True, 6), (3, False, 6)):
        world.later(minutes=minutes)
        with world.database.write() as connection:
            found = find_session(connection, secret, world.now)
            touch_session(connection, secret, world.now)
            after = find_session(connection, secret, world.now)
        assert found is not None
        assert after is not None
        assert found.is_due is due
        assert (after.seen_at - opened).total_seconds() == seen * 60


def test_signing_out_ends_the_session(world: World, anna: int) -> None:
    first, second = enter(world), enter(world)
    with world.work(world.actor(anna), writes=True) as work:
        sign_out(work, first)

    assert actor(world, first) is None
    assert actor(world, second) is not None


def test_signing_out_everywhere_keeps_only_what_it_is_told_to(world: World, anna: int) -> None:
    first, second, third = enter(world), enter(world), enter(world)
    with world.work(world.actor(anna), writes=True) as work:
        assert len(list_sessions(work, anna)) == 3
        assert sign_out_everywhere(work, anna, keep=second) == 2

    assert [actor(world, secret) is None for secret in (first, second, third)] == [True, False, True]


def test_a_single_session_is_ended_by_its_owner_only(world: World, anna: int) -> None:
    secret, other = enter(world), world.user("ben")
    with world.work(world.actor(anna), writes=True) as work:
        session_id = list_sessions(work, anna)[0].id
        with pytest.raises(NotFound):
            end_session(work, other, session_id)
        end_session(work, anna, session_id)

    assert actor(world, secret) is None


def test_a_switched_off_user_is_out_at_once(world: World, anna: int) -> None:
    secret, cache = enter(world), ActorCache()
    with world.database.read() as connection:
        assert actor_from_session(connection, secret, world.now, cache=cache) is not None
    switch_off(world, anna)

    with world.database.read() as connection:
        assert actor_from_session(connection, secret, world.now, cache=cache) is None


def test_an_unknown_secret_is_nobodys(world: World, anna: int) -> None:
    assert [actor(world, secret) for secret in ("", "x", "\ud800", "\x00")] == [None] * 4


def test_purging_removes_what_has_ended(world: World, anna: int) -> None:
    enter(world)
    fail(world, 1)
    world.later(hours=3)
    enter(world)
    with world.database.write() as connection:
        purge(connection, world.now)
        left = [
            connection.scalar(sa.select(sa.func.count()).select_from(t))
            for t in (tables.session, tables.login_attempt)
        ]

    assert left == [1, 1]
