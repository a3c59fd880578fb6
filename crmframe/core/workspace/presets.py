"""What a new workspace may begin with; plugins add their part under the same keys."""

from __future__ import annotations

from crmframe.core.contributions import Preset

PRESETS = (
    Preset(
        "sales",
        "Sales",
        "Customers, leads, deals and quotes, with a standard pipeline.",
        plugins=("sales",),
    ),
    Preset("service", "Service", "Customers and their tickets.", plugins=("service",)),
    Preset("marketing", "Marketing", "Customers, segments and campaigns.", plugins=("marketing",)),
    Preset(
        "all",
        "Everything",
        "Every plugin that is installed.",
        plugins=("sales", "service", "marketing"),
    ),
)
