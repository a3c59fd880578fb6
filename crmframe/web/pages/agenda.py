"""The calendar as a plain list of a week, the report of follow-ups, and the short ways to what is to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from crmframe.core import records
from crmframe.core.activities.agenda import Occurrence, agenda
from crmframe.core.activities.home import QUIET_DAYS
from crmframe.core.activities.report import Share, follow_ups, members_of
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import PermissionDenied
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages import cells, lookup
from crmframe.web.pages.tones import mark_of, tone_of
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

AGENDA, REPORT = "/agenda", "/reports/follow-ups"
WEEK = timedelta(days=7)
MOST_DAYS = 3650
# Weeks before and after are always days that there are.
YEARS = range(1900, 2200)


def show_agenda(call: Call, work: UnitOfWork) -> Reply:
    """Show the appointments of a week, day by day, in the reader's zone."""
    view = view_of(call, work)
    _require(work, "core.appointment.read")
    first = work.week_start(_day_in(call, view))
    everybody = call.parameter("who") == "all"
    start, end = (datetime.combine(day, time(), view.zone) for day in (first, first + WEEK))
    found = agenda(work, None if everybody else work.actor.id, start, end)
    titles = lookup.titles_of(work, lookup.ids_by_entity(each.appointment["about"] for each in found))
    days = [first + timedelta(days=n) for n in range(7)]
    data = {
        "view": view,
        "days": [_day(view, day, found, titles) for day in days],
        "span": f"{view.formats.date(days[0])} – {view.formats.date(days[-1])}",
        "empty": not found,
        "everybody": everybody,
        "may_create": view.may("core.appointment.create"),
        **_ways(AGENDA, first, 7, {"who": "all"} if everybody else {}),
    }
    return Reply(data, "agenda.html")


def _day_in(call: Call, view: View) -> date:
    try:
        day = date.fromisoformat(call.parameter("day"))
    except ValueError:
        day = date.min
    return day if day.year in YEARS else view.formats.local_day(view.work.now)


def _ways(url: str, first: date, days: int, kept: Mapping[str, str]) -> dict[str, str]:
    def to(day: date) -> str:
        return f"{url}?{urlencode({**kept, 'day': day.isoformat()})}"

    step = timedelta(days=days)
    return {"before": to(first - step), "after": to(first + step), "day": first.isoformat()}


def _link(view: View, about: str | None, titles: lookup.Titles) -> tuple[str, str]:
    """Return the name of a record and where it is; empty for what the reader may not see."""
    name, _, number = (about or "").partition(":")
    entity = view.work.registry.entities.get(name)
    title = titles.get(name, {}).get(int(number)) if number else None
    return (title, f"/{entity.slug}/{number}") if entity and title else ("", "")


def _day(view: View, day: date, found: Sequence[Occurrence], titles: lookup.Titles) -> dict[str, Any]:
    items = [_item(view, each, titles) for each in found if _is_on(view, each, day)]
    items.sort(key=lambda item: not item["all_day"])
    today = day == view.formats.local_day(view.work.now)
    return {"label": view.formats.day(day), "items": items, "is_today": today}


def _is_on(view: View, each: Occurrence, day: date) -> bool:
    # Whole days are those of the appointment's own zone, wherever it is looked at.
    zone = ZoneInfo(each.appointment["zone"]) if each.appointment["all_day"] else view.zone
    first = each.start.astimezone(zone).date()
    last = max(first, (each.end - timedelta(microseconds=1)).astimezone(zone).date())
    return first <= day <= last


def _item(view: View, each: Occurrence, titles: lookup.Titles) -> dict[str, Any]:
    row = each.appointment
    about, about_url = _link(view, row["about"], titles)
    times = "" if row["all_day"] else f"{view.formats.time(each.start)}–{view.formats.time(each.end)}"
    return {
        "title": row["title"],
        "url": f"/appointments/{row['id']}",
        "time": times,
        "all_day": row["all_day"],
        "place": row["place"] or "",
        "about": about,
        "about_url": about_url,
        "state": each.state,
        "repeats": bool(row["recurrence"]),
    }


