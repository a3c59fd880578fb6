"""Numbers of series: none twice, none left out where that is promised, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from crmframe.api import NumberSeries, draw
from crmframe.core import records
from crmframe.core.errors import Contended, InvalidInput, NotFound
from crmframe.core.workspace.settings import write_settings

SERIES = (
    NumberSeries("core.quote", "Quotes", "Q-{year}-{number:05}", resets="yearly"),
    NumberSeries("core.call", "Calls", "{number}", gapless=False),
)


@pytest.fixture
def application(make_application: Any) -> Any:
    made = make_application()
    add_series(made)
    return made


def add_series(application: Any) -> None:
    collect = application.hooks.collect

    def collected(name: str) -> Any:
        return [("core", SERIES)] if name == "number_series" else collect(name)

    application.hooks.collect = collected


def test_numbers_follow_each_other_as_the_pattern_writes_them(application: Any) -> None:
    with application.work() as work:
        drawn = [draw(work, "core.quote") for _ in range(3)]
        year = work.today.year

    assert drawn == [f"Q-{year}-00001", f"Q-{year}-00002", f"Q-{year}-00003"]
    with pytest.raises(NotFound), application.work() as work:
        draw(work, "core.unknown")


def test_a_rollback_gives_a_gapless_number_back(application: Any) -> None:
    fail_after_drawing(application, "core.quote")

    with application.work() as work:
        assert draw(work, "core.quote").endswith("-00001")


def test_two_hundred_at_once_get_two_hundred_numbers_without_a_gap(application: Any) -> None:
    drawn = at_once(application, "core.quote")
    numbers = sorted(int(each.rpartition("-")[2]) for each in drawn)

    assert numbers == list(range(1, 201))


def test_two_hundred_at_once_get_no_number_twice_where_gaps_are_allowed(application: Any) -> None:
    drawn = at_once(application, "core.call")

    assert len(set(drawn)) == len(drawn) == 200


def fail_after_drawing(application: Any, key: str) -> None:
    with suppress(ZeroDivisionError), application.work() as work:
        draw(work, key)
        _ = 1 // 0


def at_once(application: Any, key: str) -> list[str]:
    """Draw from 16 threads; every fifth transaction fails first and is tried again."""

    def one(position: int) -> str:
        if position % 5 == 0:
            fail_after_drawing(application, key)
        with application.work() as work:
            return draw(work, key)

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(one, range(200)))


def test_whoever_draws_with_gaps_waits_for_nobody(application: Any) -> None:
    if not application.database.locks_rows:
        pytest.skip("SQLite has one writer anyway")
    with application.work() as slow:
        first = draw(slow, "core.call")
        with application.work() as quick:
            second = draw(quick, "core.call")

    assert (first, second) == ("1", "2")


def test_a_gapless_number_that_does_not_come_in_time_is_an_error_that_can_be_tried_again(
    application: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not application.database.locks_rows:
        pytest.skip("SQLite has one writer anyway")
    monkeypatch.setattr("crmframe.core.storage.engine.ASIDE_MILLISECONDS", 200)
    adapt(application, "core.call", gapless=True)
    with application.work() as holder:
        draw(holder, "core.call")
        adapt(application, "core.call", gapless=False)
        with pytest.raises(Contended), application.work() as work:
            draw(work, "core.call")


def adapt(application: Any, key: str, **values: Any) -> int:
    row = {"key": key, "pattern": "{number}", **values}
    with application.work(door="cli") as work:
        records.upsert_many(work, "core.number_series", "key", [row])
    return work.operation_id


def test_an_undo_rewinds_nothing(application: Any) -> None:
    with application.work(door="cli") as work:
        name = draw(work, "core.quote")
        records.create(work, "core.customer", {"name": name, "kind": "company"})
    with application.work(door="cli") as undoing:
        records.undo(undoing, work.operation_id)

    with application.work() as work:
        assert draw(work, "core.quote").endswith("-00002")


def test_administrators_adapt_pattern_and_first_number_and_can_undo_it(application: Any) -> None:
    operation = adapt(application, "core.quote", pattern="A{number:03}", first_number=120)
    with application.work() as work:
        assert draw(work, "core.quote") == "A120"
        [series_id] = records.find_by(
            work, work.schema.entity("core.number_series"), "key", ["core.quote"]
        ).values()
        assert records.get(work, "core.number_series", series_id)["next_number"] == 121
    with application.work(door="cli") as work:
        records.undo(work, operation)
    with application.work() as work:
        assert draw(work, "core.quote").endswith("-00001")


@contextmanager
def on(application: Any, moment: datetime) -> Iterator[Any]:
    application.clock = lambda: moment
    with application.work() as work:
        yield work


def test_years_and_months_begin_in_the_zone_of_the_workspace(application: Any) -> None:
    with application.work(door="cli") as work:
        write_settings(work, {"core.zone": "Asia/Shanghai", "core.fiscal_year_start": "4"})
    silvester = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
    with on(application, silvester) as work:
        assert draw(work, "core.quote") == "Q-2026-00001"
    with on(application, silvester.replace(hour=16)) as work:
        assert draw(work, "core.quote") == "Q-2027-00001"
    adapt(application, "core.quote", pattern="{fiscal_year}/{number}", resets="fiscal_yearly", first_number=7)
    for moment, number in (
        (datetime(2027, 3, 31, 12, tzinfo=UTC), "2027/7"),
        (datetime(2027, 4, 1, tzinfo=UTC), "2028/7"),
    ):
        with on(application, moment) as work:
            assert draw(work, "core.quote") == number
    adapt(application, "core.quote", pattern="{short_year}{month}-{number}", resets="monthly")
    with on(application, datetime(2028, 2, 1, tzinfo=UTC)) as work:
        assert [draw(work, "core.quote"), draw(work, "core.quote")] == ["2802-7", "2802-8"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"pattern": "Q-{year}"}, "invalid_pattern"),
        ({"pattern": "{number}{number}"}, "invalid_pattern"),
        ({"pattern": "{number!r}"}, "invalid_pattern"),
        ({"pattern": "{number.__class__}"}, "invalid_pattern"),
        ({"pattern": "{weekday}{number}"}, "invalid_pattern"),
        ({"pattern": "{number}", "resets": "yearly"}, "invalid_pattern"),
        ({"pattern": "{year}{number}", "resets": "monthly"}, "invalid_pattern"),
        ({"pattern": "{year}{number}", "resets": "fiscal_yearly"}, "invalid_pattern"),
    ],
)
def test_a_series_that_could_repeat_a_number_is_refused(
    application: Any, values: dict[str, str], code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        adapt(application, values.get("key", "core.quote"), **{k: v for k, v in values.items() if k != "key"})

    assert [problem.code for problem in refused.value.problems] == [code]
