"""The questions that people ask a list every day, one click away above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from crmframe.core.contributions import Button
from crmframe.core.entities.entity import Entity

if TYPE_CHECKING:
    from crmframe.web.pages.view import View

# "me" and "today" are words of the filter language, so that a link stays right tomorrow.
OPEN = "assignee=me&done_at__empty=true"
QUICK: Mapping[str, Sequence[Button]] = {
    "core.task": (
        Button("core.quick_1", "My open tasks", f"/tasks?{OPEN}"),
        Button("core.quick_2", "Due today", f"/tasks?{OPEN}&due_at=today"),
        Button("core.quick_3", "Overdue", f"/tasks?{OPEN}&due_at__lt=today"),
        Button("core.quick_4", "Next 7 days", f"/tasks?{OPEN}&due_at__within=next_7d"),
        Button(
            "core.quick_5", "Done this week", "/tasks?assignee=me&done_at__within=this_week&order=-done_at"
        ),
    ),
    "core.customer": (
        Button("core.quick_6", "To follow up today", "/customers?owner=me&next_step_at=today"),
        Button("core.quick_7", "Overdue", "/customers?owner=me&next_step_at__lt=today&order=next_step_at"),
        Button("core.quick_8", "No contact lately", "/customers/quiet?owner=me"),
        Button("core.quick_9", "Never contacted", "/customers?owner=me&last_activity_at__empty=true"),
        Button("core.quick_10", "New this week", "/customers?owner=me&created_at__within=this_week"),
    ),
    "core.appointment": (Button("core.quick_11", "Agenda", "/agenda"),),
    "core.activity": (
        Button("core.quick_12", "My activities this week", "/activities?by=me&at__within=this_week"),
        Button("core.quick_13", "Daily report", "/reports/follow-ups"),
        Button("core.quick_14", "Weekly report", "/reports/follow-ups?span=week"),
    ),
}


def links_of(view: View, entity: Entity) -> list[tuple[str, str, bool]]:
    """Return label, address and whether it is what is shown."""
    asked = view.call.query
    here = (
        f"{view.call.url}?{'&'.join(f'{name}={value}' for name, value in asked)}" if asked else view.call.url
    )
    return [(view.say(b.label), b.url, b.url == here) for b in QUICK.get(entity.name, ())]
