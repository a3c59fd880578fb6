"""What lies within the actor's reach: deleted records as they were, and operations as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.policy import policy
from crmframe.core.access.term import Term
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import NotFound, PermissionDenied
from crmframe.core.records import rights
from crmframe.core.records.conflicts import Key, Step, targets_of
from crmframe.core.records.rows import from_image
from crmframe.core.storage.dialect import in_set, rows_from_json
from crmframe.core.work import UnitOfWork

SLIP = timedelta(days=1)


def term_of(work: UnitOfWork, entity: Entity, verb: str) -> Term:
    """Return the term for taking back *verb*; who may run an action may take back what it did to its own entity.

    Raises:
        PermissionDenied: The actor may not do it to any record.
    """
    if work.acting is not None and work.acting.entity == entity.name:
        return policy(work, entity, work.acting.verb)
    rights.require(work, entity, verb)
    return rights.granted(work, entity, verb)


def verb_back(work: UnitOfWork, operation: Any, entity_name: str, kind: str) -> str:
    """Return what taking back a change of *kind* asks for.

    To delete, where a record came or went. But whoever made one by mistake may take that back for a day, and bring it
    back, with the right by which it was made: nobody needs a colleague for their own slip.
    """
    if kind not in ("create", "restore", "delete"):
        return "update"
    own = operation is not None and operation.actor_id is not None and operation.actor_id == work.actor.id
    if not own or (kind != "create" and operation.undo_of is None):
        return "delete"
    is_slip = work.now - operation.started_at < SLIP and work.actor.may(f"{entity_name}.create")
    return "create" if is_slip else "delete"


def images_within(
    work: UnitOfWork, entity: Entity, images: Sequence[Mapping[str, Any]], term: Term
) -> set[int]:
    """Return the ids of those deleted rows that would satisfy *term* if they were there.

    Args:
        images: Rows as ``from_image`` returns them.
    """
    columns = {column.name: column.type for column in entity.table.c}
    frm = rows_from_json("images", columns)
    statement = sa.select(frm.c.id).where(term.build(frm))
    given = [[image.get(name) for name in columns] for image in images]
    return set(work.connection.scalars(statement, {"images": given, **term.values})) if images else set()


def is_only_kept_up(work: UnitOfWork, step: Step) -> bool:
    """Return whether a change wrote nothing but fields that the pipeline keeps: nobody decided on it."""
    fields = work.schema.entity(step.entity).fields
    return (
        step.kind == "update"
        and bool(step.before)
        and all(name in fields and fields[name].maintained for name in step.before)
    )


def require_reach(work: UnitOfWork, operation: Any, steps: Sequence[Step]) -> None:
    """Refuse to take back what the actor could not do, before anything is said about the operation.

    Raises:
        NotFound: Somebody else's operation on records out of reach: the answer is that of one that never was.
        PermissionDenied: The actor's own one; or the actor may not do such a thing to any record.
    """
    known = [step for step in steps if step.entity in work.registry.entities]
    deleted = {step.key for step in known if step.kind == "delete"}
    for (entity_name, verb), group in _groups(work, operation, known).items():
        entity = work.schema.entity(entity_name)
        term = term_of(work, entity, verb)
        if term.shape == "all" or _is_within(work, entity, group, term, deleted):
            continue
        if operation.actor_id == work.actor.id:
            raise PermissionDenied(permission=f"{entity_name}.{verb}")
        raise NotFound(entity="operation", id=operation.id)


def _groups(work: UnitOfWork, operation: Any, steps: Iterable[Step]) -> Mapping[tuple[str, str], list[Step]]:
    """Return the steps by the entity and the verb that taking them back asks for; a sidecar's are its base's."""
    groups: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in steps:
        base = work.registry.extended.get(step.entity)
        if base is not None:
            groups[base, "update"].append(step)
        elif not is_only_kept_up(work, step):
            groups[step.entity, verb_back(work, operation, step.entity, step.kind)].append(step)
    return groups


def _is_within(
    work: UnitOfWork, entity: Entity, steps: Sequence[Step], term: Term, deleted: set[Key]
) -> bool:
    table, values = entity.table, {"ids": sorted({step.record_id for step in steps}), **term.values}
    wanted = sa.select(table.c.id).where(in_set(table.c.id, "ids"))
    there = set(work.connection.scalars(wanted, values))
    if there - set(work.connection.scalars(wanted.where(term.build(table)), values)):
        return False
    gone = [step for step in steps if step.record_id not in there and step.entity == entity.name]
    # Parts went with what they belong to, by its right, and come back with it.
    roots = [step for step in gone if not deleted & set(targets_of(work, step.entity, [step]))]
    images = [from_image(entity, s.before, s.record_id, s.version) for s in roots if s.kind == "delete"]
    return len(images) == len(roots) and len(images_within(work, entity, images, term)) == len(images)
