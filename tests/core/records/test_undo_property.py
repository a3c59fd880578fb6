"""Undo against a replay: whatever is undone, the rest is as if it had never been, or the undo is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import CrmError, UndoConflict
from tests.core.records.sandbox import Sandbox

EXAMPLES = int(os.environ.get("CRMFRAME_UNDO_EXAMPLES", "300"))
STEPS = 20
CODES = ("A", "B", "C", None)
TIERS = ("silver", "gold", None)
Step = tuple[str, tuple[Any, ...]]


@pytest.fixture
def laboratory(make_application: Callable[..., Application]) -> Application:
    """Give an application with deals, sidecars and a custom field."""
    application = make_application("sales", "loyalty")
    with application.work() as work:
        records.create(
            work, "core.custom_field", {"entity": "core.customer", "name": "region", "kind": "text"}
        )
        pipeline = records.create(work, "sales.pipeline", {"name": "Test"})["id"]
        for position, kind in enumerate(("open", "open", "won", "lost")):
            stage = {"name": f"S{position}", "pipeline_id": pipeline, "kind": kind, "position": position}
            records.create(work, "sales.stage", stage)
        records.create(work, "sales.lost_reason", {"name": "Price"})
    return application


def ids_of(box: Sandbox, entity: str) -> list[int]:
    return [
        row[0]
        for row in box.connection.exec_driver_sql(f"SELECT id FROM {table_of(box, entity)} ORDER BY id")
    ]


def table_of(box: Sandbox, entity: str) -> str:
    return box.application.registry.entity(entity).table.name


def draw_step(draw: Callable[..., Any], box: Sandbox) -> Step:
    """Choose a step that fits what is there now; everything it needs is spelled out, for the replay."""
    customers, deals = ids_of(box, "core.customer"), ids_of(box, "sales.deal")
    one = lambda ids: draw(st.sampled_from(ids)) if ids else 9999  # noqa: E731
    some = lambda ids: tuple(draw(st.lists(st.sampled_from(ids), unique=True, max_size=3))) if ids else ()  # noqa: E731
    parent = draw(st.sampled_from([None, *customers]))
    values = {
        "name": draw(st.sampled_from(("Anna", "Bert", "张伟"))),
        "code": draw(st.sampled_from(CODES)),
        "parent_id": parent,
        "custom.region": draw(st.sampled_from(("East", "West", None))),
        "loyalty.tier": draw(st.sampled_from(TIERS)),
    }
    part = {
        name: values[name]
        for name in draw(st.lists(st.sampled_from(sorted(values)), unique=True, max_size=3))
    }
    at = f"2026-01-{draw(st.integers(10, 28))}T08:00:00Z"
    about = f"core.customer:{one(customers)}"
    options: list[Step] = [
        ("create", ("core.customer", {**part, "name": values["name"]})),
        ("create_many", ("core.customer", tuple({"name": n, "code": None} for n in ("X", "Y", "Z")))),
        ("update", ("core.customer", one(customers), part)),
        ("update", ("core.customer", one(customers), part)),
        ("update_many", ("core.customer", {i: {"city": values["name"], **part} for i in some(customers)})),
        ("delete", ("core.customer", one(customers))),
        ("delete_many", ("core.customer", some(customers))),
        ("archive", ("core.customer", one(customers))),
        ("create", ("core.contact", {"name": "Contact", "customer_id": parent})),
        ("create", ("core.activity", {"about": about, "text": "spoke", "at": at})),
        ("delete", ("core.activity", one(ids_of(box, "core.activity")))),
        ("create", ("core.contact_point", {"about": about, "kind": "phone", "value": "13800138000"})),
        ("create", ("sales.deal", {"title": "Deal", "customer_id": parent, "code": values["code"]})),
        ("update", ("sales.deal", one(deals), {"amount": draw(st.integers(0, 5)), "customer_id": parent})),
        (
            "run",
            (
                "sales.deal",
                one(deals),
                "move",
                {"stage_id": draw(st.sampled_from(ids_of(box, "sales.stage")))},
            ),
        ),
        ("run", ("sales.deal", one(deals), "win", {})),
        (
            "run",
            ("sales.deal", one(deals), "lose", {"lost_reason_id": one(ids_of(box, "sales.lost_reason"))}),
        ),
        ("run", ("sales.deal", one(deals), "reopen", {})),
        ("delete", ("sales.deal", one(deals))),
    ]
    return draw(st.sampled_from(options))


def perform(box: Sandbox, step: Step, minute: int) -> int | None:
    """Run a step; returns its operation, None when it was refused or changed nothing."""
    verb, arguments = step
    try:
        with box.work(minute) as work:
            getattr(records, verb)(work, *arguments)
    except CrmError:
        return None
    return work.operation_id


@pytest.mark.timeout(1800)
def test_undo_equals_never_having_done_it(laboratory: Application) -> None:
    counts = {"undone": 0, "refused": 0}

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        box = Sandbox(laboratory)
        history: list[tuple[Step, int, int]] = []
        with box.opened():
            start = box.snapshot()
            for minute in range(STEPS):
                step = draw_step(data.draw, box)
                operation = perform(box, step, minute)
                if operation is not None:
                    history.append((step, operation, minute))
            if not history:
                return
            chosen = data.draw(st.integers(0, len(history) - 1))
            before = box.snapshot()
            try:
                with box.work() as work:
                    records.undo(work, history[chosen][1])
            except UndoConflict:
                counts["refused"] += 1
                assert box.snapshot() == before
                undone = None
            else:
                counts["undone"] += 1
                undone = box.snapshot()
            if undone is not None:
                with box.work() as work:
                    records.undo(work, work_operation(box))
                assert box.snapshot() == before, "the redo is not what was undone"
            for _, operation, _ in reversed(history):
                with box.work() as work:
                    records.undo(work, operation)
            assert box.snapshot() == start, "undoing everything in reverse is not the beginning"
        if undone is not None:
            with box.opened():
                for position, (step, _, minute) in enumerate(history):
                    operation = perform(box, step, minute)
                    if position == chosen:
                        assert operation is not None
                        with box.work() as work:
                            records.undo(work, operation)
                assert undone == box.snapshot(), "the undo is not what a replay without it gives"

    check()
    print(
        f"\nundo: {counts['undone']} done, {counts['refused']} refused of {EXAMPLES} histories of {STEPS} steps"
    )
    assert counts["undone"] > 0
    assert counts["refused"] > 0


def work_operation(box: Sandbox) -> int:
    return int(box.connection.exec_driver_sql("SELECT max(id) FROM core_operation").scalar() or 0)
