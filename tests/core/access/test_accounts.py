"""Signing in and passwords."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crmframe.core.access import tables
from crmframe.core.access.accounts import PasswordChange, WrongPassword, change_password, set_password
from crmframe.core.access.actor import system_actor
from crmframe.core.access.passwords import Hasher
from crmframe.core.errors import InvalidInput, NotFound, PermissionDenied
from tests.core.access.signing import GOOD, actor, enter, switch_off
from tests.core.access.world import World

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
