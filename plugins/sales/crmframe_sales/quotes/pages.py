"""Documents to print and to send, and the customer's page of a quote, which needs no account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote as quoted

import sqlalchemy as sa
from babel.dates import format_date

from crmframe.api import (
    Call,
    NotFound,
    Reply,
    UnitOfWork,
    company_picture,
    page,
    pdf_reply,
    records,
    slow_down,
)
from crmframe_sales import say
from crmframe_sales.quotes.actions import is_expired, lines_of, quote_by_key, title_of
from crmframe_sales.quotes.document import document_of
from crmframe_sales.quotes.inputs import QuoteExpired, QuoteNotOpen
from crmframe_sales.quotes.models import Quote
from crmframe_sales.quotes.whole import whole_lines

QUOTE, ORDER = "sales.quote", "sales.sales_order"
TEMPLATE = "sales/document.html"
PUBLIC = "/p/sales/offer"
# The address is a secret: nobody is told where the reader came from, and no search engine keeps it.
SECRET = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow"}


def show_document(call: Call, work: UnitOfWork) -> Reply:
    """Show a quote or an order as it is printed."""
    document = _document(call, work)
    path = f"/p/sales/{call.path['kind']}/{call.path['id']}"
    back = "quotes" if call.path["kind"] == "quotes" else work.schema.entity(ORDER).slug
    bar = [
        (say(call.locale, "Back"), f"/{back}/{call.path['id']}"),
        (say(call.locale, "PDF"), f"{path}/document.pdf"),
    ]
    return Reply(_page(document, bar=bar), TEMPLATE)


def document_pdf(call: Call, work: UnitOfWork) -> Reply:
    """Return a quote or an order as PDF."""
    return _pdf(call, work, _document(call, work))


def show_link(call: Call, work: UnitOfWork) -> Reply:
    """Show the address of the customer's page to those who may see the quote."""
    quote = records.get(work, QUOTE, call.path["id"])
    whole_lines(work, QUOTE, quote)
    hidden = Quote.__table__
    key = work.scalar(sa.select(hidden.c.link_key).where(hidden.c.id == call.path["id"]))
    if key is None or quote["status"] != "sent":
        raise QuoteNotOpen(title=title_of(work, QUOTE, quote))
    return Reply(_link_page(call, quote, key), "sales/quote_link.html")


def _link_page(call: Call, quote: Mapping[str, Any], key: str) -> dict[str, Any]:
    # The host of a request may be forged: it counts only where nobody said what the public address is.
    requested = f"{'https' if call.secure else 'http'}://{call.headers.get('host', '')}"
    base = call.site.application.settings.public_url.rstrip("/") or requested
    link = f"{base}{PUBLIC}/{key}"
    return {
        "link": link,
        "day": format_date(quote["valid_until"], "long", locale=call.locale),
        "mail": f"mailto:?subject={quoted(quote['subject'])}&body={quoted(link)}",
        "back": f"/quotes/{quote['id']}",
        "say": lambda msgid, **data: say(call.locale, msgid, **data),
    }


def show_offer(call: Call, work: UnitOfWork) -> Reply:
    """Show a quote to whoever has its address."""
    quote = _offer(call, work)
    return _offer_page(call, work, quote)


def offer_pdf(call: Call, work: UnitOfWork) -> Reply:
    """Return a quote as PDF to whoever has its address; one takes a moment of the server's time."""
    quote = _offer(call, work)
    _count(call, f"offer pdf {quote['id']}")
    with work.trusting("sales"):
        document = _with_pictures(call, work, document_of(work, "quote", quote, lines_of(work, quote["id"])))
    return _pdf(call, work, document, SECRET)


def accept_offer(call: Call, work: UnitOfWork) -> Reply:
    """Accept a quote by its address: with a name, and the box ticked."""
    quote, name = quote_by_key(work, call.path["key"]), call.form.get("name", "").strip()[:120]
    if quote is None:
        return _to_page(call)
    if not name or call.form.get("agreed") != "yes":
        sentence = say(quote["language"], "Give your name and tick the box to accept.")
        return Reply(location=f"{PUBLIC}/{call.path['key']}?missing=1", data={"problem": sentence})
    return _answer(call, work, quote, "accept", {"name": name})


def decline_offer(call: Call, work: UnitOfWork) -> Reply:
    """Decline a quote by its address."""
    quote = quote_by_key(work, call.path["key"])
    if quote is None:
        return _to_page(call)
    given = {
        "name": call.form.get("name", "").strip()[:120],
        "reason": call.form.get("reason", "").strip()[:2000],
    }
    return _answer(call, work, quote, "decline", given)


