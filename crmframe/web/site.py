"""One application with its routes: what the host serves until the next generation takes over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from crmframe.core.errors import CrmError
from crmframe.core.everyday.recent import Recent

if TYPE_CHECKING:
    from crmframe.application import Application
    from crmframe.core.access.loading import ActorCache
    from crmframe.core.access.passwords import Hasher
    from crmframe.core.work import UnitOfWork
    from crmframe.web.respond import Call
    from crmframe.web.router import Router


class Renderer(Protocol):
    """Turns data into HTML pages."""

    def page(self, call: Call, work: UnitOfWork | None, template: str, data: Mapping[str, Any]) -> str:
        """Return a page; ``work`` is None once its transaction has ended."""
        ...

    def error(self, call: Call | None, locale: str, problem: Mapping[str, Any]) -> str:
        """Return the page of a problem, among the navigation when *call* is that of somebody signed in."""
        ...


@dataclass(slots=True)
class Site:
    """What one request needs and the next generation replaces.

    Attributes:
        actors: Who was asking lately, until anything about access changes.
        secret: Signs the tokens of forms.
        locale: The workspace's language.
        in_use: Requests under way; the last one of a retired site closes its application.
        stop: Stops the worker threads that belong to the application.
        excluded: Plugins whose routes were left out, with the reason.
        recent: What people looked at last, until it is written down.
    """

    application: Application
    router: Router
    renderer: Renderer
    actors: ActorCache
    hasher: Hasher
    secret: str
    locale: str = "en"
    generation: int = 0
    in_use: int = 0
    retired: bool = False
    stop: Callable[[], None] = lambda: None
    excluded: dict[str, str] = field(default_factory=dict)
    recent: Recent = field(default_factory=Recent)

    def close(self) -> None:
        """Stop what belongs to the application and close it."""
        self.stop()
        with suppress(CrmError), self.application.database.write() as connection:
            self.recent.flush(connection)
        self.application.close()
