"""Which language a request is answered in."""

from __future__ import annotations

import re
from collections.abc import Mapping

LOCALES = ("en", "zh_Hans")
COOKIE = "crmframe_locale"
_COOKIE_VALUE = re.compile(rb"(?:^|;\s*)crmframe_locale=([A-Za-z_]{2,10})(?:;|$)")


def of_request(headers: Mapping[bytes, bytes], preferred: str = "", usual: str = "en") -> str:
    """Return the locale: the one chosen in this browser, the user's own, the first that the browser accepts.

    Args:
        usual: For whoever asks for none that there is: the workspace's.
    """
    chosen = _COOKIE_VALUE.search(headers.get(b"cookie", b""))
    if chosen and chosen[1].decode() in LOCALES:
        return chosen[1].decode()
    if preferred in LOCALES:
        return preferred
    return accepted(headers.get(b"accept-language", b"").decode("latin-1"), usual)


def accepted(header: str, usual: str = "en") -> str:
    """Return the locale for an Accept-Language header, *usual* when it names none of ours."""
    weighted = []
    for part in header.split(",")[:20]:
        language, _, weight = part.partition(";q=")
        weighted.append((-_number(weight), language.strip().lower()))
    for _, language in sorted(weighted, key=lambda pair: pair[0]):
        if language.startswith("zh"):
            return "zh_Hans"
        if language.startswith("en"):
            return "en"
    return usual


def _number(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