# --- the report ---------------------------------------------------------------------------------------


def show_report(call: Call, work: UnitOfWork) -> Reply:
    """Show what people did on a day or in a week."""
    view = view_of(call, work)
    _require(work, "core.activity.read")
    weekly = call.parameter("span") == "week"
    day = _day_in(call, view)
    first, days = (work.week_start(day), 7) if weekly else (day, 1)
    who = call.parameter("who") or "me"
    found = follow_ups(work, first, days, _users(work, who))
    rows = [row for s in found.shares for row in (*s.activities, *s.done, *s.planned)]
    wanted = lookup.ids_by_entity(row.about for row in rows)
    wanted.setdefault("core.user", set()).update(share.user_id for share in found.shares)
    titles = lookup.titles_of(work, wanted)
    offers = lookup.offers_of(work, ["core.user", "core.team"])
    kept = {"span": "week" if weekly else "day", "who": who}
    data = {
        "view": view,
        "span": view.formats.date(first)
        if days == 1
        else f"{view.formats.date(first)} – {view.formats.date(found.last)}",
        "weekly": weekly,
        "who": who,
        "people": [(f"user:{i}", name) for i, name in offers.get("core.user", {}).items()],
        "teams": [(f"team:{i}", name) for i, name in offers.get("core.team", {}).items()],
        "shares": [_share(view, share, titles) for share in found.shares],
        "is_cut": found.is_cut,
        **_ways(REPORT, first, days, kept),
    }
    return Reply(data, "report.html")


def _users(work: UnitOfWork, who: str) -> list[int] | None:
    """Return whose report is wanted; None means everybody's."""
    kind, _, number = who.partition(":")
    wanted = plain_number(number)
    if who == "all":
        return None
    if kind == "team" and wanted is not None:
        return members_of(work, wanted)
    if kind == "user" and wanted is not None:
        return [wanted] if wanted in records.titles(work, "core.user", [wanted]) else []
    return [work.actor.id] if work.actor.id is not None else []


def _share(view: View, share: Share, titles: lookup.Titles) -> dict[str, Any]:
    field = view.work.schema.fields(view.work.registry.entity("core.activity"))["kind"]
    name = titles.get("core.user", {}).get(share.user_id, "")
    counts = [(cells.choice_label(view, field, kind or ""), n) for kind, n in share.kinds.most_common()]
    return {
        "name": name or f"#{share.user_id}",
        "mark": mark_of(name),
        "tone": tone_of(name),
        "counts": [*counts, (view.say("Customers and records"), len(share.touched))],
        "activities": [
            {**_row(view, row, titles), "kind": cells.choice_label(view, field, row.kind or "")}
            for row in share.activities
        ],
        "done": [_row(view, row, titles) for row in share.done],
        "planned": [_row(view, row, titles) for row in share.planned],
    }


def _row(view: View, row: Any, titles: lookup.Titles) -> dict[str, Any]:
    about, url = _link(view, row.about, titles)
    at = view.formats.instant(row.at) if row.at else ""
    return {"at": at, "kind": "", "text": row.text or "", "about": about, "url": url}


# --- short ways ---------------------------------------------------------------------------------------


def show_quiet(call: Call, work: UnitOfWork) -> Reply:
    """Lead to the records that nobody was in touch with for so many days."""
    entity = entity_at(call, work)
    if "last_activity_at" not in entity.fields:
        raise NoSuchPage(path=call.url)
    days = min(plain_number(call.parameter("days")) or int(work.setting(QUIET_DAYS)), MOST_DAYS)
    pairs = [("last_activity_at__lt", (work.today - timedelta(days=days)).isoformat())]
    pairs += [(name, value) for name, value in call.query if name not in ("days", "last_activity_at__lt")]
    return Reply(location=f"/{entity.slug}?{urlencode([*pairs, ('order', 'last_activity_at')])}")


def _require(work: UnitOfWork, permission: str) -> None:
    if not work.actor.may(permission):
        raise PermissionDenied(permission=permission)
