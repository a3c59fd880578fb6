"""Whoever made a record by mistake takes that back, without the right to delete what others made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.access.loading import actor_of_user
from crmframe.core.errors import NotFound, PermissionDenied, UndoConflict

GRANTS = [("core.customer.create", "own"), ("core.customer.read", "all"), ("core.customer.update", "all")]


@pytest.fixture
def as_user(application: Any) -> Callable[..., Any]:
    """Give ``as_user(name)``: ann and bob may make customers and change them, but not delete them."""
    with application.work() as work:
        role = records.create(work, "core.role", {"name": "seller"})["id"]
        rows = [{"role_id": role, "permission": name, "scope": scope} for name, scope in GRANTS]
        records.create_many(work, "core.role_grant", rows)
        ids = {n: records.create(work, "core.user", {"login": n, "name": n})["id"] for n in ("ann", "bob")}
        for user_id in ids.values():
            records.create(work, "core.user_role", {"user_id": user_id, "role_id": role})

    def opened(name: str, **options: Any) -> Any:
        with application.database.read() as connection:
            return application.work(actor_of_user(connection, ids[name]), **options)

    return opened


@pytest.fixture
def slip(as_user: Callable[..., Any]) -> tuple[int, int]:
    """Give a customer that ann made by mistake, and the operation."""
    with as_user("ann") as work:
        made: int = records.create(work, "core.customer", {"name": "Nordvik"})["id"]
    return made, work.operation_id


def is_there(as_user: Callable[..., Any], customer: int) -> bool:
    with as_user("bob", write=False) as work:
        return bool(records.titles(work, "core.customer", [customer]))


def test_what_one_made_by_mistake_goes_and_comes_back_by_undo(as_user, slip):
    customer, operation = slip
    with as_user("ann") as work:
        records.undo(work, operation)
    undoing = work.operation_id
    assert not is_there(as_user, customer)

    with as_user("ann") as work:
        records.undo(work, undoing)
    redoing = work.operation_id
    assert is_there(as_user, customer)

    with as_user("ann") as work:
        records.undo(work, redoing)
    assert not is_there(as_user, customer)


def test_what_somebody_else_made_stays(as_user, slip):
    customer, operation = slip
    with pytest.raises((NotFound, PermissionDenied)), as_user("bob") as work:
        records.undo(work, operation)

    assert is_there(as_user, customer)


def test_after_a_day_the_right_to_delete_is_asked_for(as_user, slip, clock):
    customer, operation = slip
    clock.advance(days=1)
    with pytest.raises(PermissionDenied, match=r"core\.customer\.delete"), as_user("ann") as work:
        records.undo(work, operation)

    assert is_there(as_user, customer)


def test_what_somebody_worked_on_since_stays(as_user, slip):
    customer, operation = slip
    with as_user("bob") as work:
        records.update(work, "core.customer", customer, {"city": "Kiel"})
    with pytest.raises(UndoConflict), as_user("ann") as work:
        records.undo(work, operation)

    assert is_there(as_user, customer)


def test_what_is_no_longer_one_s_own_stays(application, as_user, slip):
    customer, operation = slip
    with application.work() as work:
        records.update(work, "core.customer", customer, {"owner_id": None})
    with pytest.raises((PermissionDenied, UndoConflict)), as_user("ann") as work:
        records.undo(work, operation)

    assert is_there(as_user, customer)


def test_deleting_by_itself_stays_refused(as_user, slip):
    with pytest.raises(PermissionDenied), as_user("ann") as work:
        records.delete(work, "core.customer", slip[0])
