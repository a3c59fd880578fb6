"""Who is told of what: mentions, comments, tasks, and reminders, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.core.activities.agenda import COLUMNS, occurrences
from crmframe.core.contributions import Event, Job, NotificationKind, Subscription
from crmframe.core.notifications import news
from crmframe.core.notifications.notify import notify
from crmframe.core.storage.dialect import in_set
from crmframe.core.storage.metadata import METADATA
from crmframe.core.storage.types import Id, Instant
from crmframe.core.work import UnitOfWork

# What nobody was told of for so long, because nothing ran, is no longer worth telling.
STALE_AFTER = timedelta(days=1)
MOST = 500
FARTHEST = timedelta(minutes=40320)
KEPT = timedelta(days=90)

MENTIONED, COMMENTED, ASSIGNED = "core.mentioned", "core.commented", "core.task_assigned"
REMINDED, DUE, SOON = "core.task_reminder", "core.task_due", "core.appointment_soon"
KINDS = (
    NotificationKind(
        MENTIONED, "Somebody mentions you", "{who} mentioned you: {record}", "violet", mail="now"
    ),
    NotificationKind(COMMENTED, "Comments on what you logged", "{who} commented: {text}", "blue"),
    NotificationKind(ASSIGNED, "Tasks given to you", "{who} gave you a task: {record}", "blue"),
    NotificationKind(REMINDED, "Reminders of tasks", "Reminder: {record}", "amber", mail="off"),
    NotificationKind(DUE, "Tasks that are due", "Due now: {record}", "red", mail="off"),
    NotificationKind(SOON, "Appointments that begin soon", "Soon: {record}", "amber", mail="off"),
)

# One row for each thing that was told: a reminder that is moved is another one. No entity: nobody edits it.
told = sa.Table(
    "core_told",
    METADATA,
    sa.Column("kind", sa.String(60), primary_key=True),
    sa.Column("record_id", Id(), primary_key=True),
    sa.Column("due_at", Instant(), primary_key=True),
    sa.Column("at", Instant(), nullable=False),
    sa.Index("ix_core_told_at", "at"),
    info={"plugin": "core"},
)


# --- what happens -------------------------------------------------------------------------------------


def tell_mentions(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell users that their names stand in an activity."""
    for event in events:
        for row in _rows(work, "core.mention", event.ids):
            users = {row.user_id} - {event.actor_id}
            notify(work, MENTIONED, users, f"core.activity:{row.activity_id}", who=news.who(work, event))


