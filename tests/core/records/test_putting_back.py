"""Putting back records that refer to each other: no order of inserting suits them all."""

from __future__ import annotations

from crmframe.application import Application
from crmframe.core import records


def test_undo_of_deleting_a_family_puts_back_children_and_parents(application: Application) -> None:
    with application.work() as work:
        parent = records.create(work, "core.customer", {"name": "Parent"})["id"]
        child = records.create(work, "core.customer", {"name": "Child", "parent_id": parent})["id"]
        grandchild = records.create(work, "core.customer", {"name": "Grandchild", "parent_id": child})["id"]
        records.update(work, "core.customer", parent, {"referred_by_id": grandchild})
    with application.work() as work:
        records.delete_many(work, "core.customer", [parent, child, grandchild])
    deletion = work.operation_id

    with application.work() as work:
        records.undo(work, deletion)

    columns = ("parent_id", "referred_by_id")
    with application.work(write=False) as work:
        found = {
            i: records.get(work, "core.customer", i, columns=columns) for i in (parent, child, grandchild)
        }
    assert [found[i]["parent_id"] for i in (parent, child, grandchild)] == [None, parent, child]
    assert found[parent]["referred_by_id"] == grandchild
