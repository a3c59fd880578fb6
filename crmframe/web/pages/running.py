"""Jobs and events for administrators: what waits, what failed, and trying it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.jobs import queue
from crmframe.core.jobs.tables import job
from crmframe.core.journal import retries
from crmframe.core.journal.subscriptions import standings
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages.admitting import CHANGE_JOBS, SEE_JOBS, require
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from crmframe.web.pages.view import View

SHOWN = 100
STATES = {
    "queued": ("waiting", "blue"),
    "running": ("running", "teal"),
    "done": ("done", "green"),
    "dead": ("given up", "red"),
    "cancelled": ("cancelled", "grey"),
}


def show_jobs(call: Call, work: UnitOfWork) -> Reply:
    """Show jobs by state, subscriptions with their lag, and what was given up."""
    view = require(call, work, SEE_JOBS)
    state = call.parameter("state")
    statement = sa.select(job).order_by(job.c.id.desc()).limit(SHOWN)
    rows = work.rows(statement.where(job.c.state == state) if state else statement)
    counts = dict(work.rows(sa.select(job.c.state, sa.func.count()).group_by(job.c.state)))
    data = {
        "view": view,
        "state": state,
        "may_change": view.may(CHANGE_JOBS),
        "states": [(n, view.say(label), tone, counts.get(n, 0)) for n, (label, tone) in STATES.items()],
        "jobs": [_job(view, row) for row in rows],
        "standings": standings(work.connection),
        "letters": [_letter(view, each) for each in retries.dead_letters(work)],
    }
    return Reply(data, "jobs.html")


def _job(view: View, row: Any) -> dict[str, Any]:
    label, tone = STATES[row.state]
    return {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "label": view.say(label),
        "tone": tone,
        "attempts": f"{row.attempts} / {row.max_attempts}",
        "at": view.formats.instant(row.run_at),
        "error": row.error,
        "last": row.error.strip().splitlines()[-1] if row.error.strip() else "",
    }


def _letter(view: View, each: retries.Retry) -> dict[str, Any]:
    return {
        "id": each.id,
        "subscription": each.subscription,
        "operation_id": each.operation_id,
        "attempts": each.attempts,
        "at": view.formats.instant(each.failed_at),
        "error": each.error,
        "last": each.error.strip().splitlines()[-1] if each.error.strip() else "",
    }


def change_job(call: Call, work: UnitOfWork) -> Reply:
    """Try a job again, or let it be."""
    require(call, work, CHANGE_JOBS)
    verb, job_id = call.path["verb"], call.path["id"]
    change = {"retry": queue.retry, "cancel": queue.cancel}.get(verb)
    if change is None:
        raise NoSuchPage(path=call.url)
    change(work, job_id)
    return Reply(location="/admin/jobs")


def change_letter(call: Call, work: UnitOfWork) -> Reply:
    """Deliver events again, or drop them."""
    require(call, work, CHANGE_JOBS)
    verb, retry_id = call.path["verb"], call.path["id"]
    change = {"retry": retries.retry_dead, "discard": retries.discard}.get(verb)
    if change is None:
        raise NoSuchPage(path=call.url)
    change(work, retry_id)
    return Reply(location="/admin/jobs")
