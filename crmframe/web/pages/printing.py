"""A record on paper: its page without what can only be clicked, to print or as PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmframe.web.pages import detail
from crmframe.web.pages.listing import moment_of
from crmframe.web.pages.view import view_of
from crmframe.web.pdf import company_picture, pdf_reply
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

TEMPLATE = "print.html"


def show(call: Call, work: UnitOfWork) -> Reply:
    """Show a record as it is printed, as it is or as it was."""
    return Reply(_sheet(call, work), TEMPLATE)


def show_pdf(call: Call, work: UnitOfWork) -> Reply:
    """Return a record as PDF."""
    sheet = _sheet(call, work)
    html = call.site.renderer.page(call, work, TEMPLATE, {**sheet, "paper": True})
    return pdf_reply(html, f"{sheet['label']} {sheet['title']}")


def _sheet(call: Call, work: UnitOfWork) -> dict[str, Any]:
    view, entity = view_of(call, work), entity_at(call, work)
    moment = moment_of(view)
    record, allowed = detail.record_of(work, entity, call.path["id"], moment)
    return {
        **detail.page_of(view, entity, record, allowed, moment, exact=True),
        "paper": False,
        "label": view.label(entity),
        "company": work.setting("core.company_name") or "",
        "address": work.setting("core.company_address") or "",
        "logo": company_picture(call, work, "core.logo"),
        "printed": view.formats.precise(work.now),
        "reader": work.actor.name,
    }
