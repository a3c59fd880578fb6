"""Two units of work at the same moment, one step after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
import sqlalchemy as sa

from crmframe.application import Application
from crmframe.core import records
from crmframe.core.errors import Conflict, Contended, CrmError, InvalidInput, UndoConflict
from crmframe.core.journal import tables
from crmframe.core.operation.check import run_checks
from crmframe.core.work import UnitOfWork

Step = Callable[[UnitOfWork], Any]
AT = "2026-01-05T08:00:00Z"


def interleaved(
    application: Application, first: Step, second: Step, elsewhere: Application | None = None
) -> CrmError | None:
    """Run *first*, and *second* from before its commit on; return what *second* was refused with.

    Args:
        elsewhere: What *second* runs in, when that is another process.
    """

    def later() -> CrmError | None:
        try:
            with (elsewhere or application).work() as work:
                second(work)
        except CrmError as error:
            return error
        return None

    with ThreadPoolExecutor(1) as pool:
        with application.work() as work:
            first(work)
            running = pool.submit(later)
            wait([running], timeout=0.4)
        return running.result(60)


def create(application: Application, entity: str, **values: Any) -> int:
    with application.work() as work:
        return int(records.create(work, entity, values)["id"])


def read(application: Application, entity: str, record_id: int) -> dict[str, Any]:
    with application.work(write=False) as work:
        return records.get(work, entity, record_id)


def problems(application: Application) -> list[str]:
    with application.work(write=False) as work:
        return [problem.message() for answer in run_checks(work) for problem in answer.problems]


def test_the_second_to_take_a_unique_value_is_told_so(application: Application) -> None:
    error = interleaved(
        application,
        lambda work: records.create(work, "core.customer", {"name": "First", "code": "A"}),
        lambda work: records.create_many(work, "core.customer", [{"name": "B"}, {"name": "S", "code": "A"}]),
    )

    assert isinstance(error, InvalidInput)
    assert [(p.field, p.code, p.row, p.data["value"]) for p in error.problems] == [("code", "taken", 1, "A")]


def test_the_second_to_change_to_a_unique_value_is_told_so(application: Application) -> None:
    one, other = (create(application, "core.customer", name=name) for name in ("One", "Other"))

    error = interleaved(
        application,
        lambda work: records.update(work, "core.customer", one, {"code": "A"}),
        lambda work: records.update(work, "core.customer", other, {"code": "A"}),
    )

    assert isinstance(error, InvalidInput)
    assert [(p.field, p.code) for p in error.problems] == [("code", "taken")]
    assert read(application, "core.customer", other)["version"] == 1


def test_exchanging_unique_values_is_refused_in_words(application: Application) -> None:
    one, other = (create(application, "core.customer", name=code, code=code) for code in ("A", "B"))

    with pytest.raises(InvalidInput) as caught, application.work() as work:
        records.update_many(work, "core.customer", {one: {"code": "B"}, other: {"code": "A"}})

    assert {(p.field, p.code) for p in caught.value.problems} == {("code", "taken")}


@pytest.mark.parametrize("reference", ["core.activity", "core.contact"])
def test_nothing_refers_to_what_is_being_deleted(application: Application, reference: str) -> None:
    customer = create(application, "core.customer", name="Leaving")
    values = {
        "core.activity": {"about": f"core.customer:{customer}", "text": "t", "at": AT},
        "core.contact": {"name": "C", "customer_id": customer},
    }[reference]

    error = interleaved(
        application,
        lambda work: records.delete(work, "core.customer", customer),
        lambda work: records.create(work, reference, values),
    )

    assert isinstance(error, InvalidInput)
    assert {problem.code for problem in error.problems} == {"unknown_reference"}
    assert problems(application) == []


@pytest.mark.parametrize("reference", ["core.activity", "core.contact"])
def test_a_delete_sees_what_came_to_refer_before_it(application: Application, reference: str) -> None:
    customer = create(application, "core.customer", name="Leaving")
    values = {
        "core.activity": {"about": f"core.customer:{customer}", "text": "t", "at": AT},
        "core.contact": {"name": "C", "customer_id": customer},
    }[reference]

    error = interleaved(
        application,
        lambda work: records.create(work, reference, values),
        lambda work: records.delete(work, "core.customer", customer),
    )

    assert error is None
    assert problems(application) == []


def test_a_child_given_away_is_not_touched_by_the_delete(application: Application) -> None:
    old, new = (create(application, "core.customer", name=name) for name in ("Old", "New"))
    contact = create(application, "core.contact", name="C", customer_id=old)

    interleaved(
        application,
        lambda work: records.update(work, "core.contact", contact, {"customer_id": new}),
        lambda work: records.delete(work, "core.customer", old),
    )

    assert read(application, "core.contact", contact)["customer_id"] == new


def test_two_cannot_hang_below_each_other(application: Application) -> None:
    one, other = (create(application, "core.customer", name=name) for name in ("One", "Other"))

    error = interleaved(
        application,
        lambda work: records.update(work, "core.customer", one, {"parent_id": other}),
        lambda work: records.update(work, "core.customer", other, {"parent_id": one}),
    )

    assert isinstance(error, InvalidInput)
    assert {problem.code for problem in error.problems} == {"cycle"}


def test_a_maintained_field_knows_what_both_wrote(application: Application) -> None:
    customer = create(application, "core.customer", name="C")
    about = {"about": f"core.customer:{customer}", "text": "t"}

    error = interleaved(
        application,
        lambda work: records.create(work, "core.activity", {**about, "at": "2026-01-09T08:00:00Z"}),
        lambda work: records.create(work, "core.activity", {**about, "at": AT}),
    )

    assert error is None
    assert read(application, "core.customer", customer)["last_activity_at"].day == 9


def test_an_operation_is_undone_once(application: Application) -> None:
    with application.work() as work:
        records.create(work, "core.customer", {"name": "Once"})
    operation = work.operation_id

    error = interleaved(
        application,
        lambda work: records.undo(work, operation),
        lambda work: records.undo(work, operation),
    )

    assert isinstance(error, Conflict)
    assert error.data["state"] == "undone already"


def test_a_record_comes_back_once(application: Application) -> None:
    customer = create(application, "core.customer", name="Back")
    with application.work() as work:
        records.delete(work, "core.customer", customer)

    error = interleaved(
        application,
        lambda work: records.restore(work, "core.customer", customer),
        lambda work: records.restore(work, "core.customer", customer),
    )

    assert isinstance(error, Conflict)
    assert read(application, "core.customer", customer)["version"] == 3


def test_an_undo_sees_the_change_that_is_being_made(application: Application) -> None:
    customer = create(application, "core.customer", name="C", city="A")
    with application.work() as work:
        records.update(work, "core.customer", customer, {"city": "B"})
    operation = work.operation_id

    error = interleaved(
        application,
        lambda work: records.update(work, "core.customer", customer, {"city": "C"}),
        lambda work: records.undo(work, operation),
    )

    assert isinstance(error, UndoConflict)
    assert read(application, "core.customer", customer)["city"] == "C"


def test_an_undone_operation_does_not_grow(application: Application) -> None:
    with application.work(finish=False) as work:
        records.create(work, "core.customer", {"name": "First chunk"})
    operation = work.operation_id

    with application.work() as work:
        records.undo(work, operation)
    with pytest.raises(Conflict), application.work(operation=operation) as work:
        records.create(work, "core.customer", {"name": "Second chunk"})

    with application.work(write=False) as work:
        assert records.count(work, "core.customer", records.Query()).value == 0


def test_chunks_of_an_operation_are_numbered(application: Application) -> None:
    with application.work(finish=False) as work:
        records.create(work, "core.customer", {"name": "1"})
    operation = work.operation_id

    def chunk(_number: int) -> None:
        with application.work(operation=operation, finish=False) as work:
            records.create(work, "core.customer", {"name": "n"})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(chunk, range(8)))

    with application.work(write=False) as work:
        positions = work.rows(sa.select(tables.commit.c.position).order_by(tables.commit.c.position))
    assert [row.position for row in positions] == list(range(1, 10))


def test_one_of_two_that_wait_for_each_other_is_told_to_try_again(application: Application) -> None:
    one, other = (create(application, "core.customer", name=name) for name in ("One", "Other"))
    barrier = threading.Barrier(2)

    def change(first: int, second: int) -> str:
        try:
            with application.work() as work:
                records.update(work, "core.customer", first, {"city": "changed"})
                if application.database.locks_rows:
                    barrier.wait(20)
                records.update(work, "core.customer", second, {"city": "changed, too"})
        except CrmError as error:
            return error.code
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(change, (one, other), (other, one)))

    wanted = ["contended", "saved"] if application.database.locks_rows else ["saved", "saved"]
    assert sorted(answers) == wanted
    assert (Contended.code, Contended.status) == ("contended", 409)
