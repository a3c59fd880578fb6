from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from crmframe.api import InvalidInput
from crmframe_sales.commands import conversion as command
from crmframe_sales.leads.queries import conversion


def counted(leads: Any, *given: Any) -> list[tuple[str, int, int]]:
    with leads.work(write=False) as work:
        return [(row.name, row.leads, row.converted) for row in conversion(work, *given)]


def test_leads_and_conversions_are_counted_by_source_campaign_and_owner(leads: Any) -> None:
    ann = leads.add("core.user", login="ann", name="Ann")
    first = leads.add(source="fair", utm_campaign="spring", owner_id=ann)
    leads.add(source="fair")
    leads.add()
    leads.run(first, "convert")

    assert counted(leads) == [("fair", 2, 1), ("", 1, 0)]
    assert sorted(counted(leads, "campaign")) == [("", 2, 0), ("spring", 1, 1)]
    assert sorted(counted(leads, "owner")) == [("", 2, 0), ("Ann", 1, 1)]


def test_period_is_of_the_days_on_which_leads_came(leads: Any) -> None:
    today = leads.sales.clock().date()
    leads.add(source="old", received_at=leads.sales.clock() - timedelta(days=9))
    leads.add(source="new")

    assert counted(leads, "source", today) == [("new", 1, 0)]
    assert counted(leads, "source", None, today - timedelta(days=1)) == [("old", 1, 0)]


def test_unknown_group_is_refused(leads: Any) -> None:
    with pytest.raises(InvalidInput) as error:
        counted(leads, "shoe size")

    assert [problem.code for problem in error.value.problems] == ["unknown_group"]


def test_command_prints_a_table_or_json(leads: Any) -> None:
    leads.add(source="fair")

    table = CliRunner().invoke(command, [], obj=leads, catch_exceptions=False).output
    data = CliRunner().invoke(command, ["--json"], obj=leads, catch_exceptions=False).output

    assert [line.split() for line in table.splitlines()] == [
        ["source", "leads", "converted", "conversion"],
        ["fair", "1", "0", "0.0%"],
    ]
    assert json.loads(data) == [{"key": "fair", "name": "fair", "leads": 1, "converted": 0, "ratio": 0.0}]
