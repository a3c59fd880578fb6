"""Loading and removing the sample company in a server that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from crmframe.core.access.actor import Actor
from crmframe.core.access.loading import actor_of_user
from crmframe.core.contributions import LongJob
from crmframe.core.demo.company import CUSTOMERS
from crmframe.core.demo.sample import CAUSE, OpenPart, load_sample, refuse_records, remove_sample
from crmframe.core.demo.steps import OpenWork
from crmframe.core.jobs.running import JobApplication, JobRun
from crmframe.core.work import UnitOfWork

LOAD, REMOVE = "core.load_sample", "core.remove_sample"


def load(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Play the sample company's history into a database without records; its users cannot sign in."""
    application = run.application
    with application.work(run.actor, door="job", write=False) as work:
        refuse_records(work)
        hooks, now = work.hooks, work.now
    load_sample(past_of(application), hooks, now, hasher=None, customers=payload.get("customers", CUSTOMERS))
    return {}


def remove(run: JobRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Remove what is left of the sample; returns the operation, and what went and stayed by entity."""
    _ = payload
    removal = remove_sample(parts_of(run.application, run.actor, "job"))
    return {"operation": removal.operation_id, "removed": removal.removed, "kept": removal.kept}


def past_of(application: JobApplication) -> OpenWork:
    """Return how the steps of the past get their units of work: marked as sample, at their moments."""

    @contextmanager
    def open_past(user_id: int | None, at: datetime) -> Iterator[UnitOfWork]:
        with application.database.read() as connection:
            actor = None if user_id is None else actor_of_user(connection, user_id)
        with application.work(actor, door="job", cause=CAUSE) as work:
            work.now = work.journal.now = at
            yield work

    return open_past


def parts_of(application: Any, actor: Actor | None, door: str) -> OpenPart:
    """Return how the parts of a removal, one long operation, get their units of work."""
    return lambda operation_id: application.work(actor, door=door, operation=operation_id, cause=REMOVE)


JOBS = (LongJob(LOAD, load, max_attempts=1), LongJob(REMOVE, remove))
