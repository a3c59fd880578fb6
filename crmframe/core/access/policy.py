"""The policy: which records of an entity an actor may read, change or delete, as a term for the WHERE.

Deny by default. A record is allowed when a grant's scope holds for it, and every record it belongs to
(``access_through``) is allowed too, and no plugin narrows it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access.lending import shared
from crmframe.core.access.scopes import scoped
from crmframe.core.access.term import ALL, NONE, Term, merged_values
from crmframe.core.contributions import PolicyContext
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import Reference

if TYPE_CHECKING:
    from crmframe.core.entities.registry import Registry
    from crmframe.core.work import UnitOfWork

__all__ = ["ALL", "NONE", "Term", "permission_of", "policy"]

MAX_DEPTH = 4
PARENT = frozenset({"parent"})
# Verbs of the pipeline that ask for the permission of another one.
ASKS: Mapping[str, str] = MappingProxyType(
    {
        "restore": "delete",
        "archive": "update",
        "unarchive": "update",
        "write": "update",
        "history": "read",
        # Writes about a record, not to it: what it writes is asked for by itself.
        "log": "read",
    }
)


def permission_of(entity: Entity, verb: str) -> str:
    """Return the permission that *verb* asks for: restoring asks for delete, archiving for update."""
    return f"{entity.name}.{ASKS.get(verb, verb)}"


def policy(work: UnitOfWork, entity: Entity, verb: str) -> Term:
    """Return which records of *entity* the actor may *verb*.

    It belongs into the WHERE of the read, and of the UPDATE and DELETE themselves; a new or changed record must
    satisfy it as well.
    """
    return _policy(work, entity, verb, 0)


def _policy(work: UnitOfWork, entity: Entity, verb: str, depth: int) -> Term:
    if work.actor.is_system:
        return ALL
    if work.writes:
        return _decided(work, entity, verb, depth)  # a hook may look at what has just been written
    key = (entity.name, verb, depth)
    who, term = work.terms.get(key, (None, NONE))
    if who is not work.actor:  # a copy of the work may ask for somebody else
        term = _decided(work, entity, verb, depth)
        work.terms[key] = (work.actor, term)
    return term


def _decided(work: UnitOfWork, entity: Entity, verb: str, depth: int) -> Term:
    if depth > MAX_DEPTH:
        return NONE
    base = work.registry.extended.get(entity.name)
    if base is not None:
        return _of_base(work, work.registry.entity(base), verb, depth)
    term = granted(work, entity, verb, depth)
    return NONE if term is NONE else amended(work, entity, verb, term)


def granted(work: UnitOfWork, entity: Entity, verb: str, depth: int = 0) -> Term:
    """Return on which records the actor's grants hold, before plugins narrow it.

    The scope "parent" asks the record above for the right to change it (a deal's lines), any other scope only for
    the right to read it (an own note about the team's customer). What is shared comes to what the scopes reach.
    """
    asked = ASKS.get(verb, verb)
    scopes = work.actor.scopes_of(permission_of(entity, verb))
    if asked == "read" or not entity.access_through:
        term = _within(work, entity, scopes, "read", depth)
    else:
        term = _within(work, entity, scopes - PARENT, "read", depth) | _within(
            work, entity, scopes & PARENT, "update", depth
        )
    return term | shared(work, entity, asked) if scopes else term


def _within(work: UnitOfWork, entity: Entity, scopes: frozenset[str], asked: str, depth: int) -> Term:
    term = scoped(work, entity, scopes)
    for name in entity.access_through:
        if term is NONE:
            return NONE
        term &= through(work, entity, name, asked, depth)
    return term


def amended(work: UnitOfWork, entity: Entity, verb: str, term: Term) -> Term:
    """Return *term* as the plugins leave it."""
    narrowed: Term = work.hooks.chain("amend_policy", PolicyContext(work, entity, verb), term)
    return narrowed


def through(work: UnitOfWork, entity: Entity, name: str, asked: str, depth: int = 0) -> Term:
    """Return the condition that the record in field *name* lets the actor read or update it, as *asked*."""
    field = entity.fields[name]
    if field.kind.name == "any_reference":
        return _about(work, entity, name, asked, depth)
    target = work.registry.entities.get(field.kind.entity) if isinstance(field.kind, Reference) else None
    if target is None:
        return NONE
    return _by_reference(entity, field, target, _policy(work, target, asked, depth + 1))


def _by_reference(entity: Entity, field: Field, target: Entity, term: Term) -> Term:
    name = field.name
    optional = bool(entity.table.c[name].nullable)
    if term is ALL or (term is NONE and not optional):
        return term

    def build(frm: Any) -> sa.ColumnElement[bool]:
        allowed = _exists(target, frm.c[name], term)
        return sa.or_(frm.c[name].is_(None), allowed) if optional else allowed

    return Term(f"via:{entity.name}.{name}[{term.shape}]", build, term.values)


def _exists(target: Entity, key: sa.ColumnElement[Any], term: Term) -> sa.ColumnElement[bool]:
    other = target.table.alias()
    return (
        sa.select(sa.literal_column("1"))
        .select_from(other)
        .where(other.c.id == key, term.build(other))
        .exists()
    )


def _of_base(work: UnitOfWork, base: Entity, verb: str, depth: int) -> Term:
    """Return the policy of a sidecar: its row has the id of the record that it extends."""
    asked = "read" if ASKS.get(verb, verb) == "read" else "update"
    term = _policy(work, base, asked, depth + 1)
    if term in (ALL, NONE):
        return term
    return Term(f"sidecar:{base.name}[{term.shape}]", lambda frm: _exists(base, frm.c.id, term), term.values)


def _about(work: UnitOfWork, entity: Entity, name: str, asked: str, depth: int) -> Term:
    """Return the condition that the record named in a polymorphic field may be read or updated.

    Only entities on which the actor holds that permission appear; those that are themselves about anything do not.
    """
    terms = {target.name: _policy(work, target, asked, depth + 1) for target in targets(work, entity)}
    allowed = {target: term for target, term in sorted(terms.items()) if term is not NONE}
    values: Mapping[str, Any] = {}
    for term in allowed.values():
        values = merged_values(values, term.values)
    shapes = ";".join(f"{target}[{term.shape}]" for target, term in allowed.items())

    def build(frm: Any) -> sa.ColumnElement[bool]:
        column = frm.c[name]
        clauses = [_named(work.registry.entity(target), column, term) for target, term in allowed.items()]
        return (
            sa.or_(column.is_(None), *clauses)
            if entity.table.c[name].nullable
            else sa.or_(sa.false(), *clauses)
        )

    if work.actor.unlimited and all(term is ALL for term in terms.values()):
        return ALL  # whatever a plugin that is off left behind stays visible to administrators
    return Term(f"about:{entity.name}.{name}:{asked}({shapes})", build, values)


def targets(work: UnitOfWork, entity: Entity) -> list[Entity]:
    """Return the entities that a polymorphic field of *entity* may name; looked for once."""
    key = ("about_targets", entity.name)
    found: list[Entity] | None = work.schema.statements.get(key)
    if found is None:
        # Lines and links are parts of records: SQLite's parser takes no condition that reaches through many of them.
        others = (e for e in work.registry.public_entities() if e is not entity and e.in_menu)
        found = [other for other in others if not hangs_on_anything(work.registry, other)]
        work.schema.statements[key] = found
    return found


def hangs_on_anything(registry: Registry, entity: Entity) -> bool:
    """Return whether a record of any kind decides, at the end of the way up, who may see this entity's records.

    Nothing can be about such a record: the question who may see it would lead to every entity again and again.
    """
    if is_about(entity):
        return True
    kinds = [entity.fields[name].kind for name in entity.access_through]
    above = [registry.entities.get(kind.entity) for kind in kinds if isinstance(kind, Reference)]
    return any(
        other is not None and hangs_on_anything(registry, other) for other in above if other is not entity
    )


def is_about(entity: Entity) -> bool:
    """Return whether another record of any kind decides who may see this entity's records."""
    return any(entity.fields[name].kind.name == "any_reference" for name in entity.access_through)


def _named(target: Entity, column: sa.ColumnElement[Any], term: Term) -> sa.ColumnElement[bool]:
    prefix = f"{target.name}:"
    matching = sa.func.substr(column, 1, len(prefix)) == prefix
    if term is ALL:
        return matching
    # CASE, because PostgreSQL may cast before it compares, and "core.user:7" is no number after another prefix.
    key = sa.case((matching, sa.cast(sa.func.substr(column, len(prefix) + 1), sa.BigInteger)), else_=None)
    return _exists(target, key, term)
