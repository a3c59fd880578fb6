"""Loading an actor in two statements, and keeping it until anything about access changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from threading import Lock
from typing import Any

import sqlalchemy as sa

from crmframe.core.access import lending, models, tables
from crmframe.core.access.actor import NAMES, RANK, Actor, FieldRule, StandIn
from crmframe.core.journal.tables import epoch
from crmframe.core.storage.types import JsonText

SETTINGS_EPOCH = 1
KEPT_ACTORS = 2048
# The setting that says who has to have a second factor: nobody, "admins" or "all".
SECOND_FACTOR = "core.second_factor"
# Everybody signed in may know who an owner is and which teams there are.
OPEN_TO_ALL = ("core.user.read", "core.team.read")

_user: Any = models.User.__table__
_team: Any = models.Team.__table__
_membership: Any = models.Membership.__table__
_grant: Any = models.RoleGrant.__table__
_rule: Any = models.RoleField.__table__
_user_role: Any = models.UserRole.__table__
_share: Any = lending.Share.__table__
# The room of the settings stands above this one.
_setting = sa.table("core_settings", sa.column("key"), sa.column("value", JsonText))
_absence: Any = lending.Absence.__table__


def actor_of_user(connection: sa.Connection, user_id: int) -> Actor | None:
    """Return the user as an actor; None when there is no such user or the user is switched off."""
    user = connection.execute(USER, {"user_id": user_id}).one_or_none()
    if user is None or not user.is_active:
        return None
    parts: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(RIGHTS, {"user_id": user_id}):
        parts[row.part].append(row)
    absences = [
        StandIn(row.a, row.b, date.fromisoformat(row.c), date.fromisoformat(row.d))
        for row in parts["absence"]
    ]
    own = tuple(dict.fromkeys(row.a for row in sorted(parts["team"], key=lambda row: row.b)))
    return Actor(
        id=user.id,
        name=user.name,
        grants=_grants(parts["grant"]),
        team_ids=own,
        tree_ids=tuple(sorted({row.a for row in parts["tree"]})),
        locale=user.locale or "",
        zone=user.zone or "",
        is_admin=user.is_admin,
        unlimited=user.is_admin,
        field_rules=_field_rules(parts["grant"], parts["field"]),
        must_change_password=bool(user.must_change),
        must_add_second_factor=user.confirmed_at is None and _is_asked(user.asked, is_admin=user.is_admin),
        lent=_lent(parts["share"]),
        stands_in=tuple(each for each in absences if each.deputy_id == user.id),
        away=tuple(each for each in absences if each.user_id == user.id),
    )


def _is_asked(policy: Any, *, is_admin: bool) -> bool:
    return policy == "all" or (policy == "admins" and is_admin)


def settings_epoch(connection: sa.Connection) -> int:
    """Return the number that grows with every change of users, roles, teams and custom fields."""
    return int(connection.scalar(sa.select(EPOCH)) or 0)


def bump_epoch(connection: sa.Connection) -> None:
    """Make every process load its actors anew once this transaction commits."""
    bumped = connection.execute(
        sa.update(epoch).where(epoch.c.id == SETTINGS_EPOCH).values(value=epoch.c.value + 1)
    )
    if not bumped.rowcount:
        connection.execute(sa.insert(epoch).values(id=SETTINGS_EPOCH, value=1))


class ActorCache:
    """The actors of one application at one epoch.

    Fill it from committed data only: an epoch that is rolled back comes again with other contents.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._epoch = -1
        self._actors: dict[int, Actor] = {}

    def actor(self, connection: sa.Connection, user_id: int, epoch_now: int | None = None) -> Actor | None:
        """Return the user as an actor; None when unknown or switched off.

        Args:
            epoch_now: The epoch, read before this call on the same connection; None reads it.
        """
        current = settings_epoch(connection) if epoch_now is None else epoch_now
        with self._lock:
            if current > self._epoch or len(self._actors) >= KEPT_ACTORS:
                self._epoch, self._actors = current, {}
            elif current == self._epoch and user_id in self._actors:
                return self._actors[user_id]
        loaded = actor_of_user(connection, user_id)
        with self._lock:
            if loaded is not None and current == self._epoch:
                self._actors[user_id] = loaded
        return loaded


def _grants(rows: Iterable[Any]) -> Mapping[str, frozenset[str]]:
    grants: dict[str, set[str]] = defaultdict(set)
    for permission in OPEN_TO_ALL:
        grants[permission] |= NAMES
    for row in rows:
        grants[row.c].add(row.d)
    return {permission: frozenset(scopes) for permission, scopes in grants.items()}


