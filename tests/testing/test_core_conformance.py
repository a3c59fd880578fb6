"""The core's own entities keep what plugins' must."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from crmframe.testing.conformance_api import ApiConformance
from crmframe.testing.conformance_pages import PageConformance
from crmframe.testing.conformance_records import RecordConformance
from crmframe.testing.conformance_schema import SchemaConformance
from crmframe.testing.samples import Given

if TYPE_CHECKING:
    from crmframe.application import Application
    from crmframe.core.entities.entity import Entity

# Their records exist only for what somebody declared; tests/core/workspace and tests/core/series make them.
DECLARED = ("core.setting", "core.number_series")
# A definition of a field is checked against the entity it is for.
CUSTOM_FIELD = {
    "entity": "core.customer",
    "name": "sample_{}".format,
    "kind": "text",
    "options": None,
    "required": False,
}


class TestCore(SchemaConformance, RecordConformance, ApiConformance, PageConformance):
    plugin = "core"
    samples: ClassVar[Given] = {
        "core.custom_field": CUSTOM_FIELD,
        "core.robot": {"topics": "core.task_assigned"},
        "core.assignment_rule": {
            "entity": "core.customer",
            "strategy": "core.load",
            "conditions": {"city": "Berlin"},
        },
    }

    def entities(self, application: Application) -> list[Entity]:
        """Return the entities of which samples can be made."""
        return [each for each in super().entities(application) if each.name not in DECLARED]
