"""What must come out, worked out from the roles and the rows alone: none of crmframe's own rules are asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.access_matrix.cast import GUESTS, HOLDERS, NAMES_FOR_ALL, OPEN_FIELDS, PARENT_TEAMS, PEOPLE, Guest

Row = Mapping[str, Any]
Rows = Mapping[str, Mapping[int, Row]]
ASKS = {"restore": "delete", "archive": "update", "unarchive": "update", "history": "read", "log": "read"}
# What is personal does not come with standing in for somebody.
PERSONAL = ("core.saved_view", "core.default_view", "core.favorite")
# A share lets nobody do these.
KEPT = ("create", "delete", "assign")


@dataclass
class Oracle:
    """Knows everything: who exists, what roles give, and every row as it lies in the database.

    Attributes:
        user_ids: By person; ``team_ids`` by team.
        grants: By role: permission to scopes. ``rules`` by role: (entity, field) to right.
        rows: As they are now; ``early`` as they were at the moment that tests look back to.
    """

    registry: Any
    user_ids: dict[str, int]
    team_ids: dict[str, int]
    grants: dict[str, dict[str, set[str]]]
    rules: dict[str, dict[tuple[str, str], str]]
    fields: dict[str, list[Any]]
    rows: Rows = field(default_factory=dict)
    early: Rows = field(default_factory=dict)

    def user_id(self, guest: Guest) -> int:
        return self.user_ids[guest.person]

    def teams(self, guest: Guest) -> set[int]:
        return {self.team_ids[name] for name in PEOPLE[guest.person].teams}

    def tree(self, guest: Guest) -> set[int]:
        """Return the teams of a guest and those below."""
        found, before = set(PEOPLE[guest.person].teams), -1
        while len(found) != before:
            before = len(found)
            found |= {name for name, parent in PARENT_TEAMS.items() if parent in found}
        return {self.team_ids[name] for name in found}

    # --- permissions ----------------------------------------------------------------------------------

    def scopes(self, guest: Guest, entity: str, verb: str) -> set[str]:
        """Return on which scopes a guest may *verb*."""
        permission = f"{entity}.{ASKS.get(verb, verb)}"
        person = PEOPLE[guest.person]
        names = {"names"} if permission in NAMES_FOR_ALL else set()
        cut = guest.scopes is not None and not any(fnmatchcase(permission, each) for each in guest.scopes)
        if cut:
            return names
        if person.is_admin:
            return {"all"}
        return names | self.grants[person.role].get(permission, set())

    def may(self, guest: Guest, entity: str, verb: str) -> bool:
        return bool(self.scopes(guest, entity, verb))

    def is_all_seeing(self, guest: Guest, entity: str) -> bool:
        return "all" in self.scopes(guest, entity, "read")

    # --- records --------------------------------------------------------------------------------------

    def allows(self, guest: Guest, verb: str, entity: str, row: Row) -> bool:
        """Return whether a guest may *verb* this row: its scope holds, and its parents let them."""
        scopes = self.scopes(guest, entity, verb)
        reads = ASKS.get(verb, verb) == "read"
        for scope in sorted(scopes):
            asked = "update" if scope == "parent" and not reads else "read"
            if self._in_scope(guest, scope, entity, row) and self._parents_allow(guest, asked, entity, row):
                return True
        return bool(scopes) and self._is_shared(guest, ASKS.get(verb, verb), entity, row)

    def _is_shared(self, guest: Guest, verb: str, entity: str, row: Row) -> bool:
        """Return whether the record, or one that it hangs on, is shared with the guest or a team."""
        declared = self.registry.entity(entity)
        if not declared.is_owned or verb in KEPT:
            return False
        about = {f"{entity}:{row['id']}"}
        for name in declared.access_through:
            if declared.fields[name].kind.name == "reference":
                about.add(f"{declared.fields[name].kind.entity}:{row[name]}")
        return any(
            each["about"] in about and (verb == "read" or each["right"] == "write")
            for each in self.rows.get("core.share", {}).values()
            if each["user_id"] == self.user_id(guest) or each["team_id"] in self.teams(guest)
            if each["until"] is None  # those with an end ended before the matrix begins
        )

    def _stands_in(self, guest: Guest, owner: Any) -> bool:
        """Return whether the guest is the deputy of somebody: the absences that end in 2099 are under way."""
        return any(
            each["user_id"] == owner and each["deputy_id"] == self.user_id(guest)
            for each in self.rows.get("core.absence", {}).values()
            if each["ends_on"].year == 2099
        )

    def _in_scope(self, guest: Guest, scope: str, entity: str, row: Row) -> bool:
        declared, me = self.registry.entity(entity), self.user_id(guest)
        owner = row[HOLDERS.get(entity, "owner_id" if declared.is_owned else "created_by")]
        if scope in ("all", "names"):
            return True
        if scope == "parent" and any(row[name] is not None for name in declared.access_through):
            return True
        if owner == me or (owner and entity not in PERSONAL and self._stands_in(guest, owner)):
            return True
        if scope in ("team", "team_tree"):
            teams = self.teams(guest) if scope == "team" else self.tree(guest)
            return bool(teams & self._teams_of_row(declared, row))
        return False

    def _teams_of_row(self, declared: Any, row: Row) -> set[Any]:
        if declared.is_owned:
            return {row["team_id"]}
        members = self.rows["core.membership"].values()
        return {
            each["team_id"]
            for each in members
            if each["user_id"] == row[HOLDERS.get(declared.name, "created_by")]
        }

    def _parents_allow(self, guest: Guest, asked: str, entity: str, row: Row) -> bool:
        declared = self.registry.entity(entity)
        return all(
            self._parent_allows(guest, asked, declared, name, row[name]) for name in declared.access_through
        )

    def _parent_allows(self, guest: Guest, asked: str, declared: Any, name: str, value: Any) -> bool:
        if value is None:
            return True
        target, record_id = self._target(declared.fields[name], value)
        parent = self.rows.get(target, {}).get(record_id)
        is_polymorphic = declared.fields[name].kind.name == "any_reference"
        if parent is None or (
            is_polymorphic and (target == declared.name or self._hangs_on_anything(target))
        ):
            return False
        return self.allows(guest, asked, target, parent)

    def _target(self, declared: Any, value: Any) -> tuple[str, int]:
        if declared.kind.name == "any_reference":
            entity, _, record_id = value.rpartition(":")
            return entity, int(record_id)
        return declared.kind.entity, value

    def _hangs_on_anything(self, entity: str) -> bool:
        """Return whether a record of any kind decides in the end: nothing can be about such a record."""
        declared = self.registry.entity(entity)
        if not declared.in_menu:
            return True  # a part of a record: only the whole can be spoken of
        kinds = [declared.fields[name].kind for name in declared.access_through]
        above = [kind.entity for kind in kinds if kind.name == "reference" and kind.entity != entity]
        return self._is_about(entity) or any(map(self._hangs_on_anything, above))

    def _is_about(self, entity: str) -> bool:
        declared = self.registry.entity(entity)
        return any(declared.fields[name].kind.name == "any_reference" for name in declared.access_through)

    def visible(self, guest: Guest, entity: str, *, early: bool = False) -> set[int]:
        """Return the ids a guest may read."""
        rows = (self.early if early else self.rows)[entity]
        return {i for i, row in rows.items() if self.allows(guest, "read", entity, row)}

    # --- fields ---------------------------------------------------------------------------------------

    def readable(self, guest: Guest, entity: str) -> set[str]:
        """Return the fields a guest may read."""
        found = {
            each.name for each in self.fields[entity] if self._field_right(guest, entity, each) != "hidden"
        }
        if entity in OPEN_FIELDS and not self.is_all_seeing(guest, entity):
            return found & OPEN_FIELDS[entity]
        return found

    def writable(self, guest: Guest, entity: str) -> list[Any]:
        """Return the fields a guest may write by hand."""
        return [
            each
            for each in self.fields[entity]
            if each.writable and not each.written_by and self._field_right(guest, entity, each) == "write"
        ]

    def _field_right(self, guest: Guest, entity: str, declared: Any) -> str:
        if declared.hidden:
            return "hidden"
        person = PEOPLE[guest.person]
        if person.is_admin:
            return "write"
        rule = self.rules[person.role].get((entity, declared.name))
        return rule or ("hidden" if declared.data == "sensitive" else "write")

    # --- what may be seen of what was planted ---------------------------------------------------------

    def may_see(self, guest: Guest, canary: Any) -> bool:
        """Return whether a planted value may show up in what a guest is answered."""
        if not guest.known or canary.field not in self.readable(guest, canary.entity):
            return False
        now = self.rows[canary.entity].get(canary.record_id)
        then = self.early[canary.entity].get(canary.record_id)
        if now is not None and self.allows(guest, "read", canary.entity, now):
            return True
        return canary.early and then is not None and self.allows(guest, "read", canary.entity, then)


def known_guests() -> Iterable[Guest]:
    """Return the guests who are let in."""
    return [guest for guest in GUESTS.values() if guest.known]
