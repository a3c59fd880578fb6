"""The forecast as a page and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent

from crmframe.api import Call, InvalidInput, Problem, Reply, UnitOfWork, page, records
from crmframe_sales import say
from crmframe_sales.forecast.models import PERIODS
from crmframe_sales.forecast.periods import MONTHS, Period, period_at
from crmframe_sales.forecast.queries import Forecast, Line, forecast
from crmframe_sales.forecast.sums import Sums

PATH = "/p/sales/forecast"


def show_forecast(call: Call, work: UnitOfWork) -> Reply:
    """Show a period's forecast by person, team and month, against the targets."""
    return Reply(_page(call, work), "sales/forecast.html")


def _page(call: Call, work: UnitOfWork) -> dict[str, Any]:
    period, team = asked_period(call, work), asked_team(call)
    found, locale = forecast(work, period, team), call.locale
    return {
        **period_links(PATH, call, work, period, team),
        "currency": found.currency,
        "total": _row(found.total, found, locale, ""),
        "groups": [
            (say(locale, "By person"), _owners(found, locale)),
            (say(locale, "By team"), _teams(found, locale)),
            (say(locale, "By month"), _months(found, locale)),
        ],
        "notes": _notes(found, locale),
        "team": team,
        "teams": team_options(work),
        "targets": f"/p/sales/targets?{urlencode({'start': period.start.isoformat()})}"
        if work.actor.may("sales.target.read")
        else "",
        "say": lambda msgid, **given: say(locale, msgid, **given),
    }


def forecast_data(call: Call, work: UnitOfWork) -> Reply:
    """Return the forecast as JSON; amounts are texts in the workspace's currency, so that they stay exact."""
    return Reply(as_data(forecast(work, asked_period(call, work), asked_team(call))))


def as_data(found: Forecast) -> dict[str, Any]:
    """Return a forecast as plain data."""
    period = found.period
    return {
        "period": {"kind": period.kind, "start": period.start, "end": period.end},
        "currency": found.currency,
        "total": _data(found.total),
        "owners": [_data(line) for line in found.owners],
        "teams": [_data(line) for line in found.teams],
        "months": [_data(line) for line in found.months],
        "undated": _sums(found.undated),
        "overdue": _sums(found.overdue),
        "missing_rates": dict(found.missing),
    }


def _data(line: Line) -> dict[str, Any]:
    target = None if line.target is None else exact(line.target)
    return {"id": line.key, "name": line.name, "target": target, **_sums(line.sums)}


def _sums(sums: Sums) -> dict[str, Any]:
    amounts = ("won", "commit", "best_case", "pipeline", "weighted", "expected", "own")
    counts = {"won_deals": sums.won_deals, "open_deals": sums.open_deals}
    return {name: exact(getattr(sums, name)) for name in amounts} | counts


def exact(amount: Decimal) -> str:
    """Return an amount of the workspace's currency as text with two places."""
    return f"{amount:.2f}"


def asked_period(call: Call, work: UnitOfWork) -> Period:
    """Return the period that the address asks for, the running quarter when it asks for none.

    Raises:
        InvalidInput: It is none.
    """
    kind, start = call.parameter("period", "quarter"), call.parameter("start")
    if kind not in MONTHS:
        template = "{value} is no period. Choose month, quarter or year."
        raise InvalidInput([Problem("period", "not_a_period", template, {"value": kind}, domain="sales")])
    try:
        day = date.fromisoformat(start) if start else work.today
        return period_at(work, kind, day)
    except ValueError:
        template = "{value} is not a day. Write it like 2026-01-31."
        raise InvalidInput(
            [Problem("start", "not_a_date", template, {"value": start}, domain="sales")]
        ) from None


def asked_team(call: Call) -> int | None:
    """Return the team that the address asks for."""
    given = call.parameter("team")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def team_options(work: UnitOfWork) -> list[tuple[int, str]]:
    """Return the teams that the actor may name, by name."""
    if not work.actor.may("core.team.read"):
        return []
    # Without columns it is those that the actor may read: perhaps not the name.
    known = records.select(work, "core.team", records.Query(limit=200)).records()
    return sorted(
        ((row["id"], row.get("name") or f"#{row['id']}") for row in known), key=lambda pair: pair[1]
    )


