"""Giving records to people by rules: one operation, with the reason on the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

import sqlalchemy as sa

from crmframe.core.access.lending import Absence
from crmframe.core.access.models import Membership, User
from crmframe.core.assignment.models import AssignmentMember, AssignmentRule, turn
from crmframe.core.assignment.strategies import Member, regions_of
from crmframe.core.contributions import Strategy
from crmframe.core.entities import filters
from crmframe.core.entities.entity import Entity
from crmframe.core.errors import InvalidFilter
from crmframe.core.i18n import Translator
from crmframe.core.records import rights
from crmframe.core.records.rows import flat, locked
from crmframe.core.records.writing import write_many
from crmframe.core.storage.dialect import in_set, lock_rows
from crmframe.core.work import Acting, UnitOfWork

TEXTS = Translator({})
# Whoever assigns need not see the rule that chooses, nor the person and the team.
CHOSEN = frozenset({"owner_id", "team_id", "assigned_by_rule_id"})
_rule: Any = AssignmentRule.__table__
_member: Any = AssignmentMember.__table__


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who got a record, by which rule, and why."""

    user_id: int
    team_id: int | None
    rule_id: int
    reason: str


def assign(
    work: UnitOfWork, entity_name: str, ids: Sequence[int], rule_id: int | None = None
) -> dict[int, Assigned]:
    """Give records to the people that the rules choose; records that no rule gives to anybody stay as they are.

    Args:
        rule_id: Only this rule, whether it is active and fits or not.

    Raises:
        NotFound: The actor may not assign one of the records.
        PermissionDenied: The actor may assign none.
    """
    entity = work.schema.entity(entity_name)
    rights.require(work, entity, "assign")
    # Records first, then rules, in the same order for everybody: nobody waits in a circle.
    rows = locked(work, entity, ids, rights.granted(work, entity, "assign"))
    for missing in [i for i in ids if i not in rows]:
        raise rights.not_found(entity, missing)
    left = {i: flat(work, entity, rows[i]) for i in dict.fromkeys(ids)}
    found: dict[int, Assigned] = {}
    for rule in _rules(work, entity, rule_id):
        fitting = list(left) if rule_id is not None else _fitting(work, entity, rule, left)
        if fitting:
            found |= _by_rule(work, entity, rule, {i: left[i] for i in fitting})
            left = {i: record for i, record in left.items() if i not in found}
    if found:
        work.journal.name_verb(f"{entity.name}.assign")
        with work.acting_as(Acting(entity.name, "assign", entity.plugin, CHOSEN)):
            changes = {i: _values(work, entity, each) for i, each in found.items()}
            write_many(work, entity, changes, verb="assign", versions={})
    return found


def _values(work: UnitOfWork, entity: Entity, each: Assigned) -> dict[str, Any]:
    values: dict[str, Any] = {"owner_id": each.user_id, "team_id": each.team_id}
    if "assignment_reason" in entity.fields:
        values |= {"assigned_by_rule_id": each.rule_id, "assignment_reason": each.reason[:300]}
        values["assigned_at"] = work.now
    return values


def has_rules(work: UnitOfWork, entity_name: str) -> bool:
    """Return whether any rule gives records of the entity to people."""
    statement = sa.select(_rule.c.id).where(_rule.c.entity == entity_name, _rule.c.active).limit(1)
    return work.connection.scalar(statement) is not None


def _rules(work: UnitOfWork, entity: Entity, rule_id: int | None) -> Sequence[Any]:
    wanted = _rule.c.id == rule_id if rule_id is not None else _rule.c.active
    statement = sa.select(_rule).where(_rule.c.entity == entity.name, wanted)
    return work.connection.execute(statement.order_by(_rule.c.position, _rule.c.id)).all()


def _fitting(work: UnitOfWork, entity: Entity, rule: Any, ids: Iterable[int]) -> list[int]:
    """Return the records that satisfy the rule's conditions; one that cannot be read fits nothing."""
    try:
        node = condition_of(work, entity, rule.conditions)
    except InvalidFilter:
        return []
    if node is None:
        return list(ids)
    table = entity.table
    statement = sa.select(table.c.id).where(
        in_set(table.c.id, "ids"), filters.clause(work.schema, entity, table, node)
    )
    values = {"ids": list(ids), **filters.binds(node)}
    return list(work.connection.scalars(statement.order_by(table.c.id), values))


def condition_of(work: UnitOfWork, entity: Entity, conditions: Any) -> filters.Node | None:
    """Return the filter of a rule: over the record's own fields.

    Raises:
        InvalidFilter: An unknown field, operator or value.
    """
    own = work.schema.fields(entity)
    return filters.parse_json(work.schema, entity, conditions, work.parse_context(), readable=set(own))


