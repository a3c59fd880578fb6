"""Tasks: what is to be done, by whom and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from crmframe.core import records
from crmframe.core.base import Base
from crmframe.core.contributions import Action, Choice
from crmframe.core.entities import kinds
from crmframe.core.entities.field import field
from crmframe.core.errors import Conflict
from crmframe.core.work import UnitOfWork

PRIORITIES = (Choice("low", "Low", "grey"), Choice("normal", "Normal", "blue"), Choice("high", "High", "red"))
OPEN = sa.text("done_at IS NULL")


class Task(Base):
    """Something that somebody is to do.

    Attributes:
        about: The record it belongs to, such as ``core.customer:7``; whoever sees that record sees the task.
        due_at: When it is to be done at the latest.
        done_at: When it was done; empty while it is open.
        assignee_id: Who is to do it, and whose it is.
        remind_at: When the assignee is told of it.
    """

    __icon__ = "circle-check"
    __group__ = "customers"
    __access_through__ = ("about",)
    __holder__ = "assignee_id"
    __list__ = ("title", "about", "due_at", "priority", "assignee_id", "done_at")
    __order__ = ("due_at",)
    # Open tasks are a small part of all that were ever there: of a person, of a record.
    __indexes__ = (
        sa.Index(
            "ix_core_tasks_open_mine", "assignee_id", "due_at", "id", sqlite_where=OPEN, postgresql_where=OPEN
        ),
        sa.Index(
            "ix_core_tasks_open_about", "about", "due_at", "id", sqlite_where=OPEN, postgresql_where=OPEN
        ),
    )

    title: Mapped[str] = field(
        kinds.Text(200),
        "What",
        required=True,
        index=True,
        data="personal",
        aliases=("任务", "任务标题", "subject"),
        searchable=True,
    )
    about: Mapped[str | None] = field(
        kinds.AnyReference(on_delete="cascade"), aliases=("客户", "关联记录", "related to")
    )
    due_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Due", index=True, aliases=("截止时间", "到期时间", "due date")
    )
    done_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Done", index=True, aliases=("完成时间", "completed at")
    )
    assignee_id: Mapped[int | None] = field(
        kinds.Reference("core.user", on_delete="restrict"),
        "Assigned to",
        index=True,
        default=lambda work: work.actor.id,
        aliases=("负责人", "执行人", "assignee", "owner"),
    )
    remind_at: Mapped[datetime | None] = field(
        kinds.Instant(), "Reminder", index=True, aliases=("提醒时间", "reminder")
    )
    priority: Mapped[str] = field(
        kinds.Choices(*PRIORITIES), required=True, default="normal", aliases=("优先级",)
    )
    notes: Mapped[str | None] = field(kinds.LongText(), data="personal", aliases=("备注", "description"))


class TaskDone(Conflict):
    """There is nothing left to do."""

    code = "task_done"
    template = "The task {title} is done. Reopen it first."


class TaskOpen(Conflict):
    """There is nothing to reopen."""

    code = "task_open"
    template = "The task {title} is open: there is nothing to reopen."


def complete(work: UnitOfWork, task: Mapping[str, Any], given: None) -> None:
    """Note that a task is done.

    Raises:
        TaskDone: It was before.
    """
    if task["done_at"] is not None:
        raise TaskDone(title=records.name_of(work, "core.task", task))
    records.write(work, "core.task", task["id"], {"done_at": work.now})


def reopen(work: UnitOfWork, task: Mapping[str, Any], given: None) -> None:
    """Note that a task is to be done after all.

    Raises:
        TaskOpen: It is.
    """
    if task["done_at"] is None:
        raise TaskOpen(title=records.name_of(work, "core.task", task))
    records.write(work, "core.task", task["id"], {"done_at": None})


ACTIONS = (
    Action("core.task", "complete", complete, "Done", tone="green", filled={"done_at": False}),
    Action("core.task", "reopen", reopen, "Reopen", tone="amber", filled={"done_at": True}),
)
