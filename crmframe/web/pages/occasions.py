"""The page of birthdays and anniversaries to come, each with a greeting to send."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crmframe.core.errors import PermissionDenied
from crmframe.core.occasions.calendars import LUNAR, lunar_text
from crmframe.core.occasions.coming import BIRTHDAY, MOST, Occasion, occasions
from crmframe.core.occasions.greeting import greeting
from crmframe.core.occasions.home import PAGE
from crmframe.web.pages.tones import mark_of, tone_of
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

DAYS = 31


def show_occasions(call: Call, work: UnitOfWork) -> Reply:
    """Show what comes in a month, of the reader's own records or of all that the reader may see."""
    view = view_of(call, work)
    if not (view.is_signed_in and work.actor.may("core.contact.read")):
        raise PermissionDenied(permission="core.contact.read")
    everybody = call.parameter("who") == "all"
    found = [each for each in occasions(work, work.today, DAYS, mine=not everybody) if each.title]
    days = [
        {
            "label": _day(view, on),
            "is_today": on == work.today,
            "items": [_item(view, each) for each in each_day],
        }
        for on, each_day in groupby(found, lambda each: each.on)
    ]
    data = {"view": view, "days": days, "everybody": everybody, "page": PAGE, "is_cut": len(found) >= MOST}
    return Reply(data, "occasions.html")


def _day(view: View, on: date) -> str:
    return view.formats.day(on)


def _item(view: View, occasion: Occasion) -> dict[str, Any]:
    name, _, number = occasion.about.partition(":")
    entity = view.work.registry.entities[name]
    text = greeting(view.work, view.translator, occasion, view.locale)
    subject = view.say("Happy birthday") if occasion.kind == BIRTHDAY else occasion.words
    return {
        "title": occasion.title,
        "mark": mark_of(occasion.title),
        "tone": tone_of(occasion.title),
        "url": f"/{entity.slug}/{number}",
        "kind": occasion.kind,
        "what": what_of(view, occasion),
        "lunar": lunar_of(view, occasion),
        "greeting": text,
        "mail": f"mailto:{quote(occasion.email)}?subject={quote(subject)}&body={quote(text)}"
        if occasion.email
        else "",
        "log": f"/{entity.slug}/{number}/log" if entity.has_timeline else "",
    }


def what_of(view: View, occasion: Occasion) -> str:
    """Return what the day is: a birthday, and which, or the words of an anniversary and its years."""
    if occasion.kind == BIRTHDAY:
        years = occasion.years
        return view.say("Turns {years}", years=years) if years else view.say("Birthday")
    return (
        f"{occasion.words} · {view.say('{years} years', years=occasion.years)}"
        if occasion.years
        else occasion.words
    )


def lunar_of(view: View, occasion: Occasion) -> str:
    """Return the day of the lunar calendar, or nothing."""
    if occasion.lunar_key is None:
        return ""
    month, day = divmod(occasion.lunar_key - LUNAR, 100)
    is_chinese = view.locale == "zh_Hans"
    return view.say("Lunar {day}", day=lunar_text(occasion.lunar_key) if is_chinese else f"{month}/{day}")
