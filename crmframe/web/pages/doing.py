"""Writing from a page: a transaction of its own, so that a refused change leaves nothing behind and the form can be shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.numerals import plain_number
from crmframe.web.pages.listing import link
from crmframe.web.pages.shell import DONE
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

T = TypeVar("T")


def change(
    call: Call, work: UnitOfWork, write: Callable[[UnitOfWork], T], then: Callable[[T], str] | str
) -> Reply:
    """Let *write* change things, and lead on to the page that *then* names, with the way to undo it."""
    with call.site.application.work(work.actor, door="web") as writing:
        result = write(writing)
    url = then if isinstance(then, str) else then(result)
    return Reply(location=marked(url, writing.operation_id))


def marked(url: str, operation_id: int | None) -> str:
    """Return *url* so that its page tells what was done."""
    if operation_id is None:
        return url
    return f"{url}{'&' if '?' in url else '?'}{DONE}={operation_id}"


def version_in(call: Call) -> int | None:
    """Return the version that the form was made for."""
    return plain_number(call.form.get("version", ""))


def ids_in(call: Call) -> list[int]:
    """Return the records that were selected in a list."""
    given = map(plain_number, call.form_lists.get("id", []))
    return list(dict.fromkeys(i for i in given if i is not None))


def list_url(call: Call, entity: Entity) -> str:
    """Return the list that the form came from."""
    pairs: Any = [pair for pair in call.query if pair[0] != DONE]
    return link(f"/{entity.slug}", pairs)
