"""Checks of what runs on its own: work left open, jobs and events given up, subscriptions far behind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crmframe.core.errors import Problem
from crmframe.core.jobs.tables import job
from crmframe.core.journal.event_tables import event_retry
from crmframe.core.journal.subscriptions import standings
from crmframe.core.journal.tables import operation
from crmframe.core.operation.checks import DataCheck, Limits, fault
from crmframe.core.search.rebuilding import unequal

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


def operations_are_finished(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Look for long work that nobody goes on with."""
    old = operation.c.started_at < work.now - limits.open_for
    found = (
        sa.select(operation)
        .where(operation.c.state == "open", old)
        .order_by(operation.c.id)
        .limit(limits.shown)
    )
    for row in work.connection.execute(found):
        template = "Operation {id} ({verb}, {actor}) is open since {since}. Go on with it, or undo it."
        words = {"verb": row.verb, "actor": row.actor_name, "since": f"{row.started_at:%Y-%m-%d %H:%M}"}
        yield fault("operation_open", template, id=row.id, **words)


def jobs_are_alive(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Look for jobs that were given up."""
    dead = sa.select(job.c.name, sa.func.count()).where(job.c.state == "dead").group_by(job.c.name)
    for name, count in work.connection.execute(dead.order_by(job.c.name).limit(limits.shown)):
        template = (
            "{count} jobs {name} were given up. See their errors on the page of jobs and try them again."
        )
        yield fault("dead_job", template, name=name, count=count)


def events_are_delivered(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Look for events that a reaction failed on for good, and for reactions that cannot keep up."""
    key = event_retry.c.subscription
    dead = sa.select(key, sa.func.count()).where(event_retry.c.state == "dead").group_by(key).order_by(key)
    for name, count in work.connection.execute(dead.limit(limits.shown)):
        template = "The reaction {name} failed on {count} batches of events, which were given up."
        yield fault("dead_event", template, name=name, count=count)


def subscriptions_keep_up(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Look for reactions that are far behind; those of plugins that are off may wait."""
    for standing in standings(work.connection):
        if not standing.parked and standing.behind > limits.behind:
            template = "The reaction {name} is {count} commits behind. Is a worker running?"
            yield fault("subscription_behind", template, name=standing.key, count=standing.behind)


def search_is_current(work: UnitOfWork, limits: Limits) -> Iterator[Problem]:
    """Compare what the search knows of each record with what a rebuild would give it."""
    for entity, record_id in islice(unequal(work), limits.shown):
        template = "The search knows other words of {entity} {id} than it has. Run: crmframe search rebuild."
        yield fault("search_index", template, entity=entity, id=record_id)


CHECKS = (
    DataCheck("operation_open", "No operation was left open.", operations_are_finished),
    DataCheck("dead_job", "No job was given up.", jobs_are_alive),
    DataCheck("dead_event", "No event was given up.", events_are_delivered),
    DataCheck("search_index", "The search index equals a rebuild.", search_is_current),
    DataCheck("subscription_behind", "Every reaction to events keeps up.", subscriptions_keep_up),
)
