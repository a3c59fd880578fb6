from __future__ import annotations

from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.activities.mentions import mentioned

USERS = {1: "张伟", 2: "张伟东", 3: "Emma Lindqvist", 4: "Emma", 5: "李娜"}


@pytest.mark.parametrize(
    ("text", "users"),
    [
        ("请@张伟东明天去拜访，@李娜知会", {2, 5}),
        ("@张伟请看", {1}),
        ("＠张伟", {1}),
        ("Ask @emma lindqvist about it", {3}),
        ("Ask @Emma.", set()),
        ("Ask @Emma, please", {4}),
        ("Ask @Emmanuel", set()),
        ("write to info@emma.example", set()),
        ("nobody @ all", set()),
    ],
)
def test_names_behind_the_sign_are_found_the_longest_first(text: str, users: set[int]) -> None:
    assert mentioned(text, USERS) == users


def users_mentioned(application: Any) -> list[int]:
    with application.work(write=False) as work:
        return sorted(
            row["user_id"] for row in records.select(work, "core.mention", records.Query()).records()
        )


def test_mentions_follow_the_text_and_an_undo(application: Any) -> None:
    with application.work() as work:
        zhang, emma, gone = (
            records.create(work, "core.user", {"login": name, "name": name, "is_active": name != "Gone"})[
                "id"
            ]
            for name in ("张伟", "Emma", "Gone")
        )
        about = f"core.customer:{records.create(work, 'core.customer', {'name': 'Nordvik'})['id']}"
        values = {"about": about, "text": "请@张伟看，@Gone 也看"}
        activity = records.create(work, "core.activity", values)["id"]
    assert users_mentioned(application) == [zhang]

    with application.work() as work:
        records.update(work, "core.activity", activity, {"text": "Ask @Emma instead"})
    assert users_mentioned(application) == [emma]
    with application.work() as undoing:
        records.undo(undoing, work.operation_id)
    assert users_mentioned(application) == [zhang]
    assert gone
