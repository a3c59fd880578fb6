"""Which fields an actor may read and write."""

from __future__ import annotations

from crmframe.core.access.fields import readable_fields, writable_fields
from tests.core.access.world import World


def fields(world: World, user_id: int, entity: str = "estate") -> tuple[frozenset[str], frozenset[str]]:
    with world.work(world.actor(user_id)) as work:
        found = world.entity(entity)
        return readable_fields(work, found), writable_fields(work, found)


def rule(world: World, role_id: int, field: str, right: str, entity: str = "accesstest.estate") -> None:
    world.insert("core.role_field", role_id=role_id, entity=entity, field=field, right=right)


def test_ordinary_fields_are_open_and_sensitive_ones_are_not(world: World) -> None:
    user = world.user("anna")
    world.role("reader", [user], estate_read="all")

    readable, writable = fields(world, user)

    assert {"id", "name", "price", "owner_id", "version", "created_at"} <= readable
    assert {"name", "price", "owner_id"} <= writable
    assert "diagnosis" not in readable | writable
    assert not {"id", "version", "created_by"} & writable


def test_hidden_fields_are_nobodys(world: World) -> None:
    user = world.user("anna")
    rule(world, world.role("reader", [user], estate_read="all"), "secret", "write")

    for user_id in (user, world.user("root", is_admin=True)):
        readable, writable = fields(world, user_id)
        assert "secret" not in readable | writable
        assert ("diagnosis" in readable & writable) == (user_id != user)


def test_a_rule_hides_a_field(world: World) -> None:
    user = world.user("anna")
    role = world.role("reader", [user], estate_read="all")
    rule(world, role, "price", "hidden")
    rule(world, role, "name", "read")

    readable, writable = fields(world, user)

    assert "price" not in readable | writable
    assert "name" in readable - writable


def test_a_rule_opens_a_sensitive_field(world: World) -> None:
    user = world.user("anna")
    rule(world, world.role("doctor", [user], estate_read="all"), "diagnosis", "read")
    world.role("other", [user], estate_update="all")

    readable, writable = fields(world, user)

    assert "diagnosis" in readable - writable


def test_the_most_generous_role_counts(world: World) -> None:
    user = world.user("anna")
    rule(world, world.role("strict", [user], estate_read="all"), "price", "hidden")
    rule(world, world.role("kind", [user], estate_read="own"), "price", "read")

    readable, writable = fields(world, user)

    assert "price" in readable - writable


def test_a_role_that_says_nothing_about_the_field_leaves_it_open(world: World) -> None:
    user = world.user("anna")
    rule(world, world.role("strict", [user], estate_read="all"), "price", "hidden")
    world.role("silent", [user], estate_read="own")

    assert "price" in fields(world, user)[1]


def test_a_role_about_something_else_opens_nothing(world: World) -> None:
    user = world.user("anna")
    rule(world, world.role("strict", [user], estate_read="all"), "price", "hidden")
    world.role("painter", [user], color_read="all")

    assert "price" not in fields(world, user)[0]


def test_of_users_everybody_sees_the_name_only(world: World) -> None:
    user, reader, part_reader = world.user("anna"), world.user("ben"), world.user("carl")
    for role, held_by, scope in (("all", reader, "all"), ("own", part_reader, "own")):
        role_id = world.role(role, [held_by])
        world.insert("core.role_grant", role_id=role_id, permission="core.user.read", scope=scope)

    assert fields(world, user, "core.user")[0] == {"id", "name", "is_active"}
    assert fields(world, part_reader, "core.user")[0] == {"id", "name", "is_active"}
    assert "email" in fields(world, reader, "core.user")[0]


def test_only_administrators_make_administrators(world: World) -> None:
    user, admin = world.user("anna"), world.user("root", is_admin=True)
    role_id = world.role("all", [user])
    for verb in ("read", "update"):
        world.insert("core.role_grant", role_id=role_id, permission=f"core.user.{verb}", scope="all")

    assert "name" in fields(world, user, "core.user")[1]
    assert "is_admin" not in fields(world, user, "core.user")[1]
    assert "is_admin" in fields(world, admin, "core.user")[1]


def test_a_sidecar_s_fields_have_rights_under_their_full_names(world: World) -> None:
    user = world.user("anna")
    role = world.role("reader", [user], estate_read="all")

    readable, writable = fields(world, user, "plot")
    assert "acres" in readable & writable
    assert "soil" not in readable
    assert "accesstest.acres" in fields(world, user)[0]

    rule(world, role, "accesstest.acres", "hidden")
    rule(world, role, "accesstest.soil", "read")
    readable, writable = fields(world, user, "plot")
    assert "acres" not in readable
    assert "soil" in readable - writable
    assert "id" in readable
