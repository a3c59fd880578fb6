"""Guessing is slowed down, and nobody is locked out."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core.access import tables
from crmframe.core.access.accounts import Origin, WrongPassword
from crmframe.core.access.passwords import Hasher
from crmframe.core.errors import TooManyAttempts
from tests.core.access.signing import GOOD, HOME, actor, enter, fail
from tests.core.access.world import World


@pytest.mark.parametrize("login", ["anna", "nobody"])
def test_the_sixth_attempt_in_a_row_has_to_wait(world: World, anna: int, login: str) -> None:
    fail(world, 5, login)

    with pytest.raises(TooManyAttempts) as slowed:
        enter(world, login, GOOD)

    assert slowed.value.data == {"seconds": 1}


def test_waits_grow_to_half_a_minute_and_no_further(world: World, anna: int) -> None:
    fail(world, 5)
    waits = []
    for _ in range(8):
        with pytest.raises(TooManyAttempts) as slowed:
            enter(world)
        waits.append(slowed.value.data["seconds"])
        world.later(seconds=waits[-1])
        fail(world, 1)

    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_right_password_after_the_wait_opens_and_forgets(world: World, anna: int) -> None:
    fail(world, 5)
    world.later(seconds=1)
    enter(world)

    fail(world, 5)


def test_hammering_does_not_prolong_the_wait(world: World, anna: int) -> None:
    fail(world, 5)
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            enter(world, password="wrong")

    world.later(seconds=1)
    assert actor(world, enter(world)) is not None


def test_others_cannot_lock_an_account_out(world: World, anna: int) -> None:
    for number in range(60):
        with pytest.raises(WrongPassword):
            enter(world, password="wrong", origin=Origin(f"198.51.100.{number}"))

    assert actor(world, enter(world, origin=Origin("203.0.113.5"))) is not None


def test_an_attack_from_many_addresses_leaves_each_one_attempt(world: World, anna: int) -> None:
    enter(world, origin=HOME)
    for number in range(20):
        fail(world, 1, origin=Origin(f"198.51.100.{number}"))
    stranger = Origin("203.0.113.5")
    fail(world, 1, origin=stranger)

    with pytest.raises(TooManyAttempts):
        enter(world, origin=stranger)

    fail(world, 4, origin=HOME)
    assert actor(world, enter(world, origin=HOME)) is not None


def test_one_address_cannot_try_everybody(world: World, anna: int) -> None:
    enter(world, origin=HOME)
    for number in range(51):
        fail(world, 1, login=f"user{number}") if number < 50 else None

    with pytest.raises(TooManyAttempts):
        enter(world, "somebody else", "wrong")
    assert actor(world, enter(world)) is not None


def test_addresses_of_one_ipv6_network_count_as_one(world: World, anna: int) -> None:
    for number in range(5):
        fail(world, 1, origin=Origin(f"2001:db8::{number + 1}"))

    with pytest.raises(TooManyAttempts):
        enter(world, origin=Origin("2001:db8::ffff"))
    assert actor(world, enter(world, origin=Origin("2001:db8:0:1::1"))) is not None


def test_an_ipv4_address_counts_alone_however_it_is_spelled(world: World, anna: int) -> None:
    fail(world, 5, origin=Origin("::ffff:198.51.100.1"))

    with pytest.raises(TooManyAttempts):
        enter(world, origin=Origin("198.51.100.1"))
    assert actor(world, enter(world, origin=Origin("::ffff:198.51.100.2"))) is not None


def test_an_address_that_is_none_counts_too(world: World, anna: int) -> None:
    fail(world, 5, origin=Origin("unix:\x00socket"))

    with pytest.raises(TooManyAttempts):
        enter(world, origin=Origin("unix:\x00socket"))
    assert actor(world, enter(world)) is not None


def test_an_attempt_counts_before_its_password_is_looked_at(world: World, anna: int) -> None:
    counted: list[int] = []

    class WatchingHasher(Hasher):
        def matches(self, password_hash: str | None, password: str) -> bool:
            with world.database.read() as connection:
                failures = sa.select(sa.func.count()).select_from(tables.login_attempt)
                counted.append(connection.scalar(failures.where(~tables.login_attempt.c.succeeded)) or 0)
            return super().matches(password_hash, password)

    world.hasher = WatchingHasher(fast=True)
    enter(world)

    assert counted == [1]


def test_failures_are_forgotten_after_a_quarter_of_an_hour(world: World, anna: int) -> None:
    fail(world, 5)
    world.later(minutes=16)

    assert actor(world, enter(world)) is not None
