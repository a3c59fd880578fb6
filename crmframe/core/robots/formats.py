"""What each chat program wants to be sent, how it is signed, and how it says no.

Texts are those of users: nothing in them may call a whole group or become a link, so each format takes plain text where
there is such a thing, and loses what would be markup where there is none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from crmframe.core.outbound.http import Answer

Body = dict[str, Any]
# "Too many messages": the next minute will do.
TOO_MANY = {"wecom": 45009, "dingtalk": 130101, "feishu": 11232}


@dataclass(frozen=True, slots=True)
class Format:
    """How one chat program is spoken to.

    Attributes:
        most: Bytes of text.
        make: ``make(text)`` returns the body.
        sign: ``sign(url, body, secret, now)`` returns both signed.
        code: The key of the number in the answer that is not 0 when it says no.
    """

    most: int
    make: Callable[[str], Body]
    sign: Callable[[str, Body, str, datetime], tuple[str, Body]] | None = None
    code: str = ""


def posting(kind: str, url: str, secret: str, text: str, now: datetime) -> tuple[str, Body]:
    """Return the URL and the body to post."""
    form = FORMATS[kind]
    body = form.make(text)
    return form.sign(url, body, secret, now) if form.sign is not None and secret else (url, body)


def fitting(kind: str, lines: Sequence[str]) -> str:
    """Return the lines as one text that is not too long; what is left out is counted."""
    most, kept = FORMATS[kind].most - 20, list[str]()
    for line in lines:
        if len("\n".join([*kept, line]).encode()) > most:
            break
        kept.append(line)
    if not kept:
        kept = [lines[0].encode()[:most].decode("utf-8", "ignore")]
    left = len(lines) - len(kept)
    return "\n".join([*kept, f"… +{left}"] if left else kept)


def verdict(kind: str, answer: Answer) -> tuple[str, str]:
    """Return which state the answer leads to, and why."""
    words = f"{answer.status} {answer.text[:300]}".strip()
    if answer.status == 429 or answer.status >= 500:
        return "queued", words
    if not 200 <= answer.status < 300:
        return "failed", words
    code = _code(kind, answer.text)
    if code in (None, 0):
        return "sent", ""
    return ("queued" if code == TOO_MANY.get(kind) else "failed"), words


def _code(kind: str, text: str) -> Any:
    key = FORMATS[kind].code
    if not key:
        return None
    try:
        said = json.loads(text)
    except ValueError:
        return text
    return said.get(key) if isinstance(said, Mapping) else text


# --- texts --------------------------------------------------------------------------------------------


def _typed(text: str) -> Body:
    return {"msgtype": "text", "text": {"content": text}}


def _feishu(text: str) -> Body:
    # <at user_id="all"> would call everybody, also out of a customer's name.
    return {"msg_type": "text", "content": {"text": text.replace("<", "＜")}}


def _slack(text: str) -> Body:
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": plain, "mrkdwn": False}


def _teams(text: str) -> Body:
    # A run of text is no Markdown, which a block of text would be.
    lines = [
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line}]} for line in text.split("\n")
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [content]}


# --- signatures ---------------------------------------------------------------------------------------


def _sign_dingtalk(url: str, body: Body, secret: str, now: datetime) -> tuple[str, Body]:
    stamp = str(int(now.timestamp() * 1000))
    mark = _hmac(secret, f"{stamp}\n{secret}")
    return f"{url}{'&' if '?' in url else '?'}timestamp={stamp}&sign={quote(mark, safe='')}", body


def _sign_feishu(url: str, body: Body, secret: str, now: datetime) -> tuple[str, Body]:
    stamp = str(int(now.timestamp()))
    # It is the key that holds the time; what is hashed is empty.
    return url, {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{secret}", ""), **body}


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


FORMATS: Mapping[str, Format] = {
    "wecom": Format(2_000, _typed, code="errcode"),
    "dingtalk": Format(15_000, _typed, _sign_dingtalk, code="errcode"),
    "feishu": Format(15_000, _feishu, _sign_feishu, code="code"),
    "slack": Format(15_000, _slack),
    "teams": Format(15_000, _teams),
}
