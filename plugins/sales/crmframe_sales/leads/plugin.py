"""What leads add to crmframe: tables of contents for ``crmframe_sales.plugin``."""

from __future__ import annotations

from crmframe.api import (
    Action,
    DuplicateKeys,
    Kept,
    LongJob,
    MenuItem,
    NotificationKind,
    Panel,
    Reachable,
    Subscription,
)
from crmframe_sales.leads import assigning, converting, guards, pages, scoring
from crmframe_sales.leads.models import ENTITIES
from crmframe_sales.leads.pages import form_buttons
from crmframe_sales.leads.routes import PATH, ROUTES

OPEN = {"converted_at": False}
ACTIONS = (
    Action(
        "sales.lead",
        "convert",
        converting.convert,
        "Convert",
        input=converting.Convert,
        tone="green",
        filled=OPEN,
    ),
    Action(
        "sales.lead",
        "convert_imported",
        converting.convert,
        "Convert as imported",
        input=converting.Convert,
        imports=converting.many,
    ),
    Action("sales.lead", "assign", assigning.assign_lead, "Assign", input=assigning.Assign, filled=OPEN),
)
KEPT = (
    Kept("sales.lead", scoring.keep_score),
    Kept("sales.web_form", guards.keep_token),
)
JOBS = (LongJob(scoring.RESCORE, scoring.rescore),)
SUBSCRIPTIONS = (
    Subscription("sales.assign_new_leads", ["sales.lead.created"], assigning.assign_new),
    Subscription("sales.rescore_leads", ["sales.score_rule.*"], scoring.queue_rescoring),
)
MENU = (MenuItem("sales.conversion", "Lead conversion", PATH, "sales.lead.read", "chart-no-axes-column"),)
KINDS = (NotificationKind(assigning.NEW_LEAD, "New lead", "New lead: {record}", icon="user-plus"),)
PEOPLE = (Reachable("sales.lead", {"email": "email", "phone": "phone", "wechat": "wechat"}),)
DUPLICATES = (DuplicateKeys("sales.lead", phones=("phone",), emails=("email",), company="company"),)
PANELS = (
    Panel(
        "sales.lead_result",
        "sales.lead",
        "How it stands",
        pages.result_of_lead,
        "sales/lead_result.html",
        "sales.lead.read",
    ),
    Panel(
        "sales.lead_duplicates",
        "sales.lead",
        "Maybe there already",
        pages.duplicates_of_lead,
        "sales/lead_duplicates.html",
        "sales.lead.read",
    ),
)

__all__ = [
    "ACTIONS",
    "DUPLICATES",
    "ENTITIES",
    "JOBS",
    "KEPT",
    "PANELS",
    "PEOPLE",
    "ROUTES",
    "SUBSCRIPTIONS",
    "form_buttons",
]
