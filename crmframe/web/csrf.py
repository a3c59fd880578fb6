"""Requests that a foreign page made the browser send (CSRF), told apart by what the browser says itself."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

FIELD = "csrf_token"
HEADER = "x-csrf-token"
OWN_SITES = frozenset({"same-origin", "none"})


def token_for(secret: str, session: str) -> str:
    """Return the hidden token of a session's forms."""
    return hmac.new(secret.encode(), f"csrf:{session}".encode(), hashlib.sha256).hexdigest()


def comes_from_here(headers: Mapping[str, str], given: str, expected: str) -> bool:
    """Return whether a page of this site sent the request.

    Args:
        given: The token in the form or header, empty when there is none; it counts only for browsers that say
            neither Sec-Fetch-Site nor Origin.
        expected: The session's token, empty without a session: then there is nothing a forger could use.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN_SITES
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host", "")
    return not expected or hmac.compare_digest(given.encode(), expected.encode())