def _answer(
    call: Call, work: UnitOfWork, quote: Mapping[str, Any], verb: str, given: dict[str, str]
) -> Reply:
    slow_down(work, f"offer {quote['id']}", call.address)
    seen_from = f"{call.address} {call.headers.get('user-agent', '')}"[:400].replace("\x00", "")
    try:
        with work.trusting("sales"):
            records.run(work, QUOTE, quote["id"], verb, {**given, "seen_from": seen_from})
    except (QuoteNotOpen, QuoteExpired):
        pass  # its page says how it stands
    return _to_page(call)


def _to_page(call: Call) -> Reply:
    # What was asked for may be no key of ours: no other text gets into a header.
    return Reply(location=f"{PUBLIC}/{quoted(call.path['key'], safe='')}", headers=SECRET)


def _count(call: Call, what: str) -> None:
    """Slow down an address; in a transaction of its own, for a page only reads, and what it refuses counts too."""
    with call.site.application.work(door="web") as counting:
        slow_down(counting, what, call.address)


def _offer(call: Call, work: UnitOfWork) -> Mapping[str, Any]:
    """Return the quote of the address; guesses are slowed down, and say nothing but that there is no such quote."""
    found = quote_by_key(work, call.path["key"])
    if found is None or found["status"] not in ("sent", "accepted", "declined", "expired"):
        _count(call, "offer")
        raise NotFound(entity="quote", id="…")
    return found


def _offer_page(call: Call, work: UnitOfWork, quote: Mapping[str, Any]) -> Reply:
    with work.trusting("sales"):
        document = _with_pictures(call, work, document_of(work, "quote", quote, lines_of(work, quote["id"])))
    path, language = f"{PUBLIC}/{call.path['key']}", quote["language"]
    is_open = quote["status"] == "sent" and not is_expired(work, quote)
    missing = "Give your name and tick the box to accept." if call.parameter("missing") else ""
    bar = [(say(language, "PDF"), f"{path}/quote.pdf")]
    if is_open:
        bar.append((say(language, "Accept or decline"), "#answer"))
    data = _page(document, bar=bar, note=_standing(work, quote), form=path if is_open else "")
    return Reply({**data, "problem": say(language, missing) if missing else ""}, TEMPLATE, headers=SECRET)


def _standing(work: UnitOfWork, quote: Mapping[str, Any]) -> dict[str, str] | None:
    language, status = quote["language"], quote["status"]
    if status in ("accepted", "declined"):
        at = quote["decided_at"].astimezone(work.settings.zone).date()
        day = format_date(at, "long", locale=language)
        title = "This quote is accepted" if status == "accepted" else "This quote was declined"
        text = say(language, "By {name} on {day}. Thank you.", name=quote["accepted_by"] or "–", day=day)
        return {
            "tone": "green" if status == "accepted" else "amber",
            "title": say(language, title),
            "text": text,
        }
    if status == "expired" or is_expired(work, quote):
        day = format_date(quote["valid_until"], "long", locale=language)
        text = say(language, "It was valid until {day}. Please ask for a new one.", day=day)
        return {"tone": "amber", "title": say(language, "This quote has expired"), "text": text}
    return None


def _document(call: Call, work: UnitOfWork) -> dict[str, Any]:
    kind, record_id = call.path["kind"], call.path["id"]
    if kind == "quotes":
        quote = records.get(work, QUOTE, record_id)
        found = document_of(work, "quote", quote, whole_lines(work, QUOTE, quote))
    elif kind == "orders":
        order = records.get(work, ORDER, record_id)
        found = document_of(work, "order", order, whole_lines(work, ORDER, order))
    else:
        raise NotFound(entity="document", id=kind)
    return _with_pictures(call, work, found)


def _page(document: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    language = document["language"]
    words = {"say": lambda msgid, **data: say(language, msgid, **data)}
    return {
        **words,
        "d": document,
        "paper": False,
        "bar": [],
        "note": None,
        "form": "",
        "problem": "",
        **more,
    }


def _pdf(
    call: Call, work: UnitOfWork, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Reply:
    html = call.site.renderer.page(call, work, TEMPLATE, {**_page(document), "paper": True})
    made = pdf_reply(html, f"{document['title']} {document['number']}")
    return replace(made, headers={**made.headers, **(headers or {})})


def _with_pictures(call: Call, work: UnitOfWork, document: dict[str, Any]) -> dict[str, Any]:
    return {
        **document,
        "logo": company_picture(call, work, "core.logo"),
        "seal": company_picture(call, work, "core.seal"),
    }


ROUTES: Sequence[Any] = (
    page("/{kind}/{id:int}/document", show_document, permission="sales.quote.read"),
    page("/{kind}/{id:int}/document.pdf", document_pdf, permission="sales.quote.read"),
    page("/quotes/{id:int}/link", show_link, permission="sales.quote.read"),
    page("/offer/{key}", show_offer, public=True),
    page("/offer/{key}/quote.pdf", offer_pdf, public=True),
    page("/offer/{key}/accept", accept_offer, public=True, methods=("POST",)),
    page("/offer/{key}/decline", decline_offer, public=True, methods=("POST",)),
)
