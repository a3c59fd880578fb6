"""The reasons that ``why`` gives."""

from __future__ import annotations

from typing import Any

import pytest

from crmframe.core.access.actor import system_actor
from crmframe.core.access.explain import Explanation, explain
from crmframe.core.access.term import NONE
from crmframe.core.errors import NotFound, PermissionDenied
from tests.core.access.world import World


@pytest.fixture
def estate(world: World) -> int:
    team = world.team("North")
    world.user("anna", team)
    world.user("ben")
    return world.insert("accesstest.estate", name="hall", owner_id=1, team_id=team)


def why(world: World, user: int, verb: str, entity: str, record: int | None = None) -> Explanation:
    with world.work(system_actor("cli")) as work:
        return explain(work, user, verb, entity, record)


def said(explanation: Explanation) -> list[str]:
    return [sentence.text() for sentence in explanation.sentences]


def test_the_role_and_the_owner_that_allow_are_named(world: World, estate: int) -> None:
    world.role("Seller", [1], estate_update="own")
    answer = why(world, 1, "update", "accesstest.estate", estate)

    assert answer.allowed
    assert said(answer) == [
        f"Anna may update Estate {estate}.",
        "Role Seller gives accesstest.estate.update on own records, and this one belongs to Anna.",
    ]


def test_the_owner_who_forbids_is_named(world: World, estate: int) -> None:
    world.role("Seller", [2], estate_update="own", estate_read="team")
    answer = why(world, 2, "update", "accesstest.estate", estate)

    assert not answer.allowed
    assert said(answer)[1] == (
        "Role Seller gives accesstest.estate.update on own records only; this one belongs to Anna."
    )
    assert said(why(world, 2, "read", "accesstest.estate", estate))[1].endswith(
        "on the records of own teams only; this one belongs to Anna, team North."
    )


def test_a_missing_grant_names_the_roles(world: World, estate: int) -> None:
    world.role("Painter", [2], color_read="all")

    assert said(why(world, 2, "read", "accesstest.estate", estate)) == [
        f"Ben may not read Estate {estate}.",
        "No role of Ben gives accesstest.estate.read.",
        "Ben has the roles Painter.",
    ]
    assert said(why(world, 1, "read", "accesstest.estate", estate))[2] == "Anna has no role."


def test_an_administrator_needs_no_role(world: World, estate: int) -> None:
    admin = world.user("root", is_admin=True)

    answer = why(world, admin, "delete", "accesstest.estate", estate)
    assert answer.allowed
    assert said(answer)[1] == "Root is an administrator and holds every permission."


def test_the_record_above_is_explained_too(world: World, estate: int) -> None:
    room = world.insert("accesstest.room", name="room", estate_id=estate)
    world.role("Seller", [2], estate_read="own", room_read="all")
    answer = why(world, 2, "read", "accesstest.room", room)

    assert not answer.allowed
    assert said(answer)[2:] == [
        f"It belongs to Estate {estate}, which Ben may not read.",
        f"Ben may not read Estate {estate}.",
        "Role Seller gives accesstest.estate.read on own records only; this one belongs to Anna.",
    ]


def test_a_note_says_what_it_is_about(world: World, estate: int) -> None:
    memo = world.insert("accesstest.memo", name="memo", about=f"accesstest.estate:{estate}", created_by=2)
    world.role("Seller", [2], estate_read="all", memo_read="parent")
    answer = why(world, 2, "read", "accesstest.memo", memo)

    assert answer.allowed
    assert said(answer)[-1] == f"It belongs to Estate {estate}, which Ben may read."


def test_a_plugin_that_hides_is_mentioned(world: World, estate: int) -> None:
    def hide(context: Any, value: Any) -> Any:
        return NONE

    world.role("Seller", [1], estate_read="all")
    world.hooks.amend = hide

    answer = why(world, 1, "read", "accesstest.estate", estate)
    assert not answer.allowed
    assert said(answer)[-1] == "A plugin's own rule hides it from Anna."


def test_who_may_do_nothing_at_all_is_told_so(world: World, estate: int) -> None:
    off = world.user("carl", is_active=False)

    assert said(why(world, off, "read", "accesstest.estate", estate)) == [
        "Carl is switched off and may do nothing."
    ]
    assert said(why(world, 4711, "read", "accesstest.estate", estate)) == ["There is no user 4711."]


def test_unknown_things_are_named(world: World, estate: int) -> None:
    world.role("Seller", [1], estate_read="all", estate_update="portal")

    assert said(why(world, 1, "read", "accesstest.estate", 4711))[1] == "There is no Estate 4711."
    assert (
        "Estate knows no juggle; it knows archive," in said(why(world, 1, "juggle", "accesstest.estate"))[1]
    )
    assert (
        "portal, which no enabled plugin knows"
        in said(why(world, 1, "update", "accesstest.estate", estate))[1]
    )
    with pytest.raises(NotFound):
        why(world, 1, "read", "accesstest.nothing")


def test_a_type_as_a_whole_is_explained(world: World, estate: int) -> None:
    world.role("Seller", [1], estate_create="own")

    answer = why(world, 1, "create", "accesstest.estate")
    assert answer.allowed
    assert said(answer)[1] == "Role Seller gives accesstest.estate.create on the scope own."


def test_names_are_open_to_everybody(world: World, estate: int) -> None:
    answer = why(world, 2, "read", "core.user", 1)

    assert answer.allowed
    assert said(answer)[1] == "Everybody who is signed in may see the names of users and teams."


def test_roles_are_not_explained_to_everybody(world: World, estate: int) -> None:
    with world.work(world.actor(1)) as work, pytest.raises(PermissionDenied):
        explain(work, 1, "read", "accesstest.estate", estate)
