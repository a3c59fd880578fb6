"""Runs cells and says what is wrong with what came back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.access_matrix.cell import DONE, Cell
from tests.access_matrix.doors import Answer, Door, rehearsed

if TYPE_CHECKING:
    from tests.access_matrix.cast import Guest
    from tests.access_matrix.world import World

NAMES_ONLY = ("core.user", "core.team")


@dataclass(frozen=True)
class Fault:
    """A cell that did not come out as it must."""

    door: str
    guest: str
    cell: Cell
    what: str

    def __str__(self) -> str:
        return f"{self.door} {self.guest}: {self.cell}: {self.what}"


class Judge:
    """Looks at every answer.

    Args:
        rehearse_all: Take back everything, also what must not have been written: for worlds with planted faults.
    """

    def __init__(self, world: World, *, rehearse_all: bool = False) -> None:
        self.world = world
        self.rehearse_all = rehearse_all

    def run(self, door: Door, guest: Guest, cells: Iterable[Cell]) -> Iterator[Fault]:
        """Try the cells and yield what is wrong."""
        for cell in cells:
            for what in self.faults(door, guest, cell):
                yield Fault(door.name, guest.key, cell, what)

    def faults(self, door: Door, guest: Guest, cell: Cell) -> Iterator[str]:
        """Try one cell; yield what is wrong with what came of it."""
        watched = cell.writes and not cell.may_write and not self.rehearse_all
        before = self.world.commits() if watched else None
        with rehearsed(self.world, cell, always=self.rehearse_all):
            answer = door.attempt(cell, guest)
        if watched and self.world.commits() != before:
            yield "something was written"
        expected = door.expected(cell, guest)
        if answer.outcome not in expected:
            yield f"{answer.outcome} instead of {'/'.join(sorted(expected))}: {answer.text[:300]}"
        yield from self._leaks(guest, cell, answer)
        if answer.outcome == DONE:
            yield from self._records(cell, answer)
            yield from self._shared(guest, cell, answer)
        if cell.same_as is not None and answer.outcome in expected:
            yield from self._told_apart(door, guest, cell, answer)

    def _leaks(self, guest: Guest, cell: Cell, answer: Answer) -> Iterator[str]:
        for token, canary in self.world.canaries.seen(answer.text, cell.sent):
            if not self.world.oracle.may_see(guest, canary):
                yield f"shows {token}, the {canary.field} of {canary.entity} {canary.record_id}"

    def _records(self, cell: Cell, answer: Answer) -> Iterator[str]:
        if cell.ids is None:
            return
        if answer.ids is not None and answer.ids != cell.ids and cell.verb != "count":
            yield f"too many {sorted(answer.ids - cell.ids)}, missing {sorted(cell.ids - answer.ids)}"
        if answer.count is not None and answer.count != len(cell.ids):
            yield f"counts {answer.count} instead of {len(cell.ids)}"

    def _told_apart(self, door: Door, guest: Guest, cell: Cell, answer: Answer) -> Iterator[str]:
        """What is hidden and what does not exist must be answered alike."""
        other = cell.same_as
        assert other is not None
        with rehearsed(self.world, other, always=True):
            reference = door.attempt(other, guest)
        words = _words(cell) | _words(other)
        if _leveled(answer.plain, words) != _leveled(reference.plain, words):
            yield f"told apart from what does not exist: {answer.plain[:300]} <> {reference.plain[:300]}"

    def _shared(self, guest: Guest, cell: Cell, answer: Answer) -> Iterator[str]:
        if door_check := CHECKS.get(cell.verb):
            yield from door_check(self.world, guest, answer)


def _words(cell: Cell) -> set[str]:
    """Return the words in which an attempt and its twin differ: an id, a link, a field's name."""
    name = cell.field.lstrip("-")
    link = str(cell.values.get(name, ""))
    found = {str(cell.record_id), name, name.removesuffix("_id"), link, link.rpartition(":")[2]}
    return {word for word in found if word not in ("", "None")}


def _leveled(text: str, words: set[str]) -> str:
    longest = sorted(map(re.escape, words), key=len, reverse=True)
    return re.sub(rf"(?<![\w.])({'|'.join(longest)})(?!\w|\.\w)", "·", text)


def _changes(world: World, guest: Guest, answer: Answer) -> Iterator[str]:
    """The feed names only records and fields that the reader may see."""
    oracle = world.oracle
    for change in answer.data["changes"]:
        entity = oracle.registry.extended.get(change["entity"], change["entity"])
        if entity != change["entity"] and oracle.is_all_seeing(guest, entity):
            continue  # what a plugin keeps beside a record
        if entity not in oracle.rows:
            yield f"tells of {entity}"
            continue
        hidden = set(change["ids"]) - oracle.visible(guest, entity)
        if hidden and not oracle.is_all_seeing(guest, entity):
            yield f"tells of {entity} {sorted(hidden)}"
        if set(change["fields"]) - oracle.readable(guest, entity):
            yield f"tells of {change['fields']} of {entity}"
    if guest.key in ("root", "mona", "sam") and not answer.data["changes"]:
        yield "tells of nothing"


def _operations(world: World, guest: Guest, answer: Answer) -> Iterator[str]:
    """Everybody sees their own operations, administrators all."""
    if guest.person == "root" and guest.scopes is None:
        return
    me = world.oracle.user_id(guest)
    others = [each["id"] for each in answer.data["operations"] if each["actor_id"] != me]
    if others:
        yield f"tells of operations {others[:5]} of others"


def _openapi(world: World, guest: Guest, answer: Answer) -> Iterator[str]:
    """The description shows no entity and no field that the reader may not read."""
    for entity in world.oracle.registry.public_entities():
        name = "".join(word.capitalize() for word in entity.name.replace(".", "_").split("_"))
        for schema in (name, f"{name}Values"):
            described = answer.data["components"]["schemas"].get(schema)
            if described is None:
                continue
            if not world.oracle.may(guest, entity.name, "read"):
                yield f"describes {entity.name}"
            hidden = set(described["properties"]) - world.oracle.readable(guest, entity.name)
            if hidden:
                yield f"describes {sorted(hidden)} of {entity.name}"


def _index(world: World, guest: Guest, answer: Answer) -> Iterator[str]:
    for name in answer.data["entities"]:
        if not world.oracle.may(guest, name, "read"):
            yield f"lists {name}"


CHECKS = {"changes": _changes, "operations": _operations, "openapi": _openapi, "index": _index}
