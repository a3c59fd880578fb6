"""What holds for every plugin holds for sales."""

from __future__ import annotations

from typing import ClassVar

from crmframe.core import records
from crmframe.core.work import UnitOfWork
from crmframe.testing.conformance import PluginConformance


class TestSales(PluginConformance):
    plugin = "sales"
    samples: ClassVar = {
        "sales.score_rule": {"conditions": {"phone__empty": False}},
        "sales.web_form": {"redirect_url": "https://www.example.com/thanks", "allowed_origins": None},
        "sales.lead": {"status": "new"},
    }

    def prepare(self, work: UnitOfWork) -> None:
        pipeline = records.create(work, "sales.pipeline", {"name": "Standard"})["id"]
        stage = {"name": "Contacted", "kind": "open", "probability": 10, "pipeline_id": pipeline}
        records.create(work, "sales.stage", stage)
