"""Signing in, passwords and the life of sessions."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core.access import tables
from crmframe.core.access.accounts import (
    Origin,
    PasswordChange,
    WrongPassword,
    actor_from_session,
    change_password,
    find_session,
    purge,
    set_password,
    sign_in,
    sign_out,
    sign_out_everywhere,
    touch_session,
)
from crmframe.core.access.actor import Actor, system_actor
from crmframe.core.access.loading import ActorCache, bump_epoch
from crmframe.core.access.passwords import Hasher
from crmframe.core.access.sessions import end_session, list_sessions
from crmframe.core.errors import InvalidInput, NotFound, PermissionDenied, TooManyAttempts
from tests.core.access.world import World

GOOD = "blue tractor 9 lanterns"
HOME = Origin("192.0.2.7", "Firefox")


@pytest.fixture
def anna(world: World) -> int:
    user = world.user("anna")
    with world.work(system_actor("cli"), writes=True) as work:
        set_password(work, user, GOOD, hasher=world.hasher)
    return user


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


# --- signing in ---------------------------------------------------------------------------------------


def test_name_and_password_open_a_session(world: World, anna: int) -> None:
    secret = enter(world)

    found = actor(world, secret)
    assert found is not None
    assert (found.id, found.must_change_password) == (anna, False)
    with world.database.read() as connection:
        stored = connection.execute(sa.select(tables.session)).one()
    assert len(secret) >= 40
    assert secret not in str(stored)
    assert (stored.address, stored.agent) == ("192.0.2.7", "Firefox")


def test_case_and_blanks_of_the_name_do_not_matter(world: World, anna: int) -> None:
    assert actor(world, enter(world, " ANNA ")) is not None


def test_names_that_differ_by_case_are_told_apart(world: World, anna: int) -> None:
    world.user("Anna")

    assert actor(world, enter(world, "anna")) is not None
    with pytest.raises(WrongPassword):
        enter(world, "ANNA")


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("anna", "wrong"),
        ("nobody", GOOD),
        ("off", GOOD),
        ("none", GOOD),
        ("", ""),
        ("an\x00na\ud800", "\ud800"),
        ("' or 1=1 --", GOOD),
    ],
)
def test_every_refusal_is_the_same(world: World, anna: int, login: str, password: str) -> None:
    off = world.user("off")
    world.user("none")
    with world.work(system_actor("cli"), writes=True) as work:
        set_password(work, off, GOOD, hasher=world.hasher)
    switch_off(world, off)

    with pytest.raises(WrongPassword) as refused:
        enter(world, login, password)

    assert str(refused.value) == "Name or password is wrong."
    assert refused.value.data == {}


class CountingHasher(Hasher):
    """Counts the hashes that are computed: what takes the time."""

    def __init__(self) -> None:
        super().__init__(fast=True)
        self.checks = 0

    def matches(self, password_hash: str | None, password: str) -> bool:
        self.checks += 1
        return super().matches(password_hash, password)


def test_an_unknown_name_costs_as_much_work_as_a_wrong_password(world: World, anna: int) -> None:
    statements: dict[str, list[str]] = {}
    checks = {}
    for login in ("anna", "nobody"):
        world.hasher = hasher = CountingHasher()
        noted = statements.setdefault(login, [])

        def note(
            connection: object, cursor: object, statement: str, *_: object, into: list[str] = noted
        ) -> None:
            into.append(statement)

        sa.event.listen(world.database.engine, "before_cursor_execute", note)
        with pytest.raises(WrongPassword):
            enter(world, login, "wrong")
        sa.event.remove(world.database.engine, "before_cursor_execute", note)
        checks[login] = hasher.checks

    assert checks == {"anna": 1, "nobody": 1}
    assert statements["anna"] == statements["nobody"]


def test_a_password_changed_while_it_was_checked_opens_nothing(world: World, anna: int) -> None:
    class SlowHasher(Hasher):
        def is_outdated(self, password_hash: str) -> bool:
            with world.work(system_actor("cli"), writes=True) as work:
                set_password(work, anna, "another 9 lanterns", hasher=Hasher(fast=True))
            return False

    world.hasher = SlowHasher(fast=True)

    with pytest.raises(WrongPassword):
        enter(world)


def test_an_outdated_hash_is_renewed_at_sign_in(world: World, anna: int) -> None:
    class StricterHasher(Hasher):
        def is_outdated(self, password_hash: str) -> bool:
            return True

    statement = sa.select(tables.credential.c.password_hash)
    with world.database.read() as connection:
        before = connection.scalar(statement)
    world.hasher = StricterHasher(fast=True)
    enter(world)

    with world.database.read() as connection:
        after = connection.scalar(statement)
    assert after != before
    assert world.hasher.matches(after, GOOD)


# --- slowing down -------------------------------------------------------------------------------------


def fail(world: World, times: int, login: str = "anna", origin: Origin = HOME) -> None:
    for _ in range(times):
        with pytest.raises(WrongPassword):
            enter(world, login, "wrong", origin)


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


# --- the life of a session ----------------------------------------------------------------------------


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


# --- passwords ----------------------------------------------------------------------------------------


def test_a_changed_password_ends_the_other_sessions(world: World, anna: int) -> None:
    here, there = enter(world), enter(world)
    change_password(
        world.database,
        PasswordChange(anna, GOOD, "seven grey lanterns"),
        now=world.now,
        keep=here,
        hasher=world.hasher,
    )

    assert actor(world, here) is not None
    assert actor(world, there) is None
    with pytest.raises(WrongPassword):
        enter(world)
    assert actor(world, enter(world, password="seven grey lanterns")) is not None


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", "seven grey lanterns", "current"),
        (GOOD, "short", "password"),
        (GOOD, "anna likes lanterns", "password"),
    ],
)
def test_a_refused_change_changes_nothing(
    world: World, anna: int, current: str, new: str, field: str
) -> None:
    there = enter(world)
    with pytest.raises(InvalidInput) as refused:
        change_password(
            world.database, PasswordChange(anna, current, new), now=world.now, keep="", hasher=world.hasher
        )

    assert [problem.field for problem in refused.value.problems] == [field]
    assert actor(world, there) is not None


def test_an_administrator_sets_a_password_to_be_changed(world: World, anna: int) -> None:
    secret = enter(world)
    admin = world.actor(world.user("root", is_admin=True))
    with world.work(admin, writes=True) as work:
        set_password(work, anna, "seven grey lanterns", hasher=world.hasher, must_change=True)

    assert actor(world, secret) is None
    assert world.actor(anna).must_change_password


def test_nobody_else_sets_passwords(world: World, anna: int) -> None:
    other = world.user("ben")
    with world.work(world.actor(other), writes=True) as work:
        with pytest.raises(PermissionDenied):
            set_password(work, anna, "seven grey lanterns", hasher=world.hasher)
        with pytest.raises(PermissionDenied):
            set_password(work, other, "seven grey lanterns", hasher=world.hasher)


def test_an_unknown_user_gets_no_password(world: World) -> None:
    with world.work(system_actor("cli"), writes=True) as work, pytest.raises(NotFound):
        set_password(work, 4711, GOOD, hasher=world.hasher)
