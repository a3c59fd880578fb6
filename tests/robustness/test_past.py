"""The time machine against snapshots: what was seen then is what is shown of then, records and lists alike."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.entities import filters
from crmframe.core.errors import CrmError
from crmframe.core.records import Query
from crmframe.core.work import UnitOfWork
from crmframe.testing.application import START
from tests.core.records.sandbox import Sandbox
from tests.core.records.test_undo_property import draw_step, ids_of, laboratory, perform

__all__ = ["laboratory"]

# A history costs a second: to shrink one that fails would take longer than to read it.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
EXAMPLES = int(os.environ.get("CRMFRAME_PAST_EXAMPLES", "10"))
STEPS = 14
# When the row of today was written is not part of the past.
STAMPS = ("updated_at", "updated_by")
ENTITIES = ("core.customer", "core.contact", "core.activity", "sales.deal", "sales.stage_change")
# Lists whose filter or order looks at what changes: own columns, sort keys, sidecars, custom fields, hops.
LISTS: tuple[tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]], ...] = (
    ("core.customer", (("name", "Anna"),), ("name", "-id")),
    ("core.customer", (("loyalty.tier", "gold"),), ("-name",)),
    ("core.customer", (("custom.district__ne", "East"),), ("-last_activity_at",)),
    ("core.customer", (("city__empty", "true"),), ("loyalty.tier", "name")),
    ("core.customer", (("parent__empty", "false"),), ("created_at",)),
    ("sales.deal", (("amount__gte", "2"),), ("-amount", "title")),
    ("sales.deal", (("closed_at__empty", "true"),), ("stage_entered_at",)),
)


@dataclass
class Snapshot:
    """Everything as it was seen at one moment."""

    moment: datetime
    entities: dict[str, dict[int, Any]]
    lists: list[list[Any]] = field(default_factory=list)


def columns_of(work: UnitOfWork, entity: str) -> tuple[str, ...]:
    """Return the stored fields by name."""
    fields = work.schema.fields(work.schema.entity(entity)).values()
    return tuple(f.name for f in fields if f.name not in STAMPS and f.source != "computed" and not f.hidden)


def everything(work: UnitOfWork, entity: str, moment: datetime | None = None) -> dict[int, Any]:
    """Return every record by id, as a list shows it; archived ones too."""
    columns = columns_of(work, entity)
    found: dict[int, Any] = {}
    after = None
    while True:
        query = Query(columns=columns, order=("id",), limit=9, after=after, archived=None, as_of=moment)
        page = records.select(work, entity, query)
        for row in page.records():
            assert row["id"] not in found
            found[row["id"]] = {name: str(value) for name, value in row.items()}
        after = page.next
        if after is None:
            return found


def listed(work: UnitOfWork, number: int, moment: datetime | None = None) -> list[Any]:
    """Return what a filtered, sorted list shows on its first pages."""
    entity_name, pairs, order = LISTS[number]
    entity = work.schema.entity(entity_name)
    where = filters.parse_params(work.schema, entity, pairs, work.parse_context())
    first = Query(where=where, order=order, columns=("id", *_names(order)), limit=3, as_of=moment)
    page = records.select(work, entity_name, first)
    rows = list(page.rows)
    if page.next:
        rows += records.select(
            work, entity_name, Query(where, order, first.columns, limit=50, after=page.next, as_of=moment)
        ).rows
    counted = records.count(work, entity_name, Query(where=where, as_of=moment)) if moment is None else None
    assert counted is None or counted.value == len(rows)
    return rows


def _names(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lstrip("-") for name in order if name.lstrip("-") != "id")


def seen(box: Sandbox, minute: int) -> Snapshot:
    """Look at everything half a minute later."""
    with box.work(minute) as work:
        entities = {entity: everything(work, entity) for entity in ENTITIES}
        lists = [listed(work, number) for number in range(len(LISTS))]
    return Snapshot(START + timedelta(minutes=minute, seconds=30), entities, lists)


def step_or_way_back(
    draw: Callable[..., Any], box: Sandbox, operations: list[int], minute: int
) -> int | None:
    """Do something new, undo something, or put a deleted record back."""
    kind = draw(st.sampled_from(("new", "new", "new", "undo", "restore")))
    if kind == "new" or not operations:
        return perform(box, draw_step(draw, box), minute)
    try:
        with box.work(minute) as work:
            if kind == "undo":
                records.undo(work, draw(st.sampled_from(operations)), partly=draw(st.booleans()))
            else:
                records.restore(
                    work,
                    "core.customer",
                    draw(st.integers(1, 1 + max(ids_of(box, "core.customer"), default=1))),
                )
    except CrmError:
        return None
    return work.operation_id


@pytest.mark.timeout(1800)
def test_the_past_is_what_was_seen_then(laboratory: Application) -> None:
    looked = 0

    @settings(max_examples=EXAMPLES, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        nonlocal looked
        box = Sandbox(laboratory)
        moments = data.draw(st.sets(st.integers(0, STEPS - 1), min_size=2, max_size=2))
        with box.opened():
            history: list[Snapshot] = []
            operations: list[int] = []
            for minute in range(STEPS):
                operation = step_or_way_back(data.draw, box, operations, minute)
                if operation is not None:
                    operations.append(operation)
                if minute in moments:
                    history.append(seen(box, minute))
            customers = {i for each in history for i in each.entities["core.customer"]}
            chosen = (
                data.draw(st.sets(st.sampled_from(sorted(customers)), max_size=4)) if customers else set()
            )
            with box.work(STEPS) as work:
                for snapshot in history:
                    compare(work, snapshot, chosen)
                    looked += 1

    check()
    print(f"\nthe past: {looked} moments of {EXAMPLES} histories")


def compare(work: UnitOfWork, snapshot: Snapshot, customers: set[int]) -> None:
    """Assert that lists and records of then are those that were seen then."""
    for entity, wanted in snapshot.entities.items():
        assert everything(work, entity, snapshot.moment) == wanted, f"the list of {entity}"
    for number, rows in enumerate(snapshot.lists):
        assert listed(work, number, snapshot.moment) == rows, f"the list {LISTS[number]}"
    columns = columns_of(work, "core.customer")
    for record_id in sorted(customers):
        found = records.as_of(work, "core.customer", record_id, snapshot.moment)
        shown = None if found is None else {name: str(found[name]) for name in columns}
        assert shown == snapshot.entities["core.customer"].get(record_id), f"customer {record_id}"
