"""Handing deals to another owner, with what they have to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crmframe.api import UnitOfWork, records
from crmframe_sales import say
from crmframe_sales.inputs import HandOver, refused

DEAL = "sales.deal"


def hand_over(work: UnitOfWork, deal: Mapping[str, Any], given: HandOver) -> None:
    """Give a deal to another owner, with its open tasks and a note about why; all of it is one operation.

    Raises:
        InvalidInput: The new owner has it already, or cannot sign in any more.
    """
    if given.owner_id == deal["owner_id"]:
        raise refused("owner_id", "same_owner", "This person has the deal already. Choose another one.")
    _require_active(work, given.owner_id)
    before = deal["owner_id"]
    records.write(
        work, DEAL, deal["id"], {"owner_id": given.owner_id, "team_id": _team_of(work, given.owner_id)}
    )
    about = f"{DEAL}:{deal['id']}"
    if before is not None:
        _pass_tasks(work, about, before, given.owner_id)
    _leave_word(work, about, given)


def _require_active(work: UnitOfWork, user_id: int) -> None:
    user = records.visible(work, "core.user")
    if not work.scalar(sa.select(user.c.is_active).where(user.c.id == user_id)):
        raise refused("owner_id", "not_active", "This person cannot sign in. Choose somebody who can.")


def _team_of(work: UnitOfWork, user_id: int) -> int | None:
    """Return the first team that somebody joined, where their new records belong."""
    member = work.registry.entity("core.membership").table
    mine = sa.select(member.c.team_id).where(member.c.user_id == user_id).order_by(member.c.id).limit(1)
    found = work.scalar(mine)
    return None if found is None else int(found)


def _pass_tasks(work: UnitOfWork, about: str, before: int, after: int) -> None:
    """Let what the old owner was to do about the deal be done by the new one."""
    task = records.visible(work, "core.task")
    mine = sa.select(task.c.id).where(
        task.c.about == about, task.c.assignee_id == before, task.c.done_at.is_(None)
    )
    open_ones = [row.id for row in work.rows(mine.order_by(task.c.id))]
    if open_ones:
        records.update_many(work, "core.task", {i: {"assignee_id": after} for i in open_ones})


def _leave_word(work: UnitOfWork, about: str, given: HandOver) -> None:
    name = records.titles(work, "core.user", [given.owner_id]).get(given.owner_id, f"#{given.owner_id}")
    text = say(work.settings.locale, "Handed over to {name}.", name=name)
    if given.note:
        text = f"{text}\n{given.note}"
    records.create(work, "core.activity", {"kind": "note", "about": about, "text": text})