def _by_rule(
    work: UnitOfWork, entity: Entity, rule: Any, given: Mapping[int, Mapping[str, Any]]
) -> dict[int, Assigned]:
    strategy = _strategy(work, rule.strategy)
    # Whoever holds the rule's row chooses alone: two at once would both see the same turn.
    work.connection.execute(lock_rows(sa.select(_rule.c.id).where(_rule.c.id == rule.id), to="change"))
    rows = _members(work, rule.id)
    members = {row.user_id: row for row in rows}
    candidates = _candidates(work, entity, rule, rows)
    before = {row.user_id: row.given for row in rows}
    found: dict[int, Assigned] = {}
    for record_id, record in given.items():
        free = [m for m in candidates if m.capacity is None or m.open < m.capacity]
        for member in free:
            member.region = str(record.get(rule.region_field or "") or "")
        chosen = strategy.choose(record, free) if strategy is not None and free else None
        if chosen is None:
            continue
        member, reason, data = chosen
        member.given, member.open = member.given + 1, member.open + 1
        sentence = TEXTS.translate("core", work.settings.locale, reason, **data)
        found[record_id] = Assigned(member.user_id, members[member.user_id].team_id, rule.id, sentence)
    _note_turns(work, rule.id, {m.user_id: m.given for m in candidates if m.given != before[m.user_id]})
    return found


def _strategy(work: UnitOfWork, key: str) -> Strategy | None:
    declared = (each for _, items in work.hooks.collect("assignment_strategies") for each in items)
    return next((each for each in declared if each.key == key), None)


def _members(work: UnitOfWork, rule_id: int) -> Sequence[Any]:
    """Return the members who are there today, with their first team."""
    user: Any = User.__table__
    membership: Any = Membership.__table__
    absence: Any = Absence.__table__
    team = sa.select(membership.c.team_id).where(membership.c.user_id == user.c.id)
    away = sa.select(absence.c.id).where(
        absence.c.user_id == user.c.id, absence.c.starts_on <= work.today, absence.c.ends_on >= work.today
    )
    statement = (
        sa.select(_member, user.c.name, turn.c.given, _first(team, membership).label("team_id"))
        .join_from(_member, user, user.c.id == _member.c.user_id)
        .outerjoin(turn, sa.and_(turn.c.rule_id == rule_id, turn.c.user_id == user.c.id))
        .where(_member.c.rule_id == rule_id, _member.c.active, user.c.is_active, ~away.exists())
    )
    return work.connection.execute(statement.order_by(_member.c.user_id)).all()


def _first(team: sa.Select[Any], membership: Any) -> sa.ScalarSelect[Any]:
    return team.order_by(membership.c.id).limit(1).scalar_subquery()


def _candidates(work: UnitOfWork, entity: Entity, rule: Any, rows: Sequence[Any]) -> list[Member]:
    is_counted = rule.strategy not in ("core.round_robin", "core.region")
    counts = _open(work, entity, rows) if is_counted or any(row.capacity for row in rows) else {}
    shares = [row.given / row.weight for row in rows if row.given is not None]
    least = min(shares, default=0)
    return [
        Member(
            row.user_id,
            row.name,
            row.weight,
            regions_of(row.regions),
            row.capacity,
            # Who joins later starts where the others are, and does not get all that comes for weeks.
            floor(least * row.weight) if row.given is None else row.given,
            counts.get(row.user_id, 0),
        )
        for row in rows
    ]


def _open(work: UnitOfWork, entity: Entity, rows: Sequence[Any]) -> dict[int, int]:
    table = entity.table
    node = condition_of(work, entity, dict(getattr(entity.model, "__open__", ())))
    conditions = [in_set(table.c.owner_id, "users")]
    if entity.is_archivable:
        conditions.append(table.c.archived_at.is_(None))
    if node is not None:
        conditions.append(filters.clause(work.schema, entity, table, node))
    statement = sa.select(table.c.owner_id, sa.func.count()).where(*conditions).group_by(table.c.owner_id)
    values = {"users": [row.user_id for row in rows], **(filters.binds(node) if node else {})}
    return {row[0]: row[1] for row in work.connection.execute(statement, values)}


def _note_turns(work: UnitOfWork, rule_id: int, given: Mapping[int, int]) -> None:
    for user_id, number in sorted(given.items()):
        ours = sa.and_(turn.c.rule_id == rule_id, turn.c.user_id == user_id)
        changed = work.connection.execute(sa.update(turn).where(ours).values(given=number))
        if changed.rowcount == 0:
            row = {"rule_id": rule_id, "user_id": user_id, "given": number}
            work.connection.execute(sa.insert(turn), row)
