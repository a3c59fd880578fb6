from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from crmframe_sales.commands import funnel, pipeline


def test_funnel_command_prints_a_table_or_json(sales: Any) -> None:
    sales.deal()

    table = CliRunner().invoke(funnel, [], obj=sales, catch_exceptions=False).output
    data = CliRunner().invoke(funnel, ["--json"], obj=sales, catch_exceptions=False).output

    assert table.splitlines()[0].split() == [
        "stage",
        "reached",
        "conversion",
        "now",
        "lost",
        "median",
        "days",
    ]
    assert table.splitlines()[1].split() == ["Contacted", "1", "1", "0"]
    assert [row["reached"] for row in json.loads(data)] == [1, 0, 0, 0]


def test_pipeline_command_aligns_chinese_names(sales: Any) -> None:
    from crmframe.api import records

    with sales.work() as work:
        records.update(work, "sales.stage", sales.stages["Contacted"], {"name": "初步接洽"})
    sales.deal()

    head, row = CliRunner().invoke(pipeline, [], obj=sales, catch_exceptions=False).output.splitlines()

    assert head.startswith("stage     currency")
    assert row.startswith("初步接洽  EUR")
