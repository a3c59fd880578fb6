"""Field rights: which fields an actor may read, and which write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmframe.core.access.actor import RANK, Actor
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork


def readable_fields(work: UnitOfWork, entity: Entity) -> frozenset[str]:
    """Return the fields of *entity* that the actor may read, filter and sort by."""
    return _fields(work, entity, "read")


def writable_fields(work: UnitOfWork, entity: Entity) -> frozenset[str]:
    """Return the fields of *entity* that the actor may write, those with ``written_by`` included."""
    fields = work.schema.fields(entity)
    kept: frozenset[str] = frozenset(getattr(entity.model, "__admin_fields__", ()))
    allowed = (name for name in _fields(work, entity, "write") if fields[name].writable)
    return frozenset(name for name in allowed if work.actor.unlimited or name not in kept)


def _fields(work: UnitOfWork, entity: Entity, right: str) -> frozenset[str]:
    """Return the fields with a right, worked out once for an actor and a schema."""
    kept, key = work.actor.derived, (work.schema, entity.name, right)
    found: frozenset[str] | None = kept.get(key)
    if found is None:
        found = kept[key] = _allowed_fields(work, entity, right)
    return found


def _allowed_fields(work: UnitOfWork, entity: Entity, right: str) -> frozenset[str]:
    base = work.registry.extended.get(entity.name)
    if base is not None:
        return _of_sidecar(work, entity, work.registry.entity(base), right)
    fields = work.schema.fields(entity).values()
    if work.actor.unlimited:
        names = frozenset(field.name for field in fields if not field.hidden)
    else:
        names = frozenset(field.name for field in fields if _allows(work.actor, entity, field, right))
    # Also for administrators: a token of theirs may be narrowed to less than the entity.
    return names & _open_fields(entity) if right == "read" and _sees_names_only(work.actor, entity) else names


def _allows(actor: Actor, entity: Entity, field: Field, right: str) -> bool:
    if field.hidden:
        return False
    rule = actor.field_rules.get(entity.name, {}).get(field.name)
    if field.data == "sensitive":
        held = rule.right if rule else "hidden"
    else:
        held = rule.right if rule and rule.binding else "write"
    return RANK[held] >= RANK[right]


def _sees_names_only(actor: Actor, entity: Entity) -> bool:
    """Return whether the actor sees records only because everybody sees their names (users and teams)."""
    scopes = actor.scopes_of(f"{entity.name}.read")
    return "names" in scopes and "all" not in scopes


def _open_fields(entity: Entity) -> frozenset[str]:
    return frozenset(("id", *getattr(entity.model, "__open_fields__", ())))


def _of_sidecar(work: UnitOfWork, entity: Entity, base: Entity, right: str) -> frozenset[str]:
    """Return a sidecar's fields: their rights are kept under the names they have on the base, ``loyalty.tier``."""
    allowed = _fields(work, base, right)
    fields = work.registry.own_fields(entity).values()
    return frozenset(f.name for f in fields if f.system or f"{entity.plugin}.{f.name}" in allowed)
