"""What one request keeps of the policy: nothing that would serve somebody else, or another verb."""

from __future__ import annotations

import copy
from typing import Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.access.policy import policy
from crmframe.core.access.term import NONE, Term
from tests.core.access.world import World


def test_a_record_comes_with_the_verbs_that_are_allowed_on_it(world: World) -> None:
    anna = world.user("anna")
    world.role("worker", [anna], estate_read="all", estate_update="own")
    hers = world.insert("accesstest.estate", name="Hers", owner_id=anna)
    other = world.insert("accesstest.estate", name="Other")
    verbs = ("update", "delete")

    with world.work(world.actor(anna)) as work:
        found = [records.get_and_verbs(work, "accesstest.estate", each, verbs) for each in (hers, other)]

    assert [(record["name"], allowed) for record, allowed in found] == [
        ("Hers", {"update"}),
        ("Other", set()),
    ]


def test_rules_of_two_verbs_that_bind_one_name_do_not_mix(world: World) -> None:
    anna = world.user("anna")
    world.role("worker", [anna], estate_read="all", estate_update="all", estate_delete="all")
    estate = world.insert("accesstest.estate", name="Villa", owner_id=anna)
    names = {"read": "Villa", "update": "Castle", "delete": "Villa"}

    def only_named(context: Any, value: Term) -> Term:
        def build(frm: Any) -> sa.ColumnElement[bool]:
            return sa.cast(frm.c.name == sa.bindparam("named"), sa.Boolean)

        return value & Term("test:named", build, {"named": names[context.verb]})

    world.hooks.amend = only_named

    with world.work(world.actor(anna)) as work:
        record, allowed = records.get_and_verbs(work, "accesstest.estate", estate, ("update", "delete"))

    assert (record["name"], allowed) == ("Villa", {"delete"})


def test_a_copy_of_the_work_for_somebody_else_has_rights_of_its_own(world: World) -> None:
    anna, bert = world.user("anna"), world.user("bert")
    world.role("reader", [anna], estate_read="own")
    estate = world.entity("estate")

    with world.work(world.actor(anna)) as work:
        mine = policy(work, estate, "read")
        other = copy.copy(work)
        other.actor = world.actor(bert)
        theirs = policy(other, estate, "read")

    assert mine.shape == "own:owner_id"
    assert theirs is NONE


def test_a_kept_select_shows_nobody_the_rows_of_another(world: World) -> None:
    anna, bert, root = world.user("anna"), world.user("bert"), world.user("root", is_admin=True)
    world.role("worker", [anna, bert], estate_read="own")
    for name, owner in (("Hers", anna), ("His", bert), ("Old", bert)):
        world.insert("accesstest.estate", name=name, owner_id=owner)
    found, made = {}, []

    for user in (anna, bert, root, anna):
        with world.work(world.actor(user)) as work:
            estate = records.visible(work, "accesstest.estate")

            def build(estate: Any = estate) -> sa.Select[Any]:
                made.append(estate)
                return sa.select(estate.c.name).where(estate.c.name != sa.bindparam("but"))

            rows = work.rows(work.kept("test.names", build, estate), {"but": "Old"})
            found[user] = {row.name for row in rows}

    assert found == {anna: {"Hers"}, bert: {"His"}, root: {"Hers", "His"}}
    assert len(made) == 2  # the rights of Anna and Bert have one shape
