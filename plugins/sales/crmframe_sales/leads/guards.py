"""What may not be written of leads and forms."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from crmframe.api import Change, UnitOfWork, Veto
from crmframe_sales.leads.scoring import check_rules

ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")


def check_leads(change: Change) -> None:
    """Refuse a status that contradicts the rest of the lead, and a form that cannot be shown as it says."""
    check_rules(change)
    if change.entity.name == "sales.web_form":
        for form in change.after:
            _check_form(form)
    if change.entity.name != "sales.lead":
        return
    for position, values in enumerate(change.after):
        before = change.before.get(change.ids[position], {}) if change.ids else {}
        if "status" in values:
            _check_status({**before, **values}, is_new=not before)


def _check_status(lead: Mapping[str, Any], *, is_new: bool) -> None:
    status, converted = lead["status"], lead.get("converted_at")
    if status == "converted" and converted is None:
        raise Veto("Only the action Convert makes a lead a customer.", field="status")
    if status != "converted" and converted is not None and not is_new:
        raise Veto("The lead is converted. Undo the conversion first.", field="status")
    if status == "unqualified" and not lead.get("unqualified_reason"):
        raise Veto("Say why the lead is unqualified.", field="unqualified_reason")


def _check_form(form: Mapping[str, Any]) -> None:
    for origin in origins_of(form.get("allowed_origins")):
        if not ORIGIN.fullmatch(origin):
            template = "{value} is no site. Write it like https://www.example.com, without a path."
            raise Veto(template, field="allowed_origins", value=origin)
    target = form.get("redirect_url")
    if target and not str(target).lower().startswith(("http://", "https://")):
        raise Veto("{value} is no page of the web.", field="redirect_url", value=target)


def origins_of(text: str | None) -> list[str]:
    """Return the sites of a form's field, one a line."""
    return [line.strip().rstrip("/") for line in (text or "").split() if line.strip()]


def keep_token(work: UnitOfWork, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the address of forms: made once, and never changed."""
    _ = work
    return [{"token": row.get("token") or secrets.token_urlsafe(18)} for row in rows]
