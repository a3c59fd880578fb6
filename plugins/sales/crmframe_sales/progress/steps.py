"""Next steps: what an open deal must have, where the workspace wants it so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crmframe.api import Change, InvalidInput, Problem, UnitOfWork

REQUIRED = "sales.require_next_step"
# Doors behind which somebody sits who could answer; nobody is asked during an import or a job.
ASKED = frozenset({"web", "api", "cli"})
# What changes hands or comes with a past is not being worked on in this moment.
SPARED = frozenset({"hand_over", "place"})


def require_next_step(change: Change) -> None:
    """Refuse to save an open deal that has neither a next step with its day nor an open task.

    Raises:
        InvalidInput: Names the fields that are missing.
    """
    work = change.work
    acting = work.acting.verb if work.acting is not None else ""
    if change.entity.name != "sales.deal" or acting in SPARED:
        return
    ids = change.ids or [0] * len(change.after)
    for record_id, after in zip(ids, change.after, strict=True):
        problems = missing_step(work, {"id": record_id, **change.before.get(record_id, {}), **after})
        if problems:
            raise InvalidInput(problems)


def missing_step(work: UnitOfWork, deal: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each part of the next step that an open deal lacks; none where the workspace asks for none."""
    if deal.get("closed_at") is not None or work.door not in ASKED or not work.setting(REQUIRED):
        return []
    lacking = [name for name in ("next_step", "next_step_on") if not deal.get(name)]
    if not lacking or _has_open_task(work, deal["id"]):
        return []
    fields = work.registry.entity("sales.deal").fields
    template = "An open deal needs a next step: fill in {field}, or make a task for the deal first."
    return [
        Problem(name, "next_step_missing", template, {"field": fields[name].label}, domain="sales")
        for name in lacking
    ]


def _has_open_task(work: UnitOfWork, deal_id: int) -> bool:
    task = work.registry.entity("core.task").table
    held = sa.select(task.c.id).where(task.c.about == f"sales.deal:{deal_id}", task.c.done_at.is_(None))
    return work.scalar(held.limit(1)) is not None
