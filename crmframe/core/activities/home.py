"""What activities put on the first page and into the navigation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmframe.core.activities.report import my_customers, my_day
from crmframe.core.contributions import MenuItem, Setting, ViewContext, Widget
from crmframe.core.entities import kinds

SHOWN = 6
QUIET_DAYS = "core.quiet_days"
SETTINGS = (
    Setting(
        QUIET_DAYS,
        "Days without contact",
        kinds.Integer(min=1, max=3650),
        default=30,
        help="After so many days without an activity a customer is shown as not contacted lately.",
        group="Activities",
    ),
)
MENU = (
    MenuItem("core.agenda", "Agenda", "/agenda", "core.appointment.read", "calendar-clock"),
    MenuItem(
        "core.follow_ups", "Follow-up report", "/reports/follow-ups", "core.activity.read", "clipboard-list"
    ),
)


def day_tile(context: ViewContext) -> Mapping[str, Any] | None:
    """Return what the reader is to do today; nothing for who is no user."""
    return None if context.work.actor.id is None else my_day(context.work, SHOWN)


def customers_tile(context: ViewContext) -> Mapping[str, Any] | None:
    """Return which customers of the reader wait."""
    if context.work.actor.id is None:
        return None
    days = int(context.work.setting(QUIET_DAYS))
    return {**my_customers(context.work, days), "days": days}


WIDGETS = (
    Widget("core.my_day", "My day", day_tile, "my_day.html", "core.task.update"),
    Widget("core.my_customers", "My customers", customers_tile, "my_customers.html", "core.customer.update"),
)
