"""The hand-written pages of the sales plugin, and the parts it adds to others' pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from crmframe.api import (
    Call,
    InvalidInput,
    NotFound,
    Problem,
    Reply,
    TimelineItem,
    UnitOfWork,
    ViewContext,
    page,
)
from crmframe_sales import queries, say
from crmframe_sales.forecast.periods import period_at
from crmframe_sales.forecast.rates import Rates
from crmframe_sales.forecast.sums import won_cells
from crmframe_sales.forecast.targets import targets
from crmframe_sales.progress import queries as late
from crmframe_sales.standard import PATH, save_standard

RANGES = (30, 90, 365)


def show_funnel(call: Call, work: UnitOfWork) -> Reply:
    """Show the funnel and the weighted pipeline of one pipeline."""
    sees_pipelines = work.actor.may("sales.pipeline.read")
    if sees_pipelines and not call.parameter("pipeline") and queries.default_pipeline(work) is None:
        return Reply(location="/deals")  # which says what is missing
    pipeline_id, since = _pipeline(call, work), _since(call, work)
    rows = queries.funnel(work, pipeline_id, since)
    data = {
        "pipeline_id": pipeline_id,
        "pipelines": [{"id": row.id, "name": row.name} for row in queries.pipelines(work)],
        "since": since.isoformat() if since else "",
        "ranges": [_range(call.locale, work.today, days) for days in RANGES],
        "funnel": [_funnel_row(row, rows[0].reached, call.locale) for row in rows],
        "forecast": [_forecast_row(row, call.locale) for row in queries.weighted_pipeline(work, pipeline_id)],
        "say": lambda msgid: say(call.locale, msgid),
    }
    return Reply(data, "sales/funnel.html")


def funnel_data(call: Call, work: UnitOfWork) -> Reply:
    """Return the funnel as JSON; conversion is 0..1, days are a median."""
    pipeline_id, since = _pipeline(call, work), _since(call, work)
    rows = [asdict(row) for row in queries.funnel(work, pipeline_id, since)]
    return Reply({"pipeline_id": pipeline_id, "since": since, "stages": rows})


def pipeline_data(call: Call, work: UnitOfWork) -> Reply:
    """Return the weighted pipeline as JSON; amounts are texts, so that they stay exact."""
    pipeline_id = _pipeline(call, work)
    rows = [asdict(row) for row in queries.weighted_pipeline(work, pipeline_id)]
    exact = [{**row, "amount": str(row["amount"]), "weighted": str(row["weighted"])} for row in rows]
    return Reply({"pipeline_id": pipeline_id, "stages": exact})


def deals_of_customer(context: ViewContext) -> Mapping[str, Any] | None:
    """Return the panel beside a customer: open deals and what was won; None hides it when there is neither."""
    assert context.record is not None
    customer_id, locale = context.record["id"], context.locale
    deals = queries.customer_deals(context.work, customer_id)
    won = queries.won_sums(context.work, customer_id)
    if not deals and not won:
        return None
    today = context.work.today
    return {
        "all": f"/deals?customer_id={customer_id}",
        "deals": [_deal_row(deal, locale, today) for deal in deals],
        "won": [_amount(total, currency, locale) for currency, total in won],
        "say": lambda msgid: say(locale, msgid),
    }


def my_pipeline(context: ViewContext) -> Mapping[str, Any] | None:
    """Return the tile with the actor's own open deals by stage."""
    if context.work.actor.id is None:
        return None
    rows = queries.weighted_pipeline(context.work, owner_id=context.work.actor.id)
    return {
        "rows": [_forecast_row(row, context.locale) for row in rows],
        "overdue": late.overdue_count(context.work),
        "won": _won_of_target(context),
        "say": lambda msgid: say(context.locale, msgid),
    }


