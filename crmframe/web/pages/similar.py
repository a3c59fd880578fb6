"""Who may be there already: said on the form of a new record when a field is left, and before it is saved."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmframe.core.access.throttle import slow_down
from crmframe.core.contributions import DuplicateKeys
from crmframe.core.duplicates import finding
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import PermissionDenied, TooManyAttempts
from crmframe.web.pages import form
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply
from crmframe.web.router import entity_at

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

ANYWAY, STATUS = "anyway", 409
BECAUSE = {"phone": "Same phone", "email": "Same e-mail", "company": "Same name"}
log = logging.getLogger(__name__)


def show_similar(call: Call, work: UnitOfWork) -> Reply:
    """Return, as a part of the form, who may be there already with what was typed so far."""
    view, entity = view_of(call, work), entity_at(call, work)
    if not work.actor.may(f"{entity.name}.create"):
        raise PermissionDenied(permission=f"{entity.name}.create")
    known = work.schema.fields(entity)
    asked = [known[name] for name in keys_of(work, entity) if name in known]
    return Reply({"similar": similar_to(view, entity, form.posted(call, view, asked))}, "_similar.html")


def keys_of(work: UnitOfWork, entity: Entity) -> Sequence[str]:
    """Return the fields by which records of the entity are recognized; none for most entities."""
    declared = (each for _, items in work.hooks.collect("duplicate_keys") for each in items)
    found: DuplicateKeys | None = next((each for each in declared if each.entity == entity.name), None)
    return () if found is None else [*found.phones, *found.emails, *filter(None, [found.company])]


def let_ask(view: View, entity: Entity, controls: Iterable[dict[str, Any]]) -> None:
    """Let the controls of a form by which records are recognized ask as soon as they are left."""
    recognized = keys_of(view.work, entity)
    for each in controls:
        if each["name"] in recognized:
            each["asks"] = f"/{entity.slug}/similar"


def to_ask_about(view: View, entity: Entity, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return who may be there already, unless the form has told that and is sent all the same."""
    return [] if view.call.form.get(ANYWAY) else similar_to(view, entity, values)


def similar_to(view: View, entity: Entity, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return who may be there already, as the form says it: of what the reader may not see, only that it exists."""
    asked = {name: text for name in keys_of(view.work, entity) if (text := values.get(name))}
    found = finding.find_of_record(view.work, entity.name, asked) if asked else []
    if any(match.record_id is None for match in found) and not _may_ask(view, entity):
        found = [match for match in found if match.record_id is not None]
    return [_row(view, match) for match in found]


def _may_ask(view: View, entity: Entity) -> bool:
    """Count and log that somebody learns of records out of sight; False for who asks too often."""
    actor, call = view.work.actor, view.call
    try:
        with call.site.application.work(actor, door="web") as counting:
            slow_down(counting, f"duplicates {actor.id}", call.address)
    except TooManyAttempts:
        log.warning("User %s asks for hidden duplicates of %s too often.", actor.id, entity.name)
        return False
    log.info("User %s learned that hidden duplicates of %s exist.", actor.id, entity.name)
    return True


def _row(view: View, match: finding.Match) -> dict[str, str]:
    entity = view.work.schema.entity(match.entity)
    title, url = match.title, f"/{entity.slug}/{match.record_id}"
    if match.record_id is None:
        url, title = "", view.say("Exists; you may not see it")
        if match.holder:
            title = view.say("Exists, held by {user}", user=match.holder)
        elif view.work.setting(finding.SHOW_HOLDER) and entity.is_owned:
            title = view.say("Exists, held by nobody")
    return {"url": url, "title": title, "kind": view.one(entity), "because": view.say(BECAUSE[match.by])}
