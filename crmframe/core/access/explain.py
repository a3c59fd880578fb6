"""Why a user may, or may not, do something to a record: the rule and the fact, in sentences."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core.access.actor import Actor
from crmframe.core.access.lending import absent_ids, shared
from crmframe.core.access.loading import actor_of_user
from crmframe.core.access.policy import ASKS, MAX_DEPTH, granted, permission_of, policy, through
from crmframe.core.access.scopes import scoped
from crmframe.core.access.term import Term
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.kinds import Reference
from crmframe.core.errors import PermissionDenied

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork

PERMISSION_TO_ASK = "core.role_grant.read"
VERBS = ("create", "read", "update", "delete", "assign", "archive", "unarchive", "restore")

# What a grant says by scope: when it holds for the record, and when it does not.
HOLDS: Mapping[str, str] = MappingProxyType(
    {
        "own": "Role {role} gives {permission} on own records, and this one belongs to {owner}.",
        "team": "Role {role} gives {permission} on the records of own teams; this one belongs to {owner}, team {team}.",
        "team_tree": "Role {role} gives {permission} on the records of own teams and those below; this one belongs to {owner}, team {team}.",
        "parent": "Role {role} gives {permission} as far as the record that it belongs to allows.",
        "shown": "Role {role} gives {permission} on what others show, and on own records.",
        "names": "Everybody who is signed in may see the names of users and teams.",
        "all": "Role {role} gives {permission} on all records.",
    }
)
FAILS: Mapping[str, str] = MappingProxyType(
    {
        "own": "Role {role} gives {permission} on own records only; this one belongs to {owner}.",
        "team": "Role {role} gives {permission} on the records of own teams only; this one belongs to {owner}, team {team}.",
        "team_tree": "Role {role} gives {permission} on the records of own teams and those below only; this one belongs to {owner}, team {team}.",
        "shown": "Role {role} gives {permission} on what others show, and this is not shown to {user}.",
        "parent": "Role {role} gives {permission} only on records that belong to another one; this one belongs to none.",
    }
)
UNKNOWN_SCOPE = "Role {role} gives {permission} on the scope {scope}, which no enabled plugin knows."


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English msgid and what fills it."""

    template: str
    data: Mapping[str, Any]

    def text(self) -> str:
        """Return the English sentence, for logs and tests."""
        return self.template.format_map(self.data)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, and the rules and facts that it follows from; the first sentence sums up."""

    allowed: bool
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class _Question:
    """May this actor do this to that record; ``work`` is seen with the actor's eyes."""

    work: UnitOfWork
    actor: Actor
    verb: str
    entity: Entity
    record_id: int | None

    @property
    def words(self) -> dict[str, Any]:
        return {
            "user": self.actor.name,
            "verb": self.verb,
            "entity": self.entity.label,
            "id": "" if self.record_id is None else self.record_id,
            "permission": permission_of(self.entity, self.verb),
        }

    def say(self, template: str, **data: Any) -> Sentence:
        return Sentence(template, {**self.words, **data})

    def holds(self, term: Term) -> bool:
        """Return whether the record satisfies *term*."""
        table = self.entity.table
        found = sa.select(table.c.id).where(table.c.id == sa.bindparam("record_id"), term.build(table))
        return (
            self.work.connection.execute(found, {"record_id": self.record_id, **term.values}).first()
            is not None
        )


def explain(
    work: UnitOfWork, user_id: int, verb: str, entity: Entity | str, record_id: int | None = None
) -> Explanation:
    """Say whether a user may do *verb* to a record, and which rule and fact decide.

    Args:
        record_id: None asks about the record type as a whole.

    Raises:
        PermissionDenied: Roles are nothing for everybody to read.
        NotFound: There is no such record type.
    """
    if not work.actor.may(PERMISSION_TO_ASK):
        raise PermissionDenied(permission=PERMISSION_TO_ASK)
    found = work.registry.entity(entity) if isinstance(entity, str) else entity
    actor = actor_of_user(work.connection, user_id)
    if actor is None:
        name = _name_of(work, "core.user", user_id)
        template = "{user} is switched off and may do nothing." if name else "There is no user {id}."
        return Explanation(allowed=False, sentences=(Sentence(template, {"user": name, "id": user_id}),))
    seen = copy.copy(work)
    seen.actor = actor
    return _answer(_Question(seen, actor, verb, found, record_id), 0)


def _answer(question: _Question, depth: int) -> Explanation:
    known = {*VERBS, *ASKS, *question.work.registry.actions.get(question.entity.name, {})}
    if question.verb not in known:
        return _summed_up(
            question,
            [question.say("{entity} knows no {verb}; it knows {verbs}.", verbs=", ".join(sorted(known)))],
        )
    reasons = list(_grant_reasons(question))
    if not question.actor.may(permission_of(question.entity, question.verb)):
        return _summed_up(question, reasons)
    if question.record_id is None:
        return _summed_up(question, reasons, allowed=True)
    if _row(question) is None:
        return _summed_up(question, [question.say("There is no {entity} {id}.")])
    allowed = question.holds(policy(question.work, question.entity, question.verb))
    reasons += _lent_reasons(question)
    reasons += _parent_reasons(question, depth)
    if not allowed and question.holds(granted(question.work, question.entity, question.verb)):
        reasons.append(question.say("A plugin's own rule hides it from {user}."))
    return _summed_up(question, reasons, allowed=allowed)


