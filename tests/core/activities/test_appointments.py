from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.errors import InvalidInput

START = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)


def codes(error: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def weekly(application: Any) -> int:
    values = {
        "title": "Weekly",
        "start_at": START,
        "zone": "Europe/Berlin",
        "recurrence": "FREQ=WEEKLY;UNTIL=20260430",
    }
    with application.work() as work:
        return int(records.create(work, "core.appointment", values)["id"])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"end_at": START - timedelta(minutes=1)}, "ends_early"),
        ({"end_at": START + timedelta(days=32)}, "too_long"),
        ({"recurrence": "every day"}, "not_a_recurrence"),
    ],
)
def test_appointment_that_cannot_be_is_refused(application: Any, values: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as error, application.work() as work:
        records.create(work, "core.appointment", {"title": "Visit", "start_at": START, **values})

    assert codes(error) == [code]


def test_last_time_follows_from_the_rule(application: Any) -> None:
    appointment = weekly(application)
    with application.work() as work:
        found = records.get(work, "core.appointment", appointment)["last_at"]
        records.update(work, "core.appointment", appointment, {"recurrence": "FREQ=WEEKLY"})

        assert found.date().isoformat() == "2026-04-30"
        assert records.get(work, "core.appointment", appointment)["last_at"] is None


def test_one_time_is_moved_and_then_cancelled_by_its_day(application: Any) -> None:
    appointment = weekly(application)
    with application.work() as work:
        to = {"day": "2026-03-30", "start_at": "2026-03-31T12:00:00Z"}
        records.run(work, "core.appointment", appointment, "move", to)
    with application.work() as work:
        [moved] = records.select(work, "core.appointment_time", records.Query()).records()
        records.run(work, "core.appointment", appointment, "cancel", {"day": "2026-03-30"})
    with application.work() as work:
        [cancelled] = records.select(work, "core.appointment_time", records.Query()).records()

    assert (moved["start_at"], moved["end_at"] - moved["start_at"]) == (
        datetime(2026, 3, 31, 12, 0, tzinfo=UTC),
        timedelta(hours=1),
    )
    assert cancelled["state"] == "cancelled"


def test_day_on_which_it_does_not_take_place_is_refused(application: Any) -> None:
    appointment = weekly(application)
    with pytest.raises(InvalidInput) as error, application.work() as work:
        records.run(work, "core.appointment", appointment, "hold", {"day": "2026-03-31"})

    assert codes(error) == ["no_such_day"]
