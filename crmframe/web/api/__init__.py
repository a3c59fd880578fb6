"""The JSON API: the same records, rights and errors as everywhere, for programs."""

from __future__ import annotations

from crmframe.web.api import batch, changes, finding, journal, openapi, routes
from crmframe.web.router import Router

BASE = "/api/v1"


def add_routes(router: Router) -> None:
    """Serve everything below ``/api/v1``."""
    for module in (openapi, changes, journal, finding, batch, routes):
        for methods, path, served in module.ROUTES:
            router.add(methods, f"{BASE}{path}", served)