def period_links(path: str, call: Call, work: UnitOfWork, period: Period, team: int | None) -> dict[str, Any]:
    """Return what the head of a page needs to lead to other periods."""

    def link(other: Period) -> str:
        given = {"period": other.kind, "start": other.start.isoformat(), **({"team": team} if team else {})}
        return f"{path}?{urlencode(given)}"

    inside = work.today if period.start <= work.today < period.end else period.start
    return {
        "title": title_of(period, call.locale),
        "period": period,
        "kinds": [
            (
                say(call.locale, each.label),
                link(period_at(work, each.value, inside)),
                each.value == period.kind,
            )
            for each in PERIODS
        ],
        "before": link(period.shifted(-1)),
        "after": link(period.shifted(1)),
        "now": link(period_at(work, period.kind, work.today)),
    }


def title_of(period: Period, locale: str) -> str:
    """Return what people call a period: its months, with the year."""
    first = format_skeleton("yMMM", period.start, locale=locale)
    if period.kind == "month":
        return str(first)
    last = period.parts("month")[-1].start
    return f"{first} – {format_skeleton('yMMM', last, locale=locale)}"


def _owners(found: Forecast, locale: str) -> list[dict[str, Any]]:
    return [
        _row(line, found, locale, line.name or say(locale, "Without an owner"), owner_id=line.key or "")
        for line in found.owners
    ]


def _teams(found: Forecast, locale: str) -> list[dict[str, Any]]:
    return [
        _row(line, found, locale, line.name or say(locale, "Without a team"), team_id=line.key or "")
        for line in found.teams
    ]


def _months(found: Forecast, locale: str) -> list[dict[str, Any]]:
    rows = []
    for line, part in zip(found.months, found.period.parts("month"), strict=True):
        row = _row(line, found, locale, title_of(part, locale))
        row["url"] = _deals(part)
        rows.append(row)
    return rows


def _row(line: Line, found: Forecast, locale: str, name: str, **by: object) -> dict[str, Any]:
    sums, target = line.sums, line.target
    share = sums.won / target if target else None
    names = ("won", "commit", "best_case", "pipeline", "weighted", "expected", "own")
    return {
        "name": name,
        "depth": line.depth,
        "url": _deals(found.period, **by),
        "target": "" if target is None else shown(target, locale),
        "share": "" if share is None else format_percent(share, "0%", locale=locale),
        "meter": None if share is None else max(0, min(100, round(100 * share))),
        **{key: shown(getattr(sums, key), locale) for key in names},
    }


def _deals(period: Period, **by: object) -> str:
    """Return the list of the open deals expected in a period."""
    where: dict[str, object] = {
        "closed_at__empty": "true",
        "close_on__gte": period.start.isoformat(),
        "close_on__lt": period.end.isoformat(),
    }
    for name, value in by.items():
        where[name if value else f"{name}__empty"] = value or "true"
    return f"/deals?{urlencode(where)}"


def shown(amount: Decimal, locale: str) -> str:
    """Return an amount in whole units, the currency stands above: a forecast knows no cents."""
    return format_decimal(amount, "#,##0", locale=locale)


def _notes(found: Forecast, locale: str) -> Sequence[str]:
    notes = []
    if found.undated.open_deals:
        text = "Open deals without an expected close, which count in no period: {count}, {amount}."
        notes.append(say(locale, text, **_counted(found.undated, found.currency, locale)))
    if found.overdue.open_deals:
        text = (
            "Open deals that were expected to close before this period and count in none: {count}, {amount}."
        )
        notes.append(say(locale, text, **_counted(found.overdue, found.currency, locale)))
    for currency, deals in found.missing.items():
        text = "{count} deals in {currency} are left out: there is no rate for it. Enter one below Currency rates."
        notes.append(say(locale, text, count=deals, currency=currency))
    return notes


def _counted(sums: Sums, currency: str, locale: str) -> dict[str, Any]:
    amount = sums.commit + sums.best_case + sums.pipeline
    return {"count": sums.open_deals, "amount": f"{shown(amount, locale)} {currency}"}


ROUTES = (
    page("/forecast", show_forecast, permission="sales.deal.read"),
    page("/api/forecast", forecast_data, permission="sales.deal.read"),
)
