"""The doors: the same attempts through the functions of ``records`` and over HTTP. Each says what it covers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crmframe.core import records
from crmframe.core.errors import BadRequest, CrmError, InvalidFilter, NotFound, NotSignedIn, PermissionDenied
from crmframe.core.records import Query
from crmframe.core.search.searching import narrowed_by, search
from crmframe.core.transfer import exporting
from tests.access_matrix.cell import BAD, DENIED, DONE, FOREIGN, MISSING, REFUSED, UNKNOWN, Cell

if TYPE_CHECKING:
    from crmframe.core.work import UnitOfWork
    from tests.access_matrix.cast import Guest
    from tests.access_matrix.world import World


@dataclass
class Answer:
    """What came back: all of it as ``text``, and what the checks look at.

    Attributes:
        used: The operations that were gone through, as the coverage test names them.
        plain: The part that must be alike for what is hidden and what does not exist.
    """

    outcome: str
    text: str = ""
    ids: frozenset[int] | None = None
    count: int | None = None
    data: Any = None
    plain: str = ""


class Door:
    """One way in."""

    name = ""
    variants: tuple[str, ...] = FOREIGN

    def __init__(self, world: World) -> None:
        self.world = world

    def knows(self, cell: Cell, guest: Guest) -> bool:
        """Return whether the attempt can be made here."""
        raise NotImplementedError

    def attempt(self, cell: Cell, guest: Guest) -> Answer:
        """Make it."""
        raise NotImplementedError

    def expected(self, cell: Cell, guest: Guest) -> frozenset[str]:
        """Return the outcomes that are right at this door."""
        return cell.expected

    def operations(self, cell: Cell) -> tuple[str, ...]:
        """Return what the attempt goes through."""
        raise NotImplementedError


# --- the functions --------------------------------------------------------------------------------------


class Functions(Door):
    """What plugins, jobs and handlers of events call."""

    name = "functions"

    def knows(self, cell: Cell, guest: Guest) -> bool:
        return guest.known and cell.verb in FUNCTIONS

    def operations(self, cell: Cell) -> tuple[str, ...]:
        return FUNCTIONS[cell.verb][0].split()

    def attempt(self, cell: Cell, guest: Guest) -> Answer:
        actor = self.world.kept_actor(guest)
        try:
            with self.world.application.work(actor, door="job", write=cell.writes) as work:
                result = FUNCTIONS[cell.verb][1](self.world, work, cell)
        except CrmError as error:
            return Answer(_outcome(error), _told(error), plain=_told(error))
        return _answer(result)


def _outcome(error: CrmError) -> str:
    kinds: tuple[tuple[type[CrmError] | tuple[type[CrmError], ...], str], ...] = (
        (PermissionDenied, DENIED),
        (NotFound, MISSING),
        (NotSignedIn, UNKNOWN),
        ((InvalidFilter, BadRequest), BAD),
    )
    return next((name for kind, name in kinds if isinstance(error, kind)), REFUSED)


def _told(error: CrmError) -> str:
    problems = [(p.field, p.code, p.template, p.data, p.row) for p in getattr(error, "problems", ())]
    return f"{type(error).__name__} {error} {error.data} {problems}"


def _answer(result: Any) -> Answer:
    if isinstance(result, Answer):
        return result
    return Answer(DONE, repr(result), data=result)


def _query(**options: Any) -> Query:
    return Query(limit=1000, archived=None, **options)


def _select(world: World, work: UnitOfWork, cell: Cell, **options: Any) -> Answer:
    """Read every page: there are more grants than one page holds."""
    query, ids, texts = _query(**options), set[int](), []
    while True:
        page = records.select(work, cell.entity, query)
        ids.update(row[page.columns.index("id")] for row in page.rows)
        texts.append(repr(page))
        if page.next is None:
            return Answer(DONE, "".join(texts), frozenset(ids))
        query = replace(query, after=page.next)


def _filter(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    where = records.parse_filter(work, cell.entity, [(cell.field, str(cell.value))])
    found = _select(world, work, cell, where=where)
    found.count = records.count(work, cell.entity, _query(where=where)).value
    return found


def _count(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    found = records.count(work, cell.entity, _query(), cap=10_000)
    return Answer(DONE, repr(found), count=found.value)


def _titles(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    everything = world.oracle.rows[cell.entity].keys() | world.oracle.early[cell.entity].keys()
    found = records.titles(work, cell.entity, everything)
    outcome = (
        DONE if found or work.actor.may(f"{cell.entity}.read") else DENIED
    )  # it leaves out what is hidden
    readable = world.oracle.registry.entity(cell.entity).title
    return Answer(outcome, f"{readable} {found!r}", frozenset(found))


def _visible(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    subquery = records.visible(work, cell.entity)
    rows = work.rows(sa.select(subquery))
    outcome = DONE if rows or work.actor.may(f"{cell.entity}.read") else DENIED
    return Answer(outcome, repr([tuple(row) for row in rows]), frozenset(row.id for row in rows))


def _search(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    found = search(work, str(cell.value), [cell.entity], limit=100)
    return Answer(DONE, repr(found), frozenset(hit.id for hit in found.hits.get(cell.entity, ())))


def _search_list(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    term = narrowed_by(work, work.schema.entity(cell.entity), str(cell.value))
    found = _select(world, work, cell, matching=term)
    found.count = records.count(work, cell.entity, _query(matching=term)).value
    return found


def _export(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    parts: list[str] = []
    options = exporting.ExportOptions(
        "jsonl" if cell.verb == "export" else "csv", names=cell.verb != "export"
    )
    exporting.export(work, cell.entity, _query(), parts.append, options)
    text = "".join(parts)
    ids = frozenset(json.loads(line)["id"] for line in text.splitlines()) if cell.verb == "export" else None
    return Answer(DONE, text, ids)


def _as_of(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    assert cell.record_id is not None
    found = records.as_of(work, cell.entity, cell.record_id, world.early)
    return Answer(DONE if found else MISSING, repr(found))


def _find_by(world: World, work: UnitOfWork, cell: Cell) -> Answer:
    entity = work.schema.entity(cell.entity)
    found = records.find_by(work, entity, cell.field, [cell.value])
    outcome = DONE if work.actor.may(f"{cell.entity}.read") else DENIED
    return Answer(outcome, repr(found), frozenset(found.values()))


def _upsert(world: World, work: UnitOfWork, cell: Cell) -> Any:
    return records.upsert_many(work, cell.entity, cell.field, [{cell.field: cell.value, **cell.values}])


def _run(world: World, work: UnitOfWork, cell: Cell) -> Any:
    return records.run(work, cell.entity, cell.record_id or 0, cell.action, cell.values)


Function = Callable[["World", "UnitOfWork", Cell], Any]
FUNCTIONS: Mapping[str, tuple[str, Function]] = {
    "list": ("select", _select),
    "count": ("count", _count),
    "sort": ("select", lambda world, work, cell: _select(world, work, cell, order=(cell.field,))),
    "columns": (
        "select",
        lambda world, work, cell: _select(world, work, cell, columns=("id", *cell.field.split(","))),
    ),
    "filter": ("parse_filter select count", _filter),
    "hop": ("parse_filter select count", _filter),
    "list_as_of": ("select", lambda world, work, cell: _select(world, work, cell, as_of=world.early)),
    "titles": ("titles", _titles),
    "visible": ("visible", _visible),
    "search": ("", _search),
    "search_list": ("select count", _search_list),
    "export": ("export", _export),
    "export_names": ("export", _export),
    "find_by": ("find_by", _find_by),
    "get": ("get", lambda world, work, cell: records.get(work, cell.entity, cell.record_id or 0)),
    "history": ("history", lambda world, work, cell: records.history(work, cell.entity, cell.record_id or 0)),
    "as_of": ("as_of", _as_of),
    "create": ("create", lambda world, work, cell: records.create(work, cell.entity, cell.values)),
    "create_many": (
        "create_many",
        lambda world, work, cell: records.create_many(work, cell.entity, [cell.values]),
    ),
    "update": (
        "update",
        lambda world, work, cell: records.update(work, cell.entity, cell.record_id or 0, cell.values),
    ),
    "update_many": (
        "update_many",
        lambda world, work, cell: records.update_many(work, cell.entity, {cell.record_id or 0: cell.values}),
    ),
    "delete": ("delete", lambda world, work, cell: records.delete(work, cell.entity, cell.record_id or 0)),
    "batch_delete": (
        "delete_many",
        lambda world, work, cell: records.delete_many(work, cell.entity, [cell.record_id or 0]),
    ),
    "restore": ("restore", lambda world, work, cell: records.restore(work, cell.entity, cell.record_id or 0)),
    "archive": ("archive", lambda world, work, cell: records.archive(work, cell.entity, cell.record_id or 0)),
    "unarchive": (
        "unarchive",
        lambda world, work, cell: records.unarchive(work, cell.entity, cell.record_id or 0),
    ),
    "action": ("run action_of", _run),
    "run_many": (
        "run_many",
        lambda world, work, cell: records.run_many(
            work, cell.entity, cell.action, {cell.record_id or 0: cell.values}
        ),
    ),
    "upsert": ("upsert_many", _upsert),
    "undo": ("undo", lambda world, work, cell: records.undo(work, cell.operation or 0)),
    "preview_undo": (
        "preview_undo",
        lambda world, work, cell: records.preview_undo(work, cell.operation or 0),
    ),
}


def rehearsed(world: World, cell: Cell, *, always: bool = False) -> AbstractContextManager[None]:
    """Return what takes back an attempt that is right to write: all others must leave the world as it is anyway."""
    return world.rehearsal() if always or cell.may_write else nullcontext()
