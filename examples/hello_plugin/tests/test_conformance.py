"""What holds for every plugin holds for the smallest one."""

from __future__ import annotations

from crmframe.testing.conformance import PluginConformance


class TestHello(PluginConformance):
    plugin = "hello"
