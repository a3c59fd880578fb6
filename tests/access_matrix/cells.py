"""The cells of the matrix: what each guest tries with each entity, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tests.access_matrix.cast import HOLDERS, PEOPLE, Guest
from tests.access_matrix.cell import (
    DENIED,
    DONE,
    DONE_OR_REFUSED,
    FOREIGN,
    MISSING,
    NO_ID,
    REFUSED,
    UNKNOWN,
    Cell,
)
from tests.access_matrix.questions import questions

if TYPE_CHECKING:
    from tests.access_matrix.world import World


def cells_of(world: World, guest: Guest, variants: tuple[str, ...] = FOREIGN) -> list[Cell]:
    """Return what a guest tries, whatever the door; ``variants`` are the records it is tried with."""
    if not guest.known:
        return [_turned_away(cell) for cell in _cells(world, Guest("sam", "sam"), variants[:1])]
    return list(_cells(world, guest, variants))


def _turned_away(cell: Cell) -> Cell:
    return Cell(**{**vars(cell), "expected": frozenset({UNKNOWN}), "ids": None, "same_as": None})


def _cells(world: World, guest: Guest, variants: tuple[str, ...]) -> Iterator[Cell]:
    for entity in world.application.registry.public_entities():
        maker = Maker(world, guest, entity, variants)
        yield from maker.lists()
        yield from maker.reads()
        yield from maker.writes()
        yield from questions(maker)
    yield from _shared(world, guest)


def _shared(world: World, guest: Guest) -> Iterator[Cell]:
    for verb in ("index", "me", "openapi", "changes", "operations", "health"):
        yield Cell(verb)
    yield Cell("plugins", expected=frozenset({DONE if _is_admin(world, guest) else DENIED}))


def _is_admin(world: World, guest: Guest) -> bool:
    return guest.person == "root" and guest.scopes is None


@dataclass
class Maker:
    """Makes the cells of one guest and entity.

    Attributes:
        variants: The records that verbs are tried with; a single one for guests who are turned away in any case.
    """

    world: World
    guest: Guest
    entity: Any
    variants: tuple[str, ...] = FOREIGN

    @property
    def thin(self) -> bool:
        return len(self.variants) == 1

    @property
    def name(self) -> str:
        return str(self.entity.name)

    def may(self, verb: str) -> bool:
        return self.world.oracle.may(self.guest, self.name, verb)

    def allows(self, verb: str, record_id: int) -> bool:
        """Return whether the guest may *verb* the record, as it is or, deleted, as it was."""
        oracle = self.world.oracle
        row = oracle.rows[self.name].get(record_id) or oracle.early[self.name][record_id]
        return oracle.allows(self.guest, verb, self.name, row)

    def entity_level(self, verb: str = "read") -> frozenset[str]:
        return frozenset({DONE if self.may(verb) else DENIED})

    def record_level(
        self, verb: str, record_id: int, good: frozenset[str] = frozenset({DONE})
    ) -> frozenset[str]:
        if not self.may(verb):
            return frozenset({DENIED})
        return good if self.allows(verb, record_id) else frozenset({MISSING})

    def ids(self, variants: tuple[str, ...] = ()) -> list[int]:
        wanted = [(self.name, variant) for variant in variants or self.variants]
        found = [self.world.planter.ids[key] for key in wanted if key in self.world.planter.ids]
        return found[:1] if self.thin else found

    # --- lists ----------------------------------------------------------------------------------------

    def lists(self) -> Iterator[Cell]:
        oracle, level = self.world.oracle, self.entity_level()
        seen = frozenset(oracle.visible(self.guest, self.name)) if self.may("read") else frozenset()
        then = (
            frozenset(oracle.visible(self.guest, self.name, early=True)) if self.may("read") else frozenset()
        )
        for verb in ("list", "count", "export", "export_names", "titles", "visible"):
            yield Cell(verb, self.name, expected=level, ids=seen)
        yield Cell("list_as_of", self.name, expected=level, ids=then)
        readable = oracle.readable(self.guest, self.name) & self.entity.fields.keys()
        sortable = [
            f for f in self.entity.fields.values() if f.name in readable and (f.key_column or f.system)
        ]
        for declared in sortable[:1]:
            yield Cell("sort", self.name, expected=level, ids=seen, field=f"-{declared.name}")
        yield Cell("columns", self.name, expected=level, ids=seen, field=_some(readable, self.entity))

    # --- one record -----------------------------------------------------------------------------------

    def reads(self) -> Iterator[Cell]:
        for record_id in self.ids():
            level = self.record_level("read", record_id)
            yield Cell("get", self.name, record_id, level, same_as=self._same("get", level))
        for record_id in self.ids(("olga", "stray", "sam")):
            level = self.record_level("read", record_id)
            yield Cell("history", self.name, record_id, level, same_as=self._same("history", level))
        for record_id in self.ids(("moved", "olga"))[:1]:
            yield Cell("as_of", self.name, record_id, self._past_level(record_id))
        for record_id in self.ids(("gone_olga",)):
            yield Cell("get", self.name, record_id, frozenset({MISSING if self.may("read") else DENIED}))
            yield Cell("history", self.name, record_id, frozenset({MISSING if self.may("read") else DENIED}))
            yield Cell("as_of", self.name, record_id, self._past_level(record_id))

    def _same(self, verb: str, level: frozenset[str], **more: Any) -> Cell | None:
        """Return the same attempt on a record that does not exist: the answers must not tell them apart."""
        return Cell(verb, self.name, NO_ID, **more) if level == {MISSING} else None

    def _past_level(self, record_id: int) -> frozenset[str]:
        """What one may see now or might have seen then."""
        oracle = self.world.oracle
        if not self.may("read"):
            return frozenset({DENIED})
        rows = [rows[self.name].get(record_id) for rows in (oracle.rows, oracle.early)]
        if any(row is not None and oracle.allows(self.guest, "read", self.name, row) for row in rows):
            return frozenset({DONE})
        return frozenset({MISSING})

    # --- writes ---------------------------------------------------------------------------------------

    def writes(self) -> Iterator[Cell]:
        yield from self._creates()
        for record_id in self._targets("update"):
            yield from self._updates(record_id)
        for record_id in self._targets("delete"):
            yield from self._deletes(record_id)
        for record_id in self.ids(("gone_olga", "gone_sam")):
            level = self.record_level("restore", record_id, DONE_OR_REFUSED)
            yield Cell("restore", self.name, record_id, level, same_as=self._same("restore", level))
        for name in self.world.application.registry.actions.get(self.name, {}):
            for record_id in self._targets(name):
                level = self.record_level(name, record_id, self._of_actions())
                values = {"word": "x"} if name == "stamp" else {}
                yield Cell("action", self.name, record_id, level, action=name, values=values)
                if self.world.application.registry.actions[self.name][name].imports:
                    yield Cell("run_many", self.name, record_id, level, action=name, values=values)
            yield from self._inputs(name)
        yield from self._undos()

    def _of_actions(self) -> frozenset[str]:
        """What an action makes on its way, such as a lead's customer, takes fields that the masked role cannot fill."""
        is_masked = PEOPLE[self.guest.person].role == "masked"
        return DONE_OR_REFUSED | {DENIED} if is_masked else DONE_OR_REFUSED

    def _inputs(self, name: str) -> Iterator[Cell]:
        """Yield an action on a record of the guest's whose input names one that the guest may not see."""
        oracle, action = self.world.oracle, self.world.application.registry.actions[self.name][name]
        mine = [i for i in self.ids() if self.may(name) and self.allows(name, i)]
        for field_name, info in action.input.model_fields.items() if action.input and mine else ():
            target = (info.json_schema_extra or {}).get("entity")
            hidden = self.world.planter.ids.get((target, "olga"))
            if hidden is None or hidden in oracle.visible(self.guest, target):
                continue
            values = {"word": "x", field_name: hidden} if name == "stamp" else {field_name: hidden}
            same = Cell(
                "action",
                self.name,
                mine[0],
                values={**values, field_name: NO_ID},
                field=field_name,
                action=name,
            )
            yield Cell(
                "action",
                self.name,
                mine[0],
                frozenset({REFUSED}),
                None,
                values,
                field_name,
                None,
                name,
                same_as=same,
            )

    def _targets(self, verb: str) -> list[int]:
        """Return records of which some must be refused and one, where there is one, is allowed."""
        found = self.ids()
        allowed = [i for i in found if self.allows(verb, i)]
        refused = [i for i in found if i not in allowed]
        return refused[:2] + allowed[:1]

    def _updates(self, record_id: int) -> Iterator[Cell]:
        level = self.record_level("update", record_id)
        values, sent = self._change()
        if not values:
            level = frozenset(level - {DONE})
        if level:
            for verb in ("update", "batch_update", "update_many"):
                yield Cell(verb, self.name, record_id, level, values=values, sent=sent)
        archiving = self.record_level("archive", record_id, DONE_OR_REFUSED)
        if not self.entity.is_archivable and self.may("archive"):
            archiving = frozenset({REFUSED})  # whatever the record: the kind as a whole knows no archive
        for verb in ("archive", "unarchive"):
            yield Cell(verb, self.name, record_id, archiving)
        if self.may("update") and self.allows("update", record_id):
            yield from self._foreign_links("update", record_id)

    def _deletes(self, record_id: int) -> Iterator[Cell]:
        level = self.record_level("delete", record_id, DONE_OR_REFUSED)
        for verb in ("delete", "batch_delete"):
            yield Cell(verb, self.name, record_id, level, same_as=self._same(verb, level))
        alive = self.record_level("restore", record_id, frozenset({REFUSED}))
        yield Cell("restore", self.name, record_id, alive, same_as=self._same("restore", alive))

    def _change(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return a value for one field that the guest may write, and the tokens in it."""
        writable = {each.name for each in self.world.oracle.writable(self.guest, self.name)}
        planter = self.world.planter
        for name in (*planter.changing(self.entity), *self._flags()):
            if name in writable:
                made, tokens = planter.values(self.entity, "sam", targets="sam", parent="sam", names={name})
                return (made or {name: True} if name in self._flags() else made), tuple(tokens.values())
        return {}, ()

    def _flags(self) -> list[str]:
        return [
            each.name for each in self.entity.fields.values() if each.kind.name == "boolean" and each.writable
        ]

    def _creates(self) -> Iterator[Cell]:
        oracle, planter = self.world.oracle, self.world.planter
        if not self.may("create"):
            values, tokens = planter.values(self.entity, "sam", targets="sam", parent="sam")
            for verb in ("create", "batch_create", "create_many"):
                yield Cell(
                    verb, self.name, None, frozenset({DENIED}), values=values, sent=tuple(tokens.values())
                )
            return
        for owner in ("sam", "olga", "nina"):
            values, tokens = self._own_values(owner)
            level = self._create_level(values)
            yield Cell("create", self.name, None, level, values=values, sent=tuple(tokens.values()))
            if owner == "olga":
                yield Cell("batch_create", self.name, None, level, values=values, sent=tuple(tokens.values()))
        if "owner_id" in self.entity.fields:
            values, tokens = self._own_values("sam")
            values = {**values, "owner_id": oracle.user_ids["olga"], "team_id": oracle.team_ids["south"]}
            level = self._create_level(values)
            yield Cell("create", self.name, None, level, values=values, sent=tuple(tokens.values()))
        yield from self._foreign_links("create", None)

    def _own_values(self, owner: str) -> tuple[dict[str, Any], dict[str, str]]:
        """Return values for a record of the guest that refers to records of *owner*."""
        values, tokens = self.world.planter.values(self.entity, owner, targets=owner, parent=owner)
        writable = {each.name for each in self.world.oracle.writable(self.guest, self.name)}
        values = {name: value for name, value in values.items() if name in writable}
        if "owner_id" in values:
            values["owner_id"] = self.world.oracle.user_id(self.guest)
            teams = sorted(self.world.oracle.teams(self.guest))
            values["team_id"] = teams[0] if teams else None
        for name in [name for name, each in self.entity.fields.items() if each.unique]:
            values.pop(name, None) if not self.entity.fields[name].required else None
        return values, tokens

    def _create_level(self, values: Mapping[str, Any]) -> frozenset[str]:
        """A link to what one may not see is refused, a record out of one's scope denied."""
        oracle = self.world.oracle
        if self._is_pair_taken(values):
            return frozenset({REFUSED, DENIED})
        if any(not self._sees_target(name, value) for name, value in values.items() if value is not None):
            return frozenset({REFUSED})
        blank = dict.fromkeys((column.name for column in self.entity.table.c), None)
        row = {**blank, **values, "created_by": oracle.user_id(self.guest)}
        if not oracle.allows(self.guest, "create", self.name, row):
            return frozenset({DENIED})
        return frozenset({DONE})

    def _is_pair_taken(self, values: Mapping[str, Any]) -> bool:
        """Return whether there is a record with the same values in all that must be unique together."""
        oracle = self.world.oracle
        known = {**values, "created_by": oracle.user_id(self.guest)}
        if self.name in HOLDERS:
            known.setdefault(HOLDERS[self.name], oracle.user_id(self.guest))
        pairs = [
            [column.name for column in each.columns]
            for each in self.entity.table.constraints
            if isinstance(each, sa.UniqueConstraint) and len(each.columns) > 1
        ]
        return any(
            all(known.get(name) is not None and row[name] == known[name] for name in pair)
            for pair in pairs
            for row in oracle.rows[self.name].values()
        )

    def _sees_target(self, name: str, value: Any) -> bool:
        declared = self.entity.fields.get(name)
        if declared is None or declared.kind.name not in ("reference", "any_reference"):
            return True
        oracle = self.world.oracle
        target, record_id = oracle._target(declared, value)
        row = oracle.rows[target].get(record_id)
        return row is not None and oracle.allows(self.guest, "read", target, row)

    def _foreign_links(self, verb: str, record_id: int | None) -> Iterator[Cell]:
        """Yield one write for each field that could point to a record that the guest may not see."""
        writable = {each.name for each in self.world.oracle.writable(self.guest, self.name)}
        for declared in self.entity.fields.values():
            if declared.name not in writable or declared.kind.name not in ("reference", "any_reference"):
                continue
            link = self._hidden_link(declared)
            if link is None:
                continue
            values = {**(self._own_values("sam")[0] if verb == "create" else {}), declared.name: link}
            none = f"core.customer:{NO_ID}" if isinstance(link, str) else NO_ID
            same = Cell(
                verb, self.name, record_id, values={**values, declared.name: none}, field=declared.name
            )
            yield Cell(
                verb,
                self.name,
                record_id,
                frozenset({REFUSED}),
                values=values,
                field=declared.name,
                same_as=same,
            )

    def _hidden_link(self, declared: Any) -> Any:
        """Return a link to an existing record that the guest may not see; None when there is none."""
        oracle = self.world.oracle
        anything = declared.kind.name == "any_reference"
        target = "core.customer" if anything else declared.kind.entity
        if target == self.name:
            return None
        seen = oracle.visible(self.guest, target)
        hidden = [
            i
            for (name, _), i in self.world.planter.ids.items()
            if name == target and i in oracle.rows[target]
        ]
        found = next((i for i in hidden if i not in seen), None)
        return f"{target}:{found}" if found and anything else found

    def _undos(self) -> Iterator[Cell]:
        operations = self.world.planter.operations
        for variant, verb, asks in (
            ("olga", "update", "update"),
            ("gone_olga", "delete", "restore"),
            ("olga", "create", "delete"),
            ("sam", "update", "update"),
        ):
            operation = operations.get((self.name, variant, verb))
            if operation is None or (self.thin and variant != "olga"):
                continue
            record_id = self.world.planter.ids[self.name, variant]
            is_slip = verb == "create" and self.may(verb) and self.world.is_author(self.guest, operation)
            needs = verb if is_slip else asks
            allowed = self.may(needs) and self.allows(needs, record_id)
            level = DONE_OR_REFUSED if allowed else frozenset({DENIED, MISSING})
            if allowed and verb == "update" and not self._writes(self.world.planter.changing(self.entity)):
                level = frozenset({DENIED})  # it would take back fields that the guest may not write
            yield Cell("undo", self.name, None, level, operation=operation)
            if not allowed and variant == "olga":
                yield Cell("preview_undo", self.name, None, level, operation=operation)

    def _writes(self, names: Sequence[str]) -> bool:
        writable = {each.name for each in self.world.oracle.writable(self.guest, self.name)}
        return writable >= set(names)


def _some(readable: set[str], entity: Any) -> str:
    return ",".join(name for name in entity.fields if name in readable and name != "id") or "id"
