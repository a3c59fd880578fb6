"""The pages of leads that no declaration makes: the report of conversion, duplicates and assigning many."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from babel.numbers import format_decimal, format_percent

from crmframe.api import Call, InvalidInput, Problem, Reply, UnitOfWork, assign, find_duplicates, page
from crmframe_sales import say
from crmframe_sales.leads import forms
from crmframe_sales.leads.queries import GROUPS, Conversion, conversion

PATH = "/p/sales/conversion"
LABELS = {"source": "Source", "campaign": "Campaign", "owner": "Owner"}
MOST = 1000


def show_conversion(call: Call, work: UnitOfWork) -> Reply:
    """Show how many leads became customers, by source, campaign or owner."""
    by, since, until = _asked(call)
    rows = conversion(work, by, since, until)
    total = Conversion(None, "", sum(row.leads for row in rows), sum(row.converted for row in rows))
    nobody = say(call.locale, "Nobody" if by == "owner" else "Unknown")
    data = {
        "by": by,
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
        "groups": [(name, say(call.locale, label)) for name, label in LABELS.items()],
        "heading": say(call.locale, LABELS[by]),
        "rows": [_shown(row, row.name or nobody, call.locale) for row in rows],
        "total": _shown(total, say(call.locale, "Total"), call.locale),
        "say": lambda msgid: say(call.locale, msgid),
    }
    return Reply(data, "sales/conversion.html")


def conversion_data(call: Call, work: UnitOfWork) -> Reply:
    """Return the report as JSON; ``ratio`` is 0..1."""
    by, since, until = _asked(call)
    rows = [{**asdict(row), "ratio": row.ratio} for row in conversion(work, by, since, until)]
    return Reply({"by": by, "since": since, "until": until, "rows": rows})


def duplicates_data(call: Call, work: UnitOfWork) -> Reply:
    """Return who is there already with a phone, an e-mail or a company's name; rights decide how much is said."""
    found = find_duplicates(
        work,
        phones=[call.parameter("phone")],
        emails=[call.parameter("email")],
        company=call.parameter("company"),
    )
    return Reply({"matches": [asdict(match) for match in found]})


def assign_many(call: Call, work: UnitOfWork) -> Reply:
    """Give the leads of the body's ``ids`` to people, in one operation; returns who got which and why."""
    given: Any = call.json.get("ids") if isinstance(call.json, dict) else call.form_lists.get("ids")
    ids = [int(each) for each in given or () if isinstance(each, int) or str(each).isdecimal()]
    if not ids or len(ids) > MOST:
        template = "Name 1 to {most} leads."
        raise InvalidInput([Problem("ids", "invalid", template, {"most": MOST}, domain="sales")])
    found = assign(work, "sales.lead", ids)
    if call.json is None:
        return Reply(location="/leads")
    return Reply({"assigned": {str(i): asdict(each) for i, each in found.items()}})


def _asked(call: Call) -> tuple[str, date | None, date | None]:
    by = call.parameter("by") or "source"
    return by if by in GROUPS else "source", _day(call, "since"), _day(call, "until")


def _day(call: Call, name: str) -> date | None:
    given = call.parameter(name)
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        template = "{value} is not a day. Write it like 2026-01-31."
        raise InvalidInput(
            [Problem(name, "not_a_date", template, {"value": given}, domain="sales")]
        ) from None


def _shown(row: Conversion, name: str, locale: str) -> dict[str, str]:
    ratio = row.ratio
    return {
        "name": name,
        "leads": format_decimal(row.leads, locale=locale),
        "converted": format_decimal(row.converted, locale=locale),
        "ratio": "" if ratio is None else format_percent(ratio, "0.0%", locale=locale),
        "width": str(round(100 * (ratio or 0))),
    }


ROUTES = (
    *forms.ROUTES,
    page("/conversion", show_conversion, permission="sales.lead.read"),
    page("/api/conversion", conversion_data, permission="sales.lead.read"),
    page("/api/duplicates", duplicates_data, permission="sales.lead.read"),
    page("/leads/assign", assign_many, permission="sales.lead.assign", methods=("POST",)),
)
