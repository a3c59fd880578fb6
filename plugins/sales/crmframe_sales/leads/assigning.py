"""Giving leads to people: on request, and by themselves when a lead comes in that nobody owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import Field

from crmframe.api import Conflict, Event, UnitOfWork, assign, has_rules, notify
from crmframe_sales.inputs import ActionInput
from crmframe_sales.leads.models import Lead

LEAD = "sales.lead"
NEW_LEAD = "sales.new_lead"


class NobodyFits(Conflict):
    """No rule gives the lead to anybody."""

    code = "nobody_fits"
    template = "No assignment rule gives {name} to anybody. Look at the rules, or choose an owner."
    domain = "sales"


class Assign(ActionInput):
    """Ask for the rule; all that are active, in their order, when it is left out."""

    rule_id: int | None = Field(
        default=None,
        title="Rule",
        json_schema_extra={"entity": "core.assignment_rule", "prefilled": False},
    )


def assign_lead(work: UnitOfWork, lead: Mapping[str, Any], given: Assign) -> dict[str, Any]:
    """Give a lead to whom the rules choose; returns the owner and the reason.

    Raises:
        NobodyFits: No rule fits it, or everybody is away or has enough.
    """
    found = assign(work, LEAD, [lead["id"]], given.rule_id).get(lead["id"])
    if found is None:
        raise NobodyFits(name=lead["name"])
    notify(work, NEW_LEAD, [found.user_id], f"{LEAD}:{lead['id']}")
    return {"owner_id": found.user_id, "reason": found.reason}


def assign_new(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Give new leads without an owner to people, where there are rules for it."""
    ids = [record_id for event in events for record_id in event.ids]
    if not has_rules(work, LEAD):
        return
    lead: Any = Lead.__table__
    statement = sa.select(lead.c.id).where(
        lead.c.id.in_(ids), lead.c.owner_id.is_(None), lead.c.converted_at.is_(None)
    )
    unowned = [row.id for row in work.rows(statement.order_by(lead.c.id))]
    for lead_id, found in (assign(work, LEAD, unowned) if unowned else {}).items():
        notify(work, NEW_LEAD, [found.user_id], f"{LEAD}:{lead_id}")
