"""The actor: on whose behalf work is done, and what they hold. Loaded once, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, Literal

Right = Literal["hidden", "read", "write"]
RANK: Mapping[str, int] = MappingProxyType({"hidden": 0, "read": 1, "write": 2})
EVERYWHERE = frozenset({"all"})
# The scope of what everybody signed in may know: the names of users and teams. No token narrows it away.
NAMES = frozenset({"names"})


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What an actor's roles say about one field.

    Attributes:
        right: The most generous right that a rule gives.
        binding: Whether every role of the actor that knows the entity has a rule for the field; a role
            without one leaves an ordinary field open.
    """

    right: Right
    binding: bool


@dataclass(frozen=True, slots=True)
class StandIn:
    """Days on which somebody is away, and who is the deputy."""

    user_id: int
    deputy_id: int | None
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Actor:
    """The user, token or system on whose behalf work is done.

    Attributes:
        id: The user; None for the system.
        grants: Permission to the scopes on which the roles give it.
        team_ids: The actor's own teams, the first joined first.
        tree_ids: The own teams and all below them.
        locale: Empty means the workspace's; ``zone`` likewise.
        is_admin: An administrator, not narrowed by a token, or the system.
        unlimited: Holds every permission that ``scopes`` leaves, on all records, and every field.
        scopes: Patterns of permissions to which a token narrows; None narrows nothing.
        must_add_second_factor: The workspace asks for one, and the user has none yet.
        lent: The entities of which records are shared with the actor or a team, each with the rights there are.
        stands_in: For whom the actor is the deputy, and when; ``away`` is when the actor is absent.
    """

    id: int | None
    name: str
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    team_ids: tuple[int, ...] = ()
    tree_ids: tuple[int, ...] = ()
    locale: str = ""
    zone: str = ""
    is_admin: bool = False
    unlimited: bool = False
    field_rules: Mapping[str, Mapping[str, FieldRule]] = field(default_factory=dict)
    scopes: tuple[str, ...] | None = None
    must_change_password: bool = False
    must_add_second_factor: bool = False
    lent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    stands_in: tuple[StandIn, ...] = ()
    away: tuple[StandIn, ...] = ()
    # What follows from the rights in one schema, kept under it: a new schema or a changed actor starts anew.
    derived: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def is_system(self) -> bool:
        """Return whether no person stands behind it: ``system:cli``, a migration, a scheduled job."""
        return self.id is None and self.unlimited

    @property
    def team_id(self) -> int | None:
        """Return the team that the actor's new records belong to."""
        return self.team_ids[0] if self.team_ids else None

    def may(self, permission: str) -> bool:
        """Return whether the actor holds *permission* on at least some records."""
        return bool(self.scopes_of(permission))

    def scopes_of(self, permission: str) -> frozenset[str]:
        """Return the scopes on which the actor holds *permission*; empty means not at all."""
        granted = self.grants.get(permission, frozenset())
        if self.scopes is not None and not matches(self.scopes, permission):
            return granted & NAMES
        return EVERYWHERE if self.unlimited else granted

    def narrowed(self, scopes: Sequence[str] | None) -> Actor:
        """Return the actor with no more than the permissions that match *scopes*; None narrows nothing."""
        if scopes is None:
            return self
        cut = {name: held if matches(scopes, name) else held & NAMES for name, held in self.grants.items()}
        kept = {name: held for name, held in cut.items() if held}
        return replace(self, grants=kept, scopes=tuple(scopes), is_admin=self.is_admin and "*" in scopes)


def matches(patterns: Iterable[str], permission: str) -> bool:
    """Return whether *permission* is covered: ``sales.deal.read``, ``sales.*``, ``*.read`` or ``*``."""
    return any(fnmatchcase(permission, pattern) for pattern in patterns)


def system_actor(door: str) -> Actor:
    """Return the actor of work behind which there is no person, journaled as ``system:<door>``."""
    return Actor(id=None, name=f"system:{door}", is_admin=True, unlimited=True)


def anonymous_actor() -> Actor:
    """Return the actor who has not signed in and may nothing."""
    return Actor(id=None, name="anonymous")