def _summed_up(question: _Question, reasons: list[Sentence], *, allowed: bool = False) -> Explanation:
    template = "{user} may {verb} {entity} {id}." if allowed else "{user} may not {verb} {entity} {id}."
    return Explanation(allowed, (question.say(template), *reasons))


def _grant_reasons(question: _Question) -> Iterator[Sentence]:
    if question.actor.unlimited:
        yield question.say("{user} is an administrator and holds every permission.")
        return
    grants = _grants(question)
    if not grants:
        yield question.say("No role of {user} gives {permission}.")
        roles = ", ".join(_role_names(question))
        yield (
            question.say("{user} has the roles {roles}.", roles=roles)
            if roles
            else question.say("{user} has no role.")
        )
    facts = _facts(question)
    for role, scope in grants:
        yield _grant_sentence(question, role, scope, facts)


def _grant_sentence(question: _Question, role: str, scope: str, facts: Mapping[str, str]) -> Sentence:
    if scope not in HOLDS:
        return question.say(UNKNOWN_SCOPE, role=role, scope=scope)
    if not facts:
        return question.say("Role {role} gives {permission} on the scope {scope}.", role=role, scope=scope)
    holds = scope not in FAILS or question.holds(scoped(question.work, question.entity, [scope]))
    return question.say((HOLDS if holds else FAILS)[scope], role=role, **facts)


def _lent_reasons(question: _Question) -> Iterator[Sentence]:
    """Say what comes to the roles: a share, or standing in for the holder."""
    if question.holds(shared(question.work, question.entity, ASKS.get(question.verb, question.verb))):
        yield question.say("It is shared with {user}, or with a team of {user}.")
    holder = getattr(_row(question), question.entity.holder)
    if holder in absent_ids(question.work):
        owner = _name_of(question.work, "core.user", holder)
        yield question.say("{user} stands in for {owner} today.", owner=owner)


def _parent_reasons(question: _Question, depth: int) -> Iterator[Sentence]:
    row, scopes = _row(question), question.actor.scopes_of(permission_of(question.entity, question.verb))
    asked = "update" if "parent" in scopes and ASKS.get(question.verb, question.verb) != "read" else "read"
    for name in question.entity.access_through:
        target, key = _target(question, name, getattr(row, name))
        if target is None or key is None:
            continue
        allowed = question.holds(through(question.work, question.entity, name, asked))
        words = {"parent": target.label, "parent_id": key, "asked": asked}
        if allowed:
            yield question.say("It belongs to {parent} {parent_id}, which {user} may {asked}.", **words)
        else:
            yield question.say("It belongs to {parent} {parent_id}, which {user} may not {asked}.", **words)
        if not allowed and depth < MAX_DEPTH:
            above = _Question(question.work, question.actor, asked, target, key)
            yield from _answer(above, depth + 1).sentences


def _target(question: _Question, name: str, value: Any) -> tuple[Entity | None, int | None]:
    entities = question.work.registry.entities
    if value is None:
        return None, None
    kind = question.entity.fields[name].kind
    if isinstance(kind, Reference):
        return entities.get(kind.entity), int(value)
    target, _, key = str(value).partition(":")
    return entities.get(target), int(key)


def _row(question: _Question) -> Any:
    table = question.entity.table
    return question.work.connection.execute(
        sa.select(table).where(table.c.id == question.record_id)
    ).one_or_none()


def _facts(question: _Question) -> dict[str, str]:
    """Return who and which team the record belongs to; empty without a record."""
    row = None if question.record_id is None else _row(question)
    if row is None:
        return {}
    holder, team = getattr(row, question.entity.holder), getattr(row, "team_id", None)
    owner = _name_of(question.work, "core.user", holder) or "nobody"
    return {"owner": owner, "team": _name_of(question.work, "core.team", team) or "none"}


def _name_of(work: UnitOfWork, entity: str, record_id: int | None) -> str:
    table = work.registry.entity(entity).table
    return str(work.connection.scalar(sa.select(table.c.name).where(table.c.id == record_id)) or "")


def _grants(question: _Question) -> list[tuple[str, str]]:
    """Return role name and scope of each grant of the permission; the open names come without a role."""
    permission = permission_of(question.entity, question.verb)
    tables = {
        name: question.work.registry.entity(f"core.{name}").table
        for name in ("role", "role_grant", "user_role")
    }
    role, grant, held = tables["role"], tables["role_grant"], tables["user_role"]
    joined = held.join(role, role.c.id == held.c.role_id).join(grant, grant.c.role_id == role.c.id)
    chosen = (
        sa.select(role.c.name, grant.c.scope)
        .select_from(joined)
        .distinct()
        .order_by(role.c.name, grant.c.scope)
    )
    chosen = chosen.where(held.c.user_id == question.actor.id, grant.c.permission == permission)
    found = [(row.name, row.scope) for row in question.work.connection.execute(chosen)]
    names = "names" in question.actor.scopes_of(permission)
    return [*found, ("", "names")] if names else found


def _role_names(question: _Question) -> list[str]:
    role, held = (question.work.registry.entity(name).table for name in ("core.role", "core.user_role"))
    joined = held.join(role, role.c.id == held.c.role_id)
    chosen = (
        sa.select(role.c.name)
        .select_from(joined)
        .where(held.c.user_id == question.actor.id)
        .order_by(role.c.name)
    )
    return list(question.work.connection.scalars(chosen))
