"""What holds for every plugin holds for loyalty."""

from __future__ import annotations

from crmframe.testing.conformance import PluginConformance


class TestLoyalty(PluginConformance):
    plugin = "loyalty"
