"""Planted faults of what is lent: shares ignored, shares that let more than they say, deputies for ever."""

from __future__ import annotations

from typing import Any

import pytest

from crmframe.core.errors import CrmError
from tests.core.access import test_lending
from tests.core.access.test_lending import as_user, customer, people
from tests.faults.planting import plant

__all__ = ["as_user", "customer", "people"]

LENDING = "crmframe.core.access.lending"
SEEN = test_lending.test_shared_record_is_read_with_what_hangs_on_it_and_not_changed
CHANGED = test_lending.test_share_to_write_lets_change_and_neither_delete_nor_give_away
ENDED = test_lending.test_share_with_a_team_reaches_its_members_until_its_last_day
FAULTS = {
    "a share is ignored": ((f"{LENDING}:_shared", "if not held or", "if held or"), SEEN),
    "a share to read lets write": (
        (f"{LENDING}:shared", 'wanted = "read" if asked == "read" else "write"', 'wanted = "read"'),
        SEEN,
    ),
    "everybody's share is mine": (
        (f"{LENDING}:_shared", "share.c.user_id == sa.bindparam(ACTOR, type_=Id())", "share.c.id > 0"),
        test_lending.test_each_sees_what_is_shared_with_them_alone,
    ),
    "what hangs on a shared record does not follow": (
        (f"{LENDING}:shared", "for name in entity.access_through:", "for name in ():"),
        SEEN,
    ),
    "a share lets delete": ((f"{LENDING}:shared", "or asked in KEPT", ""), CHANGED),
    "a share lets give away": (
        ("crmframe.core.records.writing:_without_shares", "if not work.actor.lent:", "if True:"),
        CHANGED,
    ),
    "a share goes on after its last day": (
        (
            f"{LENDING}:_shared",
            "where(who, share.c.entity == target, lasts)",
            "where(who, share.c.entity == target)",
        ),
        ENDED,
    ),
    "a deputy stays one": (
        (f"{LENDING}:absent_ids", "if each.starts_on <= today <= each.ends_on", "if today"),
        test_lending.test_deputy_sees_and_changes_and_the_journal_says_for_whom,
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_turns_its_test_red(  # noqa: PLR0917 - the fixtures of all guards
    application: Any,
    as_user: Any,
    people: dict[str, int],
    customer: int,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    (place, old, new), guard = FAULTS[name]
    fixtures = {
        "application": application,
        "as_user": as_user,
        "people": people,
        "customer": customer,
        "clock": clock,
    }
    parameters = guard.__code__.co_varnames[: guard.__code__.co_argcount]
    plant(monkeypatch, place, (old, new))

    with pytest.raises((AssertionError, CrmError, pytest.fail.Exception)):
        guard(**{each: fixtures[each] for each in parameters})
