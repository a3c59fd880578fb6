"""The public pages of web forms: what strangers fill in becomes a lead, what robots send becomes nothing.

A forged post is answered like an honest one, so that nobody learns what gave it away.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from crmframe.api import (
    Call,
    Choice,
    InvalidInput,
    NotFound,
    Problem,
    Reply,
    UnitOfWork,
    find_duplicates,
    page,
    records,
    slow_down,
)
from crmframe_sales import say
from crmframe_sales.leads.guards import origins_of
from crmframe_sales.leads.models import FORM_FIELDS, WebForm

LEAD = "sales.lead"
MIN_SECONDS, MAX_SECONDS = 3, 12 * 3600
LONGEST = 4000
TRAP = "homepage"
CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "landing_page")
LABELS = {choice.value: choice.label for choice in FORM_FIELDS}
# Visitors are asked in other words than those in which their answers are kept.
ASKED = {c.value: c.label for c in (Choice("name", "Your name"), Choice("need", "How can we help you?"))}
KINDS = {"phone": "tel", "email": "email"}
WAYS = ("phone", "email", "wechat")


def show_form(call: Call, work: UnitOfWork) -> Reply:
    """Show the form to anybody who knows its address."""
    form = _form(call, work)
    campaign = {name: call.parameter(name)[:120] for name in CAMPAIGN}
    campaign["landing_page"] = campaign["landing_page"] or call.headers.get("referer", "")[:500]
    return _shown(call, work, form, campaign, [])


def submit(call: Call, work: UnitOfWork) -> Reply:
    """Make a lead of what somebody sent.

    Raises:
        TooManyAttempts: The address sends one form after the other.
    """
    form = _form(call, work)
    given = {name: text.strip()[:LONGEST] for name, text in call.form.items()}
    age = _age(call, work, form, given.get("ticket", ""))
    if given.get(TRAP) or age is None or age < MIN_SECONDS or not _is_allowed_origin(call, form):
        return _thanks(call, form)
    slow_down(work, f"form {form.token}", call.address)
    problems = [*_problems(form, given), *_too_late(age)] or _refusals(work, form, given)
    return _shown(call, work, form, given, problems) if problems else _thanks(call, form)


def _too_late(age: float) -> list[Problem]:
    template = "The page was open for too long. Please send it once more."
    return [Problem("", "too_late", template, domain="sales")] if age > MAX_SECONDS else []


def _refusals(work: UnitOfWork, form: Any, given: Mapping[str, str]) -> Sequence[Problem]:
    """Make the lead; return what is wrong with it, nothing when the same page was sent before: one makes one lead."""
    try:
        _make_lead(work, form, given)
    except InvalidInput as error:
        was_sent = any(problem.field == "ticket" for problem in error.problems)
        return () if was_sent else error.problems
    return ()


def _form(call: Call, work: UnitOfWork) -> Any:
    table: Any = WebForm.__table__
    wanted = sa.select(table).where(
        table.c.token == str(call.path["token"]), table.c.active, table.c.archived_at.is_(None)
    )
    rows = work.rows(wanted)
    if not rows:
        raise NotFound(entity="form", id="")
    return rows[0]


def _fields(form: Any) -> list[str]:
    """Return what the form asks for: the name always, and a way to answer."""
    chosen = [name for name in LABELS if name in (form.fields or ())]
    names = chosen if "name" in chosen else ["name", *chosen]
    return names if any(way in names for way in WAYS) else [*names, "email"]


def _problems(form: Any, given: Mapping[str, str]) -> list[Problem]:
    found = []
    if not given.get("name"):
        found.append(Problem("name", "required", "Please tell us your name.", domain="sales"))
    if not any(given.get(way) for way in WAYS if way in _fields(form)):
        template = "Please tell us how to reach you."
        way = next(way for way in WAYS if way in _fields(form))
        found.append(Problem(way, "required", template, domain="sales"))
    if form.consent_text and form.consent_required and not given.get("consent"):
        found.append(Problem("consent", "required", "Please agree, so that we may answer.", domain="sales"))
    return found


def _make_lead(work: UnitOfWork, form: Any, given: Mapping[str, str]) -> None:
    values: dict[str, Any] = {name: given.get(name) or None for name in _fields(form)}
    values |= {name: given.get(name, "")[:120] or None for name in CAMPAIGN}
    values |= {"source": form.source, "form_id": form.id, "ticket": given["ticket"].split(".")[1]}
    values["is_duplicate"] = bool(
        find_duplicates(
            work, phones=[values.get("phone")], emails=[values.get("email")], company=values.get("company")
        )
    )
    lead = records.create(work, LEAD, values)
    if form.consent_text and given.get("consent"):
        consent = {
            "about": f"{LEAD}:{lead['id']}",
            "purpose": "contact",
            "text": form.consent_text,
            "text_version": form.consent_version,
            "source": form.title,
        }
        records.create(work, "core.consent", consent)


# --- what the pages show ------------------------------------------------------------------------------


def _shown(
    call: Call, work: UnitOfWork, form: Any, given: Mapping[str, str], problems: list[Problem] | Any
) -> Reply:
    locale = _locale(call, form)
    texts = {p.field: say(locale, p.template, **p.data) for p in problems}
    fields = [
        {
            "name": name,
            "label": say(locale, ASKED.get(name, LABELS[name])),
            "type": KINDS.get(name, "text"),
            "value": given.get(name, ""),
            "problem": texts.get(name, ""),
        }
        for name in _fields(form)
    ]
    data = {
        **_frame(locale),
        "form": form,
        "fields": fields,
        "ticket": _ticket(call, work, form),
        "trap": TRAP,
        "hidden": {name: given.get(name, "") for name in CAMPAIGN},
        "consent": bool(given.get("consent")),
        "consent_problem": texts.get("consent", ""),
        "general": texts.get("", ""),
    }
    status = 422 if problems else 200
    return Reply(
        data, "sales/web_form.html", status=status, framed_by=tuple(origins_of(form.allowed_origins))
    )


def _thanks(call: Call, form: Any) -> Reply:
    data = {**_frame(_locale(call, form)), "form": form}
    headers = {"refresh": f"2; url={form.redirect_url}"} if _is_header_safe(form.redirect_url) else {}
    framed = tuple(origins_of(form.allowed_origins))
    return Reply(data, "sales/web_form_thanks.html", headers=headers, framed_by=framed)


def _frame(locale: str) -> dict[str, Any]:
    return {"say": lambda msgid: say(locale, msgid), "lang": "zh-Hans" if locale == "zh_Hans" else "en"}


def _locale(call: Call, form: Any) -> str:
    return str(form.language or call.locale)


def _is_header_safe(url: str | None) -> bool:
    return bool(url) and str(url).isascii() and str(url).isprintable() and " " not in str(url)


# --- what tells people from robots --------------------------------------------------------------------


def _ticket(call: Call, work: UnitOfWork, form: Any) -> str:
    """Return what proves when the page was made, and that it was made here."""
    issued, nonce = str(int(work.now.timestamp())), secrets.token_urlsafe(16)
    return f"{issued}.{nonce}.{_signature(call, form, issued, nonce)}"


def _signature(call: Call, form: Any, issued: str, nonce: str) -> str:
    text = f"form:{form.token}:{issued}:{nonce}"
    return hmac.new(call.site.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _age(call: Call, work: UnitOfWork, form: Any, ticket: str) -> float | None:
    """Return how many seconds ago the page was made; None for a ticket that is not ours."""
    issued, _, rest = ticket.partition(".")
    nonce, _, signature = rest.partition(".")
    expected = _signature(call, form, issued, nonce)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        return None
    return work.now.timestamp() - int(issued)


def _is_allowed_origin(call: Call, form: Any) -> bool:
    origin = call.headers.get("origin", "")
    if not origin or urlsplit(origin).netloc == call.headers.get("host", ""):
        return True
    return origin.lower() in {each.lower() for each in origins_of(form.allowed_origins)}


ROUTES = (
    page("/forms/{token}", show_form, public=True, as_system=True),
    page("/forms/{token}", submit, public=True, as_system=True, methods=("POST",)),
)