def _won_of_target(context: ViewContext) -> dict[str, Any] | None:
    """Return what the actor won this month against the target; None without a target."""
    work, locale = context.work, context.locale
    if not work.actor.may("sales.target.read"):
        return None
    month, rates = period_at(work, "month", work.today), Rates(work)
    target = targets(work, month, "won_amount", rates).of(("person", work.actor.id or 0), month)
    if not target:
        return None
    won = sum((c.sums.won for c in won_cells(work, month, rates) if c.owner_id == work.actor.id), Decimal(0))
    amounts = {"won": _amount(won, rates.base, locale), "target": _amount(target, rates.base, locale)}
    share = won / target
    return {
        "text": say(locale, "Won this month: {won} of {target}", **amounts),
        "share": format_percent(share, "0%", locale=locale),
        "meter": max(0, min(100, round(100 * share))),
    }


def deals_on_timeline(context: ViewContext) -> Sequence[TimelineItem]:
    """Return the won and lost deals of the customer on the page."""
    assert context.record is not None
    return [
        _timeline_item(deal, context.locale)
        for deal in queries.closed_deals(context.work, context.record["id"])
    ]


def _timeline_item(deal: Any, locale: str) -> TimelineItem:
    is_won = deal.won_at is not None
    sentence = "Deal won: {title}" if is_won else "Deal lost: {title}"
    text = _amount(deal.amount, deal.currency, locale)
    if not is_won and deal.reason:
        text = f"{text} · {deal.reason}".removeprefix(" · ")
    return TimelineItem(
        at=deal.closed_at,
        title=say(locale, sentence, title=deal.title),
        text=text,
        icon="trophy" if is_won else "circle-x",
        tone="green" if is_won else "red",
        url=f"/deals/{deal.id}",
        # jobs.note_won_deals writes a note of this moment, in the workspace's language.
        covers=deal.title if is_won else "",
    )


def _pipeline(call: Call, work: UnitOfWork) -> int:
    given = call.parameter("pipeline")
    if given.isascii() and given.isdigit() and len(given) < 19:
        return int(given)
    found = queries.default_pipeline(work)
    if given or found is None:
        raise NotFound(entity="pipeline", id=given)
    return found


def _since(call: Call, work: UnitOfWork) -> date | None:
    given = call.parameter("since")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        template = "{value} is not a day. Write it like 2026-01-31."
        raise InvalidInput(
            [Problem("since", "not_a_date", template, {"value": given}, domain="sales")]
        ) from None


def _range(locale: str, today: date, days: int) -> dict[str, str]:
    label = say(locale, "Last {days} days", days=days)
    return {"since": (today - timedelta(days=days)).isoformat(), "label": label}


def _funnel_row(row: queries.FunnelRow, first: int, locale: str) -> dict[str, Any]:
    return {
        "name": row.name,
        "reached": format_decimal(row.reached, locale=locale),
        "width": round(100 * row.reached / first) if first else 0,
        "conversion": "" if row.conversion is None else format_percent(row.conversion, "0.0%", locale=locale),
        "current": format_decimal(row.current, locale=locale),
        "lost": format_decimal(row.lost, locale=locale),
        "days": "" if row.median_days is None else format_decimal(row.median_days, locale=locale),
    }


def _forecast_row(row: queries.Forecast, locale: str) -> dict[str, Any]:
    return {
        "name": row.name,
        "stage_id": row.stage_id,
        "deals": format_decimal(row.deals, locale=locale),
        "amount": _amount(row.amount, row.currency, locale),
        "weighted": _amount(row.weighted, row.currency, locale),
    }


def _deal_row(deal: Any, locale: str, today: date) -> dict[str, Any]:
    return {
        "url": f"/deals/{deal.id}",
        "title": deal.title,
        "stage": deal.stage,
        "amount": _amount(deal.amount, deal.currency, locale),
        "close_on": "" if deal.close_on is None else format_date(deal.close_on, "medium", locale=locale),
        "late": deal.close_on is not None and deal.close_on < today,
    }


def _amount(amount: Decimal | None, currency: str | None, locale: str) -> str:
    if amount is None:
        return ""
    return (
        format_currency(amount, currency, locale=locale)
        if currency
        else format_decimal(amount, locale=locale)
    )


ROUTES = (
    page("/funnel", show_funnel, permission="sales.deal.read"),
    page("/api/funnel", funnel_data, permission="sales.deal.read"),
    page("/api/pipeline", pipeline_data, permission="sales.deal.read"),
    page(PATH, save_standard, permission="sales.stage.create", methods=("POST",)),
)
