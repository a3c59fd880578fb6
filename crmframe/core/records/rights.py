"""Who may do this to that: the questions every read and write asks first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from crmframe.core.access.fields import readable_fields, writable_fields
from crmframe.core.access.policy import permission_of, policy
from crmframe.core.access.term import ALL, Term
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.errors import InvalidFilter, NotFound, PermissionDenied, Problem
from crmframe.core.work import UnitOfWork


def is_own(work: UnitOfWork, entity: Entity) -> bool:
    """Return whether an action of the entity's own plugin is running: it answers for its tables itself."""
    return work.acting is not None and work.acting.plugin == entity.plugin


def require(work: UnitOfWork, entity: Entity, verb: str) -> None:
    """Refuse an actor who may not do *verb* to any record of *entity*.

    Raises:
        PermissionDenied: Names the permission.
    """
    permission = permission_of(entity, verb)
    if not is_own(work, entity) and not work.actor.may(permission):
        raise PermissionDenied(permission=permission)


def granted(work: UnitOfWork, entity: Entity, verb: str) -> Term:
    """Return the term that the rows of *verb* must satisfy."""
    return ALL if is_own(work, entity) else policy(work, entity, verb)


def readable(work: UnitOfWork, entity: Entity) -> list[Field]:
    """Return the fields the actor may read, in declaration order."""
    names = readable_fields(work, entity)
    return [field for field in work.schema.fields(entity).values() if field.name in names]


def chosen(work: UnitOfWork, entity: Entity, names: Iterable[str]) -> list[Field]:
    """Return the named fields.

    Raises:
        InvalidFilter: One does not exist, or the actor may not read it: the answer is the same.
    """
    allowed = readable_fields(work, entity)
    return [known(work, entity, name, allowed) for name in names]


def known(work: UnitOfWork, entity: Entity, name: str, allowed: Collection[str]) -> Field:
    """Return one field that is among the *allowed* ones."""
    field = work.schema.find_field(entity, name)
    if field is None or field.name not in allowed:
        raise InvalidFilter(name=name, allowed=", ".join(sorted(allowed)))
    return field


def refused_fields(work: UnitOfWork, entity: Entity, rows: Sequence[Collection[str]]) -> list[Problem]:
    """Return a problem for each field given in a row that this door may not write."""
    free = is_own(work, entity) or work.actor.is_system
    allowed = None if free else writable_fields(work, entity)
    problems = []
    for name in set(chain.from_iterable(rows)):
        field = work.schema.find_field(entity, name)
        refusal = _refused(work, entity, field, allowed) if field is not None else None
        if refusal is not None:
            problems += [replace(refusal, row=i) for i, row in enumerate(rows) if name in row]
    return problems


def _refused(
    work: UnitOfWork, entity: Entity, field: Field, allowed: Collection[str] | None
) -> Problem | None:
    data = {"field": field.label, "actions": ", ".join(field.written_by)}
    if not field.writable:
        template = "{field} is kept by the system and cannot be written."
        return Problem(field.name, "read_only", template, data)
    if field.written_by and not _acts(work, entity, field):
        return Problem(field.name, "written_by", "{field} changes only by the action {actions}.", data)
    if allowed is not None and field.name not in allowed:
        return Problem(field.name, "not_writable", "You may not change {field}.", data)
    return None


def _acts(work: UnitOfWork, entity: Entity, field: Field) -> bool:
    acting = work.acting
    return acting is not None and acting.entity == entity.name and acting.verb in field.written_by


def not_found(entity: Entity, record_id: Any) -> NotFound:
    """Return the error for a record that is not there or not to be seen."""
    return NotFound(entity=entity.label, id=record_id)
