"""Handing over everything that somebody holds, whatever plugin it is of: one operation, undone with one click."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crmframe.core import records
from crmframe.core.access.fields import readable_fields, writable_fields
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.filters import Condition, Node
from crmframe.core.entities.kinds import Reference
from crmframe.core.everyday import bulk
from crmframe.core.everyday.bulk import Wish
from crmframe.core.records import Query
from crmframe.core.work import UnitOfWork

USER, MEMBERSHIP, VERB = "core.user", "core.membership", "core.user.hand_over"
# What is about the person alone goes nowhere else.
PERSONAL = frozenset({"personal", "absence"})

Step = tuple[Wish, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Handover:
    """What goes from one user to others.

    Attributes:
        targets: Who gets it; several get each record in turn.
        memberships: Whether the first target joins the teams as well.
        deactivates: Whether the user is switched off at the end.
    """

    user_id: int
    targets: Sequence[int]
    memberships: bool = False
    deactivates: bool = False


def held_entities(work: UnitOfWork) -> Iterator[Entity]:
    """Yield the entities of which a record has a holder that the actor may see and change."""
    for entity in work.registry.public_entities():
        field = entity.fields[entity.holder]
        names_user = isinstance(field.kind, Reference) and field.kind.entity == USER
        if not names_user or field.system or field.written_by or entity.sort in PERSONAL:
            continue
        if entity.bumps_epoch or entity.name == MEMBERSHIP or not work.actor.may(f"{entity.name}.update"):
            continue
        if field.name in readable_fields(work, entity) & writable_fields(work, entity):
            yield entity


def holdings(work: UnitOfWork, user_id: int) -> list[tuple[Entity, int, bool]]:
    """Return how many records of each entity a user holds, and whether there are more; those of none are left out."""
    found = []
    for entity in held_entities(work):
        if work.actor.may(f"{entity.name}.read"):
            count = records.count(work, entity.name, _query(work, entity, user_id), bulk.MOST)
            if count.value:
                found.append((entity, count.value, count.capped))
    return found


def _query(work: UnitOfWork, entity: Entity, user_id: int) -> Query:
    nodes: list[Node] = [Condition(entity.holder, "eq", user_id)]
    if "done_at" in readable_fields(work, entity):
        nodes.append(Condition("done_at", "empty", value=True))  # what is done stays with whoever did it
    return Query(where=filters.all_of(nodes), archived=None)


def steps_of(work: UnitOfWork, handover: Handover) -> list[Step]:
    """Return what is to be done, in this order.

    Raises:
        TooManyRecords: More of one entity than one operation holds.
    """
    steps: list[Step] = []
    targets = handover.targets
    for entity in held_entities(work):
        if not work.actor.may(f"{entity.name}.read"):
            continue
        ids = bulk.matching(work, entity, _query(work, entity, handover.user_id))
        for place, target in enumerate(targets):
            part = ids[place :: len(targets)]
            if part:
                steps.append((Wish(entity.name, "update", {entity.holder: target}), part))
    if handover.memberships:
        steps += _memberships(work, handover)
    if handover.deactivates:
        steps.append((Wish(USER, "update", {"is_active": False}), [handover.user_id]))
    return steps


def _memberships(work: UnitOfWork, handover: Handover) -> list[Step]:
    where = Condition("user_id", "in", (handover.user_id, handover.targets[0]))
    query = Query(where=where, columns=("id", "user_id", "team_id"), order=("id",), limit=1000)
    rows = records.select(work, MEMBERSHIP, query).records()
    there = {row["team_id"] for row in rows if row["user_id"] == handover.targets[0]}
    ids = [r["id"] for r in rows if r["user_id"] == handover.user_id and r["team_id"] not in there]
    return [(Wish(MEMBERSHIP, "update", {"user_id": handover.targets[0]}), ids)] if ids else []


def hand_over(work: UnitOfWork, steps: Sequence[Step]) -> int:
    """Do the steps in this transaction; returns how many records refused and stayed."""
    work.journal.name_verb(VERB)
    return sum(len(bulk.apply(work, wish, ids).refused) for wish, ids in steps)
