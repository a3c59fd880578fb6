"""Looking for records of any kind: the page of what was found, and what the box offers while one types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crmframe.core.entities.entity import Entity
from crmframe.core.search.searching import Found, Hit, search, searchable
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

PAGE = "/search"
# Of each kind: beside the box, on the page, and when only one kind is asked for.
OFFERED, SHOWN, SHOWN_ALONE = 5, 20, 100


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one kind; ``is_full`` says that there may be more."""

    entity: Entity
    label: str
    hits: list[Hit]
    is_full: bool


def show_results(call: Call, work: UnitOfWork) -> Reply:
    """Show what fits the text in the address."""
    view, slug, text = view_of(call, work), call.parameter("entity"), call.parameter("q")
    entity = work.registry.by_slug.get(slug)
    if slug and (entity is None or not work.schema.searched_fields(entity)):
        raise NoSuchPage(path=call.url)
    limit = SHOWN_ALONE if entity else SHOWN
    found = search(work, text, [entity.name] if entity else (), limit=limit)
    data = {
        "view": view,
        "text": text,
        "groups": groups_of(view, found, limit),
        "only": entity,
        "is_indexing": found.is_indexing,
        "labels": [view.plural(each) for each in searchable(work)],
    }
    return Reply(data, "search.html")


def show_suggestions(call: Call, work: UnitOfWork) -> Reply:
    """Answer with the best of what fits what has been typed so far."""
    view, text = view_of(call, work), call.parameter("q")
    found = search(work, text, limit=OFFERED)
    data = {"view": view, "text": text, "groups": groups_of(view, found, OFFERED)}
    return Reply(data, "_found.html")


def groups_of(view: View, found: Found, limit: int) -> list[Group]:
    """Return the hits by kind: the kinds with something that is called so first, then those with the most."""
    entity = view.work.registry.entity
    return [
        Group(entity(name), view.plural(entity(name)), list(hits), len(hits) == limit)
        for name, hits in found.hits.items()
    ]