def _lent(rows: Iterable[Any]) -> Mapping[str, frozenset[str]]:
    lent: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        lent[row.c].add(row.d)
    return {entity: frozenset(rights) for entity, rights in lent.items()}


def _field_rules(grants: Iterable[Any], rules: Iterable[Any]) -> Mapping[str, Mapping[str, FieldRule]]:
    """Return what the roles say, field by field.

    A role counts as silent on a field only when it grants something on the entity: a role about tickets
    must not open what another role hides of customers.
    """
    knowing: dict[str, set[int]] = defaultdict(set)
    for row in grants:
        knowing[row.c.rpartition(".")[0]].add(row.a)
    rights: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for row in rules:
        held = rights[row.c, row.d]
        held[row.a] = max(held.get(row.a, "hidden"), row.e, key=RANK.__getitem__)
    found: dict[str, dict[str, FieldRule]] = defaultdict(dict)
    for (entity, name), by_role in rights.items():
        best: Any = max(by_role.values(), key=RANK.__getitem__)
        found[entity][name] = FieldRule(best, binding=knowing[entity] <= by_role.keys())
    return found


def _user_statement() -> sa.Select[Any]:
    factor = tables.second_factor
    joined = _user.outerjoin(tables.credential, tables.credential.c.user_id == _user.c.id)
    joined = joined.outerjoin(factor, factor.c.user_id == _user.c.id)
    asked = sa.select(_setting.c.value).where(_setting.c.key == SECOND_FACTOR).scalar_subquery()
    columns = (_user.c.id, _user.c.name, _user.c.locale, _user.c.zone, _user.c.is_active, _user.c.is_admin)
    further = (tables.credential.c.must_change, factor.c.confirmed_at, asked.label("asked"))
    chosen = sa.select(*columns, *further).select_from(joined)
    return chosen.where(_user.c.id == sa.bindparam("user_id"))


def _rights_statement() -> sa.CompoundSelect[Any]:
    user_id: Any = sa.bindparam("user_id")
    own = sa.select(_membership.c.team_id.label("id")).where(_membership.c.user_id == user_id)
    tree = own.cte("tree", recursive=True)
    # UNION, not UNION ALL: a circle of teams ends.
    tree = tree.union(sa.select(_team.c.id).where(_team.c.parent_id == tree.c.id))
    roles = sa.select(_user_role.c.role_id).where(_user_role.c.user_id == user_id)
    joined = sa.select(_membership.c.team_id, _membership.c.id).where(_membership.c.user_id == user_id)
    granted = sa.select(_grant.c.role_id, _grant.c.permission, _grant.c.scope).where(
        _grant.c.role_id.in_(roles)
    )
    ruled = sa.select(_rule.c.role_id, _rule.c.entity, _rule.c.field, _rule.c.right).where(
        _rule.c.role_id.in_(roles)
    )
    mine = sa.or_(
        _share.c.user_id == user_id,
        _share.c.team_id.in_(sa.select(_membership.c.team_id).where(_membership.c.user_id == user_id)),
    )
    lent = sa.select(_share.c.entity, _share.c.right).where(mine).distinct()
    away = sa.select(
        _absence.c.user_id, _absence.c.deputy_id, _absence.c.starts_on, _absence.c.ends_on
    ).where(sa.or_(_absence.c.deputy_id == user_id, _absence.c.user_id == user_id))
    return sa.union_all(
        _part("share", [None, None, *lent.selected_columns, None], lent),
        _part("absence", [*away.selected_columns, None], away),
        _part(
            "grant",
            [granted.selected_columns.role_id, None, *list(granted.selected_columns)[1:], None],
            granted,
        ),
        _part("field", [ruled.selected_columns.role_id, None, *list(ruled.selected_columns)[1:]], ruled),
        _part("team", [*joined.selected_columns, None, None, None], joined),
        _part("tree", [tree.c.id, None, None, None, None], sa.select(tree.c.id)),
    )


def _part(name: str, columns: list[Any], source: sa.Select[Any]) -> sa.Select[Any]:
    """Return *source* in the common form: part, two numbers, three texts."""
    kinds = (sa.BigInteger, sa.BigInteger, sa.Text, sa.Text, sa.Text)
    filled: list[Any] = [
        (sa.cast(sa.null(), kind) if column is None else sa.cast(column, kind)).label(label)
        for column, kind, label in zip(columns, kinds, "abcde", strict=True)
    ]
    return source.with_only_columns(sa.literal_column(f"'{name}'").label("part"), *filled)


EPOCH = sa.select(epoch.c.value).where(epoch.c.id == SETTINGS_EPOCH).scalar_subquery()
USER = _user_statement()
RIGHTS = _rights_statement()