def tell_comments(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell whoever logged an activity that somebody commented on it."""
    for event in events:
        for row in _rows(work, "core.comment", event.ids):
            authors = {each.by_id for each in _rows(work, "core.activity", [row.activity_id])}
            values = {"who": news.who(work, event), "text": row.text[:200]}
            users = {user for user in authors if user is not None} - {event.actor_id}
            notify(work, COMMENTED, users, f"core.activity:{row.activity_id}", **values)


def tell_tasks(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell users that a task was given to them."""
    for event in events:
        if event.name.endswith(".updated") and "assignee_id" not in event.fields:
            continue
        for row in _rows(work, "core.task", event.ids):
            if row.done_at is None and row.assignee_id not in (None, event.actor_id):
                notify(work, ASSIGNED, [row.assignee_id], f"core.task:{row.id}", who=news.who(work, event))


def tell_followers_of_what_was_written(work: UnitOfWork, events: Sequence[Event]) -> None:
    """Tell those who follow a record of what was logged about it, and of comments on that."""
    table = work.registry.entity("core.activity").table
    for event in events:
        numbers: Sequence[int] = event.ids
        if event.entity == "core.comment":
            numbers = sorted({row.activity_id for row in _rows(work, "core.comment", event.ids)})
        wanted = sa.select(table.c.about).where(in_set(table.c.id, "ids")).distinct().order_by(table.c.about)
        for row in work.rows(wanted, {"ids": list(numbers)}):
            news.tell_followers(work, event, news.FOLLOWED, row.about)


def _rows(work: UnitOfWork, entity: str, ids: Sequence[int]) -> list[Any]:
    table = work.registry.entity(entity).table
    return work.rows(sa.select(table).where(in_set(table.c.id, "ids")), {"ids": list(ids)})


SUBSCRIPTIONS = (
    Subscription("core.tell_mentions", ("core.mention.created",), tell_mentions),
    Subscription("core.tell_comments", ("core.comment.created",), tell_comments),
    Subscription("core.tell_tasks", ("core.task.created", "core.task.updated"), tell_tasks),
    # The last one: whoever was told for another reason hears nothing more of the same deed.
    Subscription(
        "core.tell_followers",
        ("core.activity.created", "core.comment.created"),
        tell_followers_of_what_was_written,
    ),
)


# --- what comes due -----------------------------------------------------------------------------------


def remind(work: UnitOfWork, payload: Mapping[str, Any]) -> None:
    """Tell of tasks that are due or to be remembered, and of appointments that begin soon, each once."""
    task = work.registry.entity("core.task").table
    for kind, column in ((REMINDED, task.c.remind_at), (DUE, task.c.due_at)):
        rows = work.rows(_due(kind, task, column).where(task.c.done_at.is_(None)), _stretch(work))
        for row in rows:
            _tell(work, kind, "core.task", row.id, row.due, [row.assignee_id])
    table = work.registry.entity("core.appointment").table
    single = _due(SOON, table, table.c.remind_at).where(table.c.state == "planned")
    for row in work.rows(single, _stretch(work)):
        _tell(work, SOON, "core.appointment", row.id, row.due, _people(work, row.id, row.organizer_id))
    _remind_of_repeating(work, table)
    work.connection.execute(sa.delete(told).where(told.c.at < work.now - KEPT))


def _stretch(work: UnitOfWork) -> dict[str, Any]:
    return {"since": work.now - STALE_AFTER, "present": work.now}


def _due(kind: str, table: Any, column: Any) -> sa.Select[Any]:
    """Return what came due and was not told yet: a walk over the newest stretch of an index."""
    since, present = (sa.bindparam(name, type_=Instant()) for name in ("since", "present"))
    known = sa.exists().where(told.c.kind == kind, told.c.record_id == table.c.id, told.c.due_at == column)
    wanted = sa.select(table, column.label("due")).where(column > since, column <= present, ~known)
    return wanted.order_by(column, table.c.id).limit(MOST)


def _tell(
    work: UnitOfWork, kind: str, entity: str, record_id: int, due: datetime, users: Iterable[int | None]
) -> None:
    row = {"kind": kind, "record_id": record_id, "due_at": due, "at": work.now}
    work.connection.execute(sa.insert(told), row)
    notify(work, kind, [user for user in users if user is not None], f"{entity}:{record_id}")


def _people(work: UnitOfWork, appointment_id: int, organizer_id: int | None) -> list[int | None]:
    table = work.registry.entity("core.attendee").table
    comes = sa.and_(table.c.appointment_id == appointment_id, table.c.answer != "declined")
    return [organizer_id, *(row.user_id for row in work.rows(sa.select(table.c.user_id).where(comes)))]


def _remind_of_repeating(work: UnitOfWork, table: Any) -> None:
    """Tell of the next times of what repeats: there are few such appointments, and an index holds nothing else."""
    goes_on = sa.or_(table.c.last_at.is_(None), table.c.last_at >= work.now)
    wanted = sa.and_(table.c.recurrence.is_not(None), table.c.start_at <= work.now + FARTHEST, goes_on)
    columns = sa.select(*(table.c[name] for name in COLUMNS))
    rows = work.rows(columns.where(wanted, table.c.remind_minutes.is_not(None), table.c.state == "planned"))
    series = [row._asdict() for row in rows]
    for each in occurrences(work, series, work.now, work.now + FARTHEST) if series else ():
        early = timedelta(minutes=each.appointment["remind_minutes"])
        number = each.appointment["id"]
        if each.state == "planned" and each.start - early <= work.now < each.start:
            _tell_once(work, number, each.start, each.appointment["organizer_id"])


def _tell_once(work: UnitOfWork, appointment_id: int, start: datetime, organizer_id: int | None) -> None:
    known = sa.select(told.c.at).where(
        told.c.kind == SOON, told.c.record_id == appointment_id, told.c.due_at == start
    )
    if work.scalar(known) is None:
        people = _people(work, appointment_id, organizer_id)
        _tell(work, SOON, "core.appointment", appointment_id, start, people)


JOBS = (Job("core.remind", remind, cron="* * * * *"),)
