"""API tokens: shown once, narrowed, expiring, revoked."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crmframe.core.access import tables
from crmframe.core.access.actor import Actor
from crmframe.core.access.loading import ActorCache
from crmframe.core.access.tokens import (
    actor_from_token,
    create_token,
    find_token,
    list_tokens,
    revoke_token,
    touch_token,
)
from crmframe.core.errors import InvalidInput, NotFound, PermissionDenied
from tests.core.access.world import World


@pytest.fixture
def anna(world: World) -> int:
    user = world.user("anna")
    world.role("worker", [user], estate_read="all", estate_update="own")
    return user


def made(world: World, user: int, **options: object) -> tuple[int, str]:
    with world.work(world.actor(user), writes=True) as work:
        return create_token(work, user, "script", **options)  # type: ignore[arg-type]


def actor(world: World, secret: str, cache: ActorCache | None = None) -> Actor | None:
    with world.database.read() as connection:
        return actor_from_token(connection, secret, world.now, cache=cache)


def test_a_token_acts_as_its_user(world: World, anna: int) -> None:
    _, secret = made(world, anna)

    assert re.fullmatch(r"crm_[A-Za-z0-9]{40}", secret)
    assert actor(world, secret) == world.actor(anna)
    with world.database.read() as connection:
        assert secret not in str(connection.execute(sa.select(tables.token)).all())


def test_a_token_is_narrowed_to_its_scopes_cached_or_not(world: World, anna: int) -> None:
    _, narrow = made(world, anna, scopes=["accesstest.*.read"])
    _, wide = made(world, anna)
    cache = ActorCache()

    for _ in range(2):
        for held in (actor(world, narrow), actor(world, narrow, cache)):
            assert held is not None
            assert held.may("accesstest.estate.read")
            assert not held.may("accesstest.estate.update")
        full = actor(world, wide, cache)
        assert full is not None
        assert full.may("accesstest.estate.update")


def test_an_expired_token_is_nobodys(world: World, anna: int) -> None:
    _, secret = made(world, anna, expires_at=world.now + timedelta(hours=1))
    world.later(minutes=59)
    assert actor(world, secret) is not None

    world.later(minutes=1)
    assert actor(world, secret) is None


def test_a_revoked_token_is_nobodys(world: World, anna: int) -> None:
    token_id, secret = made(world, anna)
    with world.work(world.actor(anna), writes=True) as work:
        revoke_token(work, anna, token_id)
        first = list_tokens(work, anna)[0].revoked_at
    world.later(hours=1)
    with world.work(world.actor(anna), writes=True) as work:
        revoke_token(work, anna, token_id)
        assert list_tokens(work, anna)[0].revoked_at == first

    assert actor(world, secret) is None


@pytest.mark.parametrize("secret", ["", "crm_", "crm_" + "a" * 40, "Bearer x", "crm_\ud800"])
def test_an_unknown_token_is_nobodys(world: World, anna: int, secret: str) -> None:
    made(world, anna)

    assert actor(world, secret) is None


def test_use_is_written_every_five_minutes_at_most(world: World, anna: int) -> None:
    token_id, secret = made(world, anna)
    due = []
    for minutes in (0, 4, 2):
        world.later(minutes=minutes)
        with world.database.write() as connection:
            found = find_token(connection, secret, world.now)
            assert found is not None
            due.append(found.is_due)
            touch_token(connection, token_id, world.now)

    assert due == [True, False, True]


def test_tokens_are_made_for_oneself(world: World, anna: int) -> None:
    other = world.user("ben")
    with world.work(world.actor(other), writes=True) as work:
        with pytest.raises(PermissionDenied):
            create_token(work, anna, "theft")
        with pytest.raises(PermissionDenied):
            list_tokens(work, anna)
        with pytest.raises(NotFound):
            revoke_token(work, other, 1)
    with world.work(world.actor(world.user("root", is_admin=True)), writes=True) as work:
        assert create_token(work, anna, "for anna")[0]


def test_a_narrow_token_cannot_make_a_wide_one(world: World) -> None:
    admin = world.actor(world.user("root", is_admin=True))
    assert admin.id is not None
    with world.work(admin.narrowed(["core.*"]), writes=True) as work, pytest.raises(PermissionDenied):
        create_token(work, admin.id, "wider")


def test_every_problem_of_a_token_is_named(world: World, anna: int) -> None:
    with world.work(world.actor(anna), writes=True) as work, pytest.raises(InvalidInput) as refused:
        create_token(work, anna, " ", scopes=[], expires_at=world.now)

    assert [problem.field for problem in refused.value.problems] == ["name", "scopes", "expires_at"]


def test_a_token_s_name_has_an_end(world: World, anna: int) -> None:
    with world.work(world.actor(anna), writes=True) as work, pytest.raises(InvalidInput):
        create_token(work, anna, "n" * 121)
