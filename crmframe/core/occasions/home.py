"""The days to congratulate on: on the first page and in the navigation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmframe.core.contributions import MenuItem, ViewContext, Widget
from crmframe.core.occasions.coming import occasions

PAGE = "/occasions"
DAYS, SHOWN = 8, 6
MENU = (MenuItem("core.occasions", "Birthdays", PAGE, "core.contact.read", "gift"),)


def occasions_tile(context: ViewContext) -> Mapping[str, Any] | None:
    """Return whose birthday comes within a week among the reader's own; nothing when there is none."""
    if context.work.actor.id is None:
        return None
    found = occasions(context.work, context.work.today, DAYS, mine=True)
    return {"rows": found[:SHOWN], "more": len(found) > SHOWN, "page": PAGE} if found else None


WIDGETS = (
    Widget(
        "core.occasions",
        "Birthdays and anniversaries",
        occasions_tile,
        "occasions_tile.html",
        "core.contact.read",
    ),
)
