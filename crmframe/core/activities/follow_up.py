"""Logging a follow-up: what happened, what comes next, and whatever else follows, in one operation that one undo takes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from crmframe.core import records
from crmframe.core.contributions import Action
from crmframe.core.work import UnitOfWork

LOG = "log"
LONGEST_TITLE = 200


class FollowUp(BaseModel):
    """Ask what happened and what comes next.

    Attributes:
        kind: Of the activity: call, meeting, message, note, visit, or what plugins add.
        at: When it happened; now when it is left out.
        next_at: Until when something is to be done next: makes a task.
        next_what: What is to be done; the beginning of the text when it is left out.
        values: Fields of the record to fill in the same go.
        then: Actions to run on the record in the same go, each with its input: ``{"move": {"stage_id": 4}}``.
    """

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(default="note", title="Kind")
    text: str = Field(title="What happened", min_length=1)
    at: datetime | None = Field(default=None, title="When")
    next_at: datetime | None = Field(default=None, title="Next step until")
    next_what: str | None = Field(default=None, title="Next step", max_length=LONGEST_TITLE)
    values: dict[str, Any] = Field(default_factory=dict, title="Fields to fill")
    then: dict[str, dict[str, Any]] = Field(default_factory=dict, title="Actions to run")

    @field_validator("values", "then", mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        """Take JSON as text, which is all that the command line can give."""
        try:
            return json.loads(given) if isinstance(given, str) else given
        except RecursionError:
            raise ValueError("nested too deep") from None


def log(work: UnitOfWork, record: Mapping[str, Any], given: FollowUp) -> dict[str, int | None]:
    """Write an activity about the record, with the task and the actions that follow; returns what was made.

    Everything is written with the rights of whoever logs, as if it were done one by one.

    Raises:
        InvalidInput: Every problem of the first part that has one; nothing is written then.
        PermissionDenied, Vetoed: As the parts.
    """
    assert work.acting is not None
    entity = work.acting.entity
    about = f"{entity}:{record['id']}"
    with work.acting_as(None):
        if given.values:
            records.update(work, entity, record["id"], given.values)
        values: dict[str, Any] = {"about": about, "kind": given.kind, "text": given.text}
        if given.at is not None:
            values["at"] = given.at
        activity = records.create(work, "core.activity", values)["id"]
        task = _next_step(work, about, given)
        for verb, data in given.then.items():
            records.run(work, entity, record["id"], verb, data)
    return {"activity_id": activity, "task_id": task}


def _next_step(work: UnitOfWork, about: str, given: FollowUp) -> int | None:
    if given.next_at is None and not given.next_what:
        return None
    title = given.next_what or " ".join(given.text.split())[:LONGEST_TITLE]
    task: int = records.create(work, "core.task", {"title": title, "about": about, "due_at": given.next_at})[
        "id"
    ]
    return task


def log_action(entity: str) -> Action:
    """Return the action that logs a follow-up about records of *entity*: whoever reads one may try."""
    return Action(entity, LOG, log, "Log it", input=FollowUp, tone="blue", button=False)
