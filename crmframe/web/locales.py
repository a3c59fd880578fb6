"""Which language a request is answered in."""

from __future__ import annotations

import re
from collections.abc import Mapping

LOCALES = ("en", "zh_Hans")
COOKIE = "crmframe_locale"
_COOKIE_VALUE = re.compile(rb"(?:^|;\s*)crmframe_locale=([A-Za-z_]{2,10})(?:;|$)")


def of_request(headers: Mapping[bytes, bytes], preferred: str = "") -> str:
    """Return the locale: the one chosen in this browser, the user's own, or the first that the browser accepts."""
    chosen = _COOKIE_VALUE.search(headers.get(b"cookie", b""))
    if chosen and chosen[1].decode() in LOCALES:
        return chosen[1].decode()
    if preferred in LOCALES:
        return preferred
    return accepted(headers.get(b"accept-language", b"").decode("latin-1"))


def accepted(header: str) -> str:
    """Return the locale for an Accept-Language header."""
    weighted = []
    for part in header.split(",")[:20]:
        language, _, weight = part.partition(";q=")
        weighted.append((-_number(weight), language.strip().lower()))
    for _, language in sorted(weighted, key=lambda pair: pair[0]):
        if language.startswith("zh"):
            return "zh_Hans"
        if language.startswith("en"):
            return "en"
    return "en"


def _number(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
