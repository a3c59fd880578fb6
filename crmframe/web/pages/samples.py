"""The sample company for administrators: load it into an empty database, remove it with one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmframe.core.demo.jobs import LOAD, REMOVE
from crmframe.core.demo.sample import HoldsRecords, counts_of, refuse_records
from crmframe.core.jobs import queue
from crmframe.core.jobs.tables import job
from crmframe.web.errors import NoSuchPage
from crmframe.web.pages.admitting import require_admin
from crmframe.web.respond import Call, Reply

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

PAGE = "/admin/sample"


def show_sample(call: Call, work: UnitOfWork) -> Reply:
    """Show what of the sample is there, and whether it could be loaded."""
    view = require_admin(call, work)
    try:
        refuse_records(work)
        refusal = ""
    except HoldsRecords as error:
        refusal = view.message(error)
    counts = [(view.many(entity), number) for entity, number in counts_of(work) if entity.in_menu]
    busy = sa.select(job.c.name).where(job.c.name.in_((LOAD, REMOVE)), job.c.state.in_(("queued", "running")))
    last = (
        sa.select(job.c.result).where(job.c.name == REMOVE, job.c.state == "done").order_by(job.c.id.desc())
    )
    data = {
        "view": view,
        "counts": counts,
        "refusal": refusal,
        "busy": work.scalar(busy.limit(1)),
        "removed": work.scalar(last.limit(1)) if not counts else None,
    }
    headers = {"refresh": "3"} if data["busy"] else {}
    return Reply(data, "sample.html", headers=headers)


def change_sample(call: Call, work: UnitOfWork) -> Reply:
    """Queue loading or removing.

    Raises:
        HoldsRecords: There is nothing to load into.
    """
    require_admin(call, work)
    verb = call.path["verb"]
    if verb == "load":
        refuse_records(work)
        queue.enqueue(work, LOAD, unique_key=LOAD)
    elif verb == "remove":
        queue.enqueue(work, REMOVE, unique_key=REMOVE)
    else:
        raise NoSuchPage(path=call.url)
    return Reply(location=PAGE)
