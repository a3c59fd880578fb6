from __future__ import annotations

from typing import Any

import pytest

from crmframe.core import records
from crmframe.core.errors import InvalidInput


def test_activity_is_a_note_of_now_by_whoever_writes_it(application: Any, clock: Any) -> None:
    with application.work() as work:
        customer = records.create(work, "core.customer", {"name": "Nordvik"})["id"]
        found = records.create(
            work, "core.activity", {"about": f"core.customer:{customer}", "text": "Called"}
        )

        assert (found["kind"], found["by_id"], found["at"]) == ("note", None, work.now)


@pytest.mark.parametrize("about", ["core.customer:999", "core.nothing:1", "customer 1"])
def test_activity_is_about_a_record_that_exists(application: Any, about: str) -> None:
    with pytest.raises(InvalidInput) as error, application.work() as work:
        records.create(work, "core.activity", {"about": about, "text": "Called"})

    assert [problem.field for problem in error.value.problems] == ["about"]


def test_activity_can_be_about_any_record(application: Any) -> None:
    with application.work() as work:
        product = records.create(work, "core.product", {"name": "Sensor"})["id"]
        records.create(work, "core.activity", {"about": f"core.product:{product}", "text": "Price checked"})

        assert records.count(work, "core.activity", records.Query()).value == 1
