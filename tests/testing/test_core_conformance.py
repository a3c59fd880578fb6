"""The core's own entities keep what plugins' must."""

from __future__ import annotations

from crmframe.testing.conformance_api import ApiConformance
from crmframe.testing.conformance_pages import PageConformance
from crmframe.testing.conformance_records import RecordConformance
from crmframe.testing.conformance_schema import SchemaConformance


class TestCore(SchemaConformance, RecordConformance, ApiConformance, PageConformance):
    plugin = "core"
