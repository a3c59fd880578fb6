"""The page of the team."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_timedelta
from babel.numbers import format_decimal, format_percent

from crmframe.api import Call, Reply, UnitOfWork, page
from crmframe_sales import say
from crmframe_sales.forecast.periods import period_at
from crmframe_sales.forecast.routes import asked_team, shown, team_options
from crmframe_sales.progress.queries import stale_url
from crmframe_sales.team.queries import Member, team

PATH = "/p/sales/team"
# What the page can be sorted by: most first, but for names.
SORTS: dict[str, Callable[[Member], Any]] = {
    "name": lambda m: m.name,
    "pipeline": lambda m: -m.pipeline,
    "overdue": lambda m: -m.overdue,
    "stale": lambda m: -m.stale,
    "activities": lambda m: -m.activities,
    "won": lambda m: -m.won,
    "share": lambda m: -(m.won / m.target if m.target else 0),
    "last": lambda m: -m.last_activity_at.timestamp() if m.last_activity_at else 0,
}


def show_team(call: Call, work: UnitOfWork) -> Reply:
    """Show how the people of the own teams are doing."""
    return Reply(_page(call, work), "sales/team.html")


def _page(call: Call, work: UnitOfWork) -> dict[str, Any]:
    asked, locale, stale = asked_team(call), call.locale, stale_url(work)
    found = team(work, asked)
    sort = call.parameter("sort") if call.parameter("sort") in SORTS else "name"
    members = sorted(found.members, key=lambda m: (SORTS[sort](m), m.name))
    return {
        "heads": [(label, _link(asked, name), name == sort) for name, label in _heads(locale).items()],
        "rows": [_row(member, work, locale, stale) for member in members],
        "stale": stale,
        "team": asked,
        "teams": team_options(work),
        "sort": sort,
        "currency": found.currency,
        "missing": [
            say(
                locale,
                "{count} deals in {currency} are left out: there is no rate for it. Enter one below Currency rates.",
                count=count,
                currency=currency,
            )
            for currency, count in found.missing.items()
        ],
        "say": lambda msgid, **given: say(locale, msgid, **given),
    }


def _heads(locale: str) -> dict[str, str]:
    return {
        "name": say(locale, "Salesperson"),
        "pipeline": say(locale, "Open pipeline"),
        "overdue": say(locale, "Overdue next steps"),
        "stale": say(locale, "Stale deals"),
        "activities": say(locale, "Activities this week"),
        "won": say(locale, "Won this month"),
        "share": say(locale, "Of the target"),
        "last": say(locale, "Last activity"),
    }


def _link(team_id: int | None, sort: str) -> str:
    return f"{PATH}?{urlencode({'sort': sort, **({'team': team_id} if team_id else {})})}"


def _row(member: Member, work: UnitOfWork, locale: str, stale: str) -> dict[str, Any]:
    month = period_at(work, "month", work.today)
    share = member.won / member.target if member.target else None
    mine = {"owner_id": member.id, "closed_at__empty": "true"}
    last = member.last_activity_at
    return {
        "name": member.name,
        "pipeline": shown(member.pipeline, locale),
        "deals": format_decimal(member.deals, locale=locale),
        "deals_url": f"/deals?{urlencode(mine)}",
        "overdue": member.overdue,
        "overdue_url": f"/deals?{urlencode(mine | {'next_step_on__lt': work.today.isoformat()})}",
        "stale": member.stale,
        "stale_url": f"{stale}&{urlencode({'owner_id': member.id})}",
        "activities": member.activities,
        "activities_url": "/activities?"
        + urlencode({"by_id": member.id, "at__gte": work.week_start(work.today).isoformat()}),
        "won": shown(member.won, locale),
        "won_url": f"/deals?{urlencode({'owner_id': member.id, 'won_at__gte': month.start.isoformat()})}",
        "target": "" if member.target is None else shown(member.target, locale),
        "share": "" if share is None else format_percent(share, "0%", locale=locale),
        "meter": None if share is None else max(0, min(100, round(100 * share))),
        "last": say(locale, "More than 30 days ago")
        if last is None
        else format_timedelta(min(last - work.now, timedelta(0)), add_direction=True, locale=locale),
        "is_silent": last is None,
    }


ROUTES = (page("/team", show_team, permission="sales.deal.read"),)
