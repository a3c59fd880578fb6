"""Search over HTTP: records of every kind that fit a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmframe.core.search.searching import Hit, search
from crmframe.web.api.parameters import whole_number
from crmframe.web.endpoint import Endpoint
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

USUAL_LIMIT, MAX_LIMIT = 10, 100


def find(call: Call, work: UnitOfWork) -> Reply:
    """Answer ``{"hits": […], "indexing": …}``: at most ``limit`` of each kind, the best of each first."""
    names = [name.strip() for name in call.parameter("entity").split(",") if name.strip()]
    limit = whole_number(call, "limit", USUAL_LIMIT, MAX_LIMIT)
    found = search(work, call.parameter("q"), names, limit=limit)
    hits = [_shown(work, hit) for hits in found.hits.values() for hit in hits]
    return Reply({"hits": hits, "indexing": found.is_indexing})


def _shown(work: UnitOfWork, hit: Hit) -> dict[str, Any]:
    url = f"/{work.registry.entity(hit.entity).slug}/{hit.id}"
    return {"entity": hit.entity, "id": hit.id, "title": hit.title, "archived": hit.is_archived, "url": url}


ROUTES = (("GET", "/search", Endpoint(find, door="api")),)
