"""The schedule: which slots of the jobs with a cron line have come, by the workspace's clock on the wall."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cronsim import CronSim, CronSimError
from sqlalchemy.exc import IntegrityError

from crmframe.core.jobs.queue import add
from crmframe.core.jobs.tables import schedule
from crmframe.core.storage.types import instant_text

if TYPE_CHECKING:
    from crmframe.core.jobs.running import AnyJob, JobApplication
    from crmframe.core.work import UnitOfWork

log = logging.getLogger(__name__)


def last_slot(cron: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return the newest slot up to and including *now*, None when there is none.

    Where the clocks go forward, a slot in the hour that is left out comes right after it; where they go back, a
    fixed hour comes once, and "every half hour" goes on every half hour.

    Raises:
        CronSimError: *cron* is no cron line.
    """
    # Added before the change of zone: local arithmetic forgets which of two equal hours it is in.
    slots = CronSim(cron, (now + timedelta(microseconds=1)).astimezone(zone), reverse=True)
    slot = next(slots, None)
    return slot.astimezone(UTC) if slot else None


def queue_due_slots(application: JobApplication, actor: Any) -> int:
    """Queue the scheduled jobs whose slot has come; return how many.

    Slots that were missed while nothing ran are made up for by one run. While a run is queued or running, the
    next waits: runs of one schedule do not overlap.
    """
    scheduled = [each for each in application.jobs.values() if each.cron]
    if not scheduled:
        return 0
    with application.work(actor, door="job", write=False) as work:
        due = _due(work, scheduled)
    if not due:
        return 0
    with application.work(actor, door="job", write=True) as work:
        return sum(_queue(work, name, slot) for name, slot in _due(work, scheduled).items())


def _due(work: UnitOfWork, scheduled: Iterable[AnyJob]) -> dict[str, datetime]:
    taken = {row.name: row.slot for row in work.connection.execute(sa.select(schedule))}
    due = {}
    for each in scheduled:
        slot = _slot_of(each, work)
        if slot is not None and (each.name not in taken or slot > taken[each.name]):
            due[each.name] = slot
    return due


def _slot_of(each: AnyJob, work: UnitOfWork) -> datetime | None:
    try:
        return last_slot(each.cron, work.settings.zone, work.now)
    except CronSimError:
        log.warning("Job %s has no valid schedule: %r", each.name, each.cron)
        return None


def _queue(work: UnitOfWork, name: str, slot: datetime) -> bool:
    if not work.connection.scalar(sa.select(schedule.c.name).where(schedule.c.name == name)):
        _first_seen(work, name, slot)
        return False
    row = {
        "name": name,
        "payload": {},
        "run_at": slot,
        "created_at": work.now,
        "unique_key": f"schedule:{name}",
        "schedule": f"{name}@{instant_text(slot)}",
    }
    moved = sa.update(schedule).where(schedule.c.name == name, schedule.c.slot < slot).values(slot=slot)
    with work.connection.begin_nested() as savepoint:
        is_new = work.connection.execute(moved).rowcount == 1 and add(work.connection, row)[1]
        if not is_new:
            savepoint.rollback()
    return is_new


def _first_seen(work: UnitOfWork, name: str, slot: datetime) -> None:
    # A plugin enabled at noon does not make up for this morning.
    try:
        with work.connection.begin_nested():
            work.connection.execute(sa.insert(schedule).values(name=name, slot=slot))
    except IntegrityError:
        pass  # another process was faster
