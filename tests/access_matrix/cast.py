"""Who takes part: people, their teams, and what their roles give, as data that both the world and the oracle read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WRITES = ("create", "update", "delete")
MASKED_KINDS = ("long_text", "email", "phone", "money")
NAMES_FOR_ALL = ("core.user.read", "core.team.read")
# What everybody signed in sees of users and teams.
OPEN_FIELDS = {"core.user": {"id", "name", "is_active"}, "core.team": {"id", "name", "parent_id"}}


@dataclass(frozen=True)
class Person:
    """A user: the teams they are in, the first joined first, and their one role."""

    key: str
    role: str = ""
    teams: tuple[str, ...] = ()
    is_admin: bool = False
    is_active: bool = True


@dataclass(frozen=True)
class Guest:
    """Somebody at the door.

    Attributes:
        scopes: Of the token they hold; None narrows nothing.
        known: False is turned away everywhere: switched off, revoked, expired, or nobody at all.
    """

    key: str
    person: str = ""
    scopes: tuple[str, ...] | None = None
    known: bool = True


PARENT_TEAMS = {"north": None, "northeast": "north", "south": None}
PEOPLE = {
    person.key: person
    for person in (
        Person("root", is_admin=True),
        Person("mona", "manager", ("north",)),
        Person("sam", "seller", ("northeast",)),
        Person("nina", "seller", ("northeast",)),
        Person("olga", "seller", ("south",)),
        Person("vera", "viewer", ("northeast",)),
        Person("mask", "masked"),
        Person("nil", "nothing"),
        Person("gone", "manager", ("north",), is_active=False),
    )
}
GUESTS = {
    guest.key: guest
    for guest in (
        Guest("root", "root"),
        Guest("mona", "mona"),
        Guest("sam", "sam"),
        Guest("vera", "vera"),
        Guest("mask", "mask"),
        Guest("nil", "nil"),
        Guest("narrow", "mona", ("core.customer.*", "core.contact.read", "sales.deal.read")),
        Guest("narrow_root", "root", ("core.customer.read",)),
        Guest("gone", "gone", known=False),
        Guest("revoked", "sam", known=False),
        Guest("expired", "sam", known=False),
        Guest("nobody", known=False),
    )
}
ROLES = ("manager", "seller", "viewer", "masked", "nothing")


def sort_of(entity: Any) -> str:
    """Return what decides about an entity: people (rights themselves), through, owned, shared."""
    if entity.bumps_epoch:
        return "people"
    if entity.access_through:
        return "through"
    return "owned" if entity.is_owned else "shared"


SCOPES: Mapping[str, Mapping[str, tuple[str, tuple[str, ...]]]] = {
    # role: sort: (scope of reading, scopes of writing)
    "manager": {
        "people": ("team_tree", ("team_tree",)),
        "through": ("parent", ("parent",)),
        "owned": ("team_tree", ("team_tree",)),
        "shared": ("team_tree", ("team_tree",)),
    },
    "seller": {
        "through": ("parent", ("own", "parent")),
        "owned": ("own", ("own",)),
        "shared": ("own", ("own",)),
    },
    "viewer": {"through": ("parent", ()), "owned": ("team", ()), "shared": ("team", ())},
    "masked": dict.fromkeys(("people", "through", "owned", "shared"), ("all", ("all",))),
    "nothing": {},
}


# Administrators alone see what custom fields are planted on.
UNREADABLE = "vault.drawer"
# Entities of whose records none can be planted, and where their rights are tried instead. Whatever needs no record is
# asked of them, too.
UNPLANTED = {
    "core.setting": "keys of the program with values of their kinds, for administrators; tests/core/workspace",
    "core.number_series": "keys of the program, for administrators; tests/core/series",
    "core.robot": "topics of the program, for administrators; tests/core/robots",
    "core.attachment": "comes with a file; tests/core/files",
    "core.mention": "follows from texts; tests/core/activities",
}
# Whose a record is, where it is neither its owner's nor its maker's.
HOLDERS = {
    "core.task": "assignee_id",
    "core.appointment": "organizer_id",
    "core.follower": "user_id",
    "core.favorite": "user_id",
    "core.default_view": "user_id",
    "core.absence": "user_id",
}
# Texts of a form of their own, which no canary has.
FORMED = {("core.appointment", "recurrence")} | {
    ("core.calendar", day)
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}
# Deals begin in a pipeline that nobody in particular made.
FOR_ALL = ("sales.pipeline", "sales.stage")


def grants_of(registry: Any, role: str) -> dict[str, set[str]]:
    """Return permission to scopes of a role."""
    grants: dict[str, set[str]] = {}
    for entity in registry.public_entities():
        given = SCOPES[role].get(sort_of(entity))
        if given is None or entity.name == UNREADABLE:
            continue
        reads, writes = given
        if entity.name in FOR_ALL and role in ("manager", "seller"):
            reads = "all"
        verbs = [*WRITES, *registry.actions.get(entity.name, {}), *(["assign"] if entity.is_owned else [])]
        grants[f"{entity.name}.read"] = {reads}
        for verb in verbs:
            # Who cannot see a required field cannot fill it in, hence no "create" for the masked role.
            if writes and not (role == "masked" and verb in ("create", "assign")):
                grants[f"{entity.name}.{verb}"] = set(writes)
    return grants


def rules_of(
    fields: Mapping[str, Iterable[Any]], titles: Mapping[str, str], role: str
) -> dict[tuple[str, str], str]:
    """Return (entity, field) to right; ``fields`` are those of the schema by entity."""
    if role == "manager":
        return {("vault.locker", "combination"): "read"}
    if role != "masked":
        return {}
    return {
        (entity, field.name): "hidden"
        for entity, found in fields.items()
        for field in found
        if field.writable and not field.hidden and is_masked(field, titles[entity])
    }


def is_masked(field: Any, title: str) -> bool:
    """Return whether the masked role must not see *field*: titles, prose, contact data, and what was added."""
    return field.name == title or field.kind.name in MASKED_KINDS or field.source in ("sidecar", "custom")
