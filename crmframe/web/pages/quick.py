"""The questions that people ask a list every day, one click away above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from crmframe.core.entities.entity import Entity

if TYPE_CHECKING:
    from crmframe.web.pages.view import View

# Msgid and where it leads; "me" and "today" are words of the filter language, so that a link stays right tomorrow.
OPEN = "assignee=me&done_at__empty=true"
QUICK: Mapping[str, Sequence[tuple[str, str]]] = {
    "core.task": (
        ("My open tasks", f"/tasks?{OPEN}"),
        ("Due today", f"/tasks?{OPEN}&due_at=today"),
        ("Overdue", f"/tasks?{OPEN}&due_at__lt=today"),
        ("Next 7 days", f"/tasks?{OPEN}&due_at__within=next_7d"),
        ("Done this week", "/tasks?assignee=me&done_at__within=this_week&order=-done_at"),
    ),
    "core.customer": (
        ("To follow up today", "/customers?owner=me&next_step_at=today"),
        ("Overdue", "/customers?owner=me&next_step_at__lt=today&order=next_step_at"),
        ("No contact lately", "/customers/quiet?owner=me"),
        ("Never contacted", "/customers?owner=me&last_activity_at__empty=true"),
        ("New this week", "/customers?owner=me&created_at__within=this_week"),
    ),
    "core.appointment": (("Calendar", "/calendar"),),
    "core.activity": (
        ("My activities this week", "/activities?by=me&at__within=this_week"),
        ("Daily report", "/reports/follow-ups"),
        ("Weekly report", "/reports/follow-ups?span=week"),
    ),
}


def links_of(view: View, entity: Entity) -> list[tuple[str, str, bool]]:
    """Return label, address and whether it is what is shown."""
    asked = view.call.query
    here = (
        f"{view.call.url}?{'&'.join(f'{name}={value}' for name, value in asked)}" if asked else view.call.url
    )
    return [(view.say(label), url, url == here) for label, url in QUICK.get(entity.name, ())]
