from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import crmframe_hello
from crmframe.api import records
from crmframe.core.journal.events import Cursor, read_events

FOLDER = Path(crmframe_hello.__file__).parent


@pytest.fixture
def crm(make_application: Any) -> Any:
    return make_application("hello")


def sell(crm: Any, **values: Any) -> int:
    with crm.work() as work:
        customer = records.create(work, "core.customer", {"name": "Pinecrest"})["id"]
        given = {"title": "House by the lake", "price": "450000", "customer_id": customer, **values}
        house = records.create(work, "hello.property", given)["id"]
    with crm.work() as work:
        records.update(work, "hello.property", house, {"status": "sold"})
    return int(house)


def react(crm: Any) -> list[str]:
    [subscription] = crmframe_hello.subscriptions()
    with crm.database.read() as connection:
        events, _ = read_events(connection, Cursor(), 100, subscription.events)
    with crm.work(door="event") as work:
        subscription.handle(work, events)
        return [row["text"] for row in records.select(work, "core.activity", records.Query()).records()]


def test_selling_a_property_leaves_an_activity_on_the_customer(crm: Any) -> None:
    sell(crm)

    assert react(crm) == ["Sold: House by the lake"]


def test_other_changes_leave_none(crm: Any) -> None:
    house = sell(crm, customer_id=None)
    with crm.work() as work:
        records.update(work, "hello.property", house, {"city": "Austin"})

    assert react(crm) == []


def test_property_deleted_meanwhile_is_passed_over(crm: Any) -> None:
    house = sell(crm)
    with crm.work() as work:
        records.delete(work, "hello.property", house)

    assert react(crm) == []


def test_module_is_at_most_sixty_short_lines_in_three_files() -> None:
    files = [path for path in FOLDER.iterdir() if path.suffix in (".py", ".toml", ".html")]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]

    assert len(files) <= 3
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 100
