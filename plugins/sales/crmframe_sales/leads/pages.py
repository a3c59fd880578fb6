"""What the pages show of leads beside their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmframe.api import Badge, Button, Match, ViewContext, find_duplicates_of, records
from crmframe_sales import say

MADE = (("customer_id", "core.customer"), ("contact_id", "core.contact"), ("deal_id", "sales.deal"))


def duplicates_of_lead(context: ViewContext) -> Mapping[str, Any] | None:
    """Return the panel of records with the same number, address or company; None without any."""
    lead = context.record
    assert lead is not None
    own = {(entity, lead.get(name)) for name, entity in MADE if lead.get(name)}
    found = find_duplicates_of(context.work, "sales.lead", lead)
    others = [match for match in found if (match.entity, match.record_id) not in own]
    if not others:
        return None
    return {"rows": [row_of(context, match) for match in others]}


def row_of(context: ViewContext, match: Match) -> dict[str, str]:
    """Return a match as a template shows it; what the reader may not see has no name and no link."""
    entity = context.work.schema.entity(match.entity)
    because = {"phone": "Same phone", "email": "Same e-mail", "company": "Same company"}[match.by]
    if match.record_id is None:
        held = say(context.locale, "Exists, held by {user}", user=match.holder) if match.holder else ""
        title = held or say(context.locale, "Exists; you may not see it")
    else:
        title = match.title
    url = "" if match.record_id is None else f"/{entity.slug}/{match.record_id}"
    label = say(context.locale, entity.label)
    return {"url": url, "title": title, "kind": label, "because": say(context.locale, because)}


def result_of_lead(context: ViewContext) -> Mapping[str, Any] | None:
    """Return the panel of what a lead became, and of why it is whose; None while there is nothing to say."""
    lead, work = context.record, context.work
    assert lead is not None
    rows = []
    for name, entity_name in MADE:
        if lead.get(name) and entity_name in work.registry.entities:
            entity = work.schema.entity(entity_name)
            title = records.titles(work, entity_name, [lead[name]]).get(lead[name])
            if title:
                label = say(context.locale, entity.label)
                rows.append({"url": f"/{entity.slug}/{lead[name]}", "title": title, "kind": label})
    score = (lead.get("score_reason") or "").splitlines()
    reason = lead.get("assignment_reason") or ""
    data = {"rows": rows, "score": score, "reason": reason, "total": lead.get("score")}
    return data if rows or score or reason else None


def badges_of_leads(context: ViewContext) -> Sequence[Badge]:
    """Mark leads that came twice."""
    text = say(context.locale, "Duplicate")
    twice = [row for row in context.rows if row.get("is_duplicate") and not row.get("converted_at")]
    return [Badge(row["id"], text, "amber") for row in twice]


def form_buttons(context: ViewContext) -> Sequence[Button]:
    """Return the way from a form to its public page."""
    if context.record is None or not context.record.get("active"):
        return ()
    url = f"/p/sales/forms/{context.record['token']}"
    return [Button("sales.open_form", say(context.locale, "Open the public page"), url)]
