"""What a new workspace may begin with; plugins add their part under the same keys."""

from __future__ import annotations

from crmframe.core.contributions import Preset

SALES = "Customers, leads, deals and quotes, with a standard pipeline."
SERVICE = "Customers and their tickets."
MARKETING = "Customers, segments and campaigns."
EVERYTHING = "Every plugin that is installed."

PRESETS = (
    Preset("sales", "Sales", SALES, plugins=("sales",)),
    Preset("service", "Service", SERVICE, plugins=("service",)),
    Preset("marketing", "Marketing", MARKETING, plugins=("marketing",)),
    Preset("all", "Everything", EVERYTHING, plugins=("sales", "service", "marketing")),
)
