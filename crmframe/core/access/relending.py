"""Who may share a record: whoever reaches it by roles of their own, and not only because it was lent to them.

A share that ends and an absence that ends would otherwise last for good: whoever was let in would let in themselves,
or a friend, once more.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.policy import policy
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.maintained import Checked
from crmframe.core.errors import Problem
from crmframe.core.storage.dialect import in_set
from crmframe.core.work import UnitOfWork

WITHOUT_ANYBODY = "Choose a person or a team to share with."
LENT = "{record} was shared with you, or you stand in for its owner. Ask the owner to share it."


def _share_problems(
    work: UnitOfWork,
    given: Sequence[Mapping[str, Any]],
    complete: Sequence[Mapping[str, Any]],
    ids: Sequence[Any],
) -> list[Problem]:
    nobody = [
        Problem("user_id", "nobody", WITHOUT_ANYBODY, {}, row)
        for row, values in enumerate(complete)
        if values.get("user_id") is None and values.get("team_id") is None
    ]
    if work.actor.unlimited or not (work.actor.lent or work.actor.stands_in):
        return nobody
    lent = _only_lent(work, {str(values["about"]) for values in complete if values.get("about")})
    return nobody + [
        Problem("about", "only_lent", LENT, {"record": values["about"]}, row)
        for row, values in enumerate(complete)
        if values.get("about") in lent
    ]


def _only_lent(work: UnitOfWork, abouts: set[str]) -> set[str]:
    """Return which of these records the actor could not change without shares and absences of others."""
    bare = copy.copy(work)
    bare.actor = replace(work.actor, lent={}, stands_in=())
    wanted: dict[str, list[int]] = defaultdict(list)
    for about in abouts:
        name, _, number = about.partition(":")
        wanted[name].append(int(number))
    reached = {f"{name}:{number}" for name, ids in wanted.items() for number in _reached(bare, name, ids)}
    return abouts - reached


def _reached(work: UnitOfWork, name: str, ids: Sequence[int]) -> Sequence[int]:
    entity: Entity = work.registry.entity(name)
    term = policy(work, entity, "update")
    statement = sa.select(entity.table.c.id).where(in_set(entity.table.c.id, "ids"), term.build(entity.table))
    return work.connection.scalars(statement, {"ids": sorted(ids), **term.values}).all()


CHECKED = (Checked("core.share", _share_problems),)
