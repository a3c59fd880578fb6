"""What holds for every plugin, as a test class that its author inherits:

class TestSales(PluginConformance):
    plugin = "sales"
"""

from __future__ import annotations

from crmframe.testing.conformance_api import ApiConformance
from crmframe.testing.conformance_life import LifeConformance
from crmframe.testing.conformance_package import PackageConformance
from crmframe.testing.conformance_pages import PageConformance
from crmframe.testing.conformance_records import RecordConformance
from crmframe.testing.conformance_schema import SchemaConformance
from crmframe.testing.conformance_texts import TextConformance


class PluginConformance(
    PackageConformance,
    SchemaConformance,
    RecordConformance,
    LifeConformance,
    TextConformance,
    ApiConformance,
    PageConformance,
):
    """Everything that a plugin must keep, on SQLite and on PostgreSQL."""
