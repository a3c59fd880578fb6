"""A user leaves: what the user holds, who gets it, and handing it over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmframe.core import records
from crmframe.core.entities.numerals import plain_number
from crmframe.core.errors import PermissionDenied
from crmframe.core.everyday import bulk, handover
from crmframe.core.everyday.handover import USER, VERB, Handover
from crmframe.core.jobs.queue import enqueue
from crmframe.web.pages import lookup
from crmframe.web.pages.doing import change
from crmframe.web.pages.inputs import reference_options
from crmframe.web.pages.view import View, view_of
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

TARGETS = 3


def show_holdings(call: Call, work: UnitOfWork) -> Reply:
    """Show what a user holds, and ask who gets it."""
    view = _admitted(call, work)
    return Reply(_page(view, call.path["id"]), "handover.html")


def hand_over(call: Call, work: UnitOfWork) -> Reply:
    """Hand everything over: at once, or as a job when it is much."""
    view, user_id = _admitted(call, work), call.path["id"]
    records.get(work, USER, user_id)
    given = [plain_number(text) for text in call.form_lists.get("to", [])]
    targets = [each for each in dict.fromkeys(given) if each is not None and each != user_id]
    if not targets:
        problem = view.say("Choose who gets it.")
        return Reply(_page(view, user_id, problem), "handover.html", 422)
    wish = Handover(
        user_id, targets, call.form.get("memberships") == "true", call.form.get("deactivate") == "true"
    )
    steps = handover.steps_of(work, wish)
    here = f"/admin/users/{user_id}/handover"
    if sum(len(ids) for _, ids in steps) > bulk.AT_ONCE:
        with call.site.application.work(work.actor, door="web") as queueing:
            number = enqueue(queueing, bulk.JOB, bulk.payload_of(steps, verb=VERB))
        return Reply(location=f"/users/several/{number}")
    return change(call, work, lambda w: handover.hand_over(w, steps), here)


def _admitted(call: Call, work: UnitOfWork) -> View:
    """Return the view of somebody who decides about users as a whole."""
    for permission in (f"{USER}.update", f"{USER}.read"):
        if "all" not in work.actor.scopes_of(permission):
            raise PermissionDenied(permission=permission)
    return view_of(call, work)


def _page(view: View, user_id: int, problem: str = "") -> dict[str, Any]:
    work, formats = view.work, view.formats
    user = records.get(work, USER, user_id)
    offered = lookup.offers_of(work, [USER]).get(USER, {})
    offered.pop(user_id, None)
    found = [
        (
            view.plural(entity),
            f"{formats.number(number)}{'+' if capped else ''}",
            f"/{entity.slug}?{entity.holder}={user_id}",
        )
        for entity, number, capped in handover.holdings(work, user_id)
    ]
    return {
        "view": view,
        "user": user,
        "problem": problem,
        "holdings": found,
        "options": reference_options(offered, None),
        "places": range(TARGETS),
        "search": "/users/options?field=id" if len(offered) >= lookup.OFFERED else "",
    }
