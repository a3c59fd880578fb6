"""Signing in, as the tests of accounts do it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core.access.accounts import Origin, WrongPassword, actor_from_session, sign_in
from crmframe.core.access.actor import Actor
from crmframe.core.access.loading import bump_epoch
from tests.core.access.world import World

GOOD = "blue tractor 9 lanterns"
HOME = Origin("192.0.2.7", "Firefox")


def enter(world: World, login: str = "anna", password: str = GOOD, origin: Origin = HOME) -> str:
    return sign_in(world.database, login, password, origin=origin, now=world.now, hasher=world.hasher)


def actor(world: World, secret: str) -> Actor | None:
    with world.database.read() as connection:
        return actor_from_session(connection, secret, world.now)


def switch_off(world: World, user: int) -> None:
    table = world.entity("core.user").table
    with world.database.write() as connection:
        connection.execute(sa.update(table).where(table.c.id == user).values(is_active=False))
        bump_epoch(connection)


def fail(world: World, times: int, login: str = "anna", origin: Origin = HOME) -> None:
    for _ in range(times):
        with pytest.raises(WrongPassword):
            enter(world, login, "wrong", origin)
