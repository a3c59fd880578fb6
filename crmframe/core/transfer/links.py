"""Finding the records that cells name: by title, by unique field, by id, by external id. Never by guessing."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crmframe.core.entities.entity import Entity
from crmframe.core.entities.field import Field
from crmframe.core.entities.kinds import ValueProblem
from crmframe.core.entities.kinds_reference import LARGEST_ID
from crmframe.core.entities.sort_key import sort_key
from crmframe.core.records import rights
from crmframe.core.storage.dialect import in_set
from crmframe.core.transfer.plan import Link
from crmframe.core.work import UnitOfWork

LARGEST_CACHE = 20_000
NAMING = ("text", "email", "phone", "url", "integer", "choice")
REFERENCE = "ref:"


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A cell that names no record, or several."""

    count: int = 0


Found = int | Unresolved


class Links:
    """Resolves the links of an import; what was found once is kept, unless it is of the imported entity itself."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._cache: dict[Link, dict[str, int]] = defaultdict(dict)

    def resolve(self, work: UnitOfWork, link: Link, texts: Iterable[str]) -> Mapping[str, Found]:
        """Return what each text stands for; one statement per way of naming, whatever the number of texts."""
        cache = self._cache[link] if link.entity != self._own else {}
        wanted = set(texts)
        found: dict[str, Found] = {text: cache[text] for text in wanted & cache.keys()}
        for way in _ways(work, link):
            open_texts = sorted(text for text in wanted if not isinstance(found.get(text), int))
            if open_texts:
                for text, ids in _find(work, link.entity, way, open_texts).items():
                    found.setdefault(text, ids[0] if len(ids) == 1 else Unresolved(len(ids)))
        if len(cache) > LARGEST_CACHE:
            cache.clear()
        cache |= {text: value for text, value in found.items() if isinstance(value, int)}
        return {text: found.get(text, Unresolved()) for text in wanted}


def _ways(work: UnitOfWork, link: Link) -> list[str]:
    """Return by what a link is looked up, in order: names of fields, ``id``, ``ref:<system>``."""
    if link.by:
        return [link.by]
    entity = work.schema.entity(link.entity)
    readable = {field.name for field in rights.readable(work, entity)}
    fields = [f for f in entity.fields.values() if f.name in readable and f.kind.name in NAMING]
    title = [f.name for f in fields if f.name == entity.title]
    unique = [f.name for f in fields if f.unique and f.name != entity.title]
    return ["id", *unique, *title] if link.ids_first else [*title, *unique, "id"]


def _find(work: UnitOfWork, entity_name: str, way: str, texts: Sequence[str]) -> Mapping[str, Sequence[int]]:
    entity = work.schema.entity(entity_name)
    if way == "id":
        return _by_id(work, entity, texts)
    if way.startswith(REFERENCE):
        return _by_reference(work, entity, way.removeprefix(REFERENCE), texts)
    return _by_field(work, entity, entity.fields[way], texts)


def _by_id(work: UnitOfWork, entity: Entity, texts: Sequence[str]) -> dict[str, list[int]]:
    ids = {
        int(t): t for t in texts if t.isascii() and t.isdigit() and len(t) < 20 and 1 <= int(t) <= LARGEST_ID
    }
    table, term = entity.table, rights.granted(work, entity, "read")
    statement = sa.select(table.c.id).where(in_set(table.c.id, "ids"), term.build(table))
    rows = work.connection.scalars(statement, {"ids": sorted(ids), **term.values}) if ids else ()
    return {ids[record_id]: [record_id] for record_id in rows}


def _by_field(work: UnitOfWork, entity: Entity, field: Field, texts: Sequence[str]) -> dict[str, list[int]]:
    by_value: dict[Any, list[str]] = defaultdict(list)
    for text in texts:
        value = _value(work, field, text)
        if value is not None:
            by_value[value].append(text)
    found: dict[str, list[int]] = {}
    for value, ids in holders(work, entity, field, list(by_value)).items():
        found |= dict.fromkeys(by_value[value], ids)
    return found


def _value(work: UnitOfWork, field: Field, text: str) -> Any:
    try:
        return field.kind.parse(text, work.parse_context())
    except ValueProblem:
        return None


def holders(work: UnitOfWork, entity: Entity, field: Field, values: Sequence[Any]) -> dict[Any, list[int]]:
    """Return the ids of the visible records that have each value, those in use before those put away.

    A text with a stored sort key is looked up by it, because that is what has the index, and then compared exactly.
    """
    if not values:
        return {}
    term, table = rights.granted(work, entity, "read"), entity.table
    key = ("transfer.holders", entity.name, field.name, term.shape)
    statement = work.schema.statements.get(key)
    if statement is None:
        column = table.c[field.name]
        indexed = table.c[field.key_column] if field.key_column else column
        away = table.c.archived_at.is_not(None) if entity.is_archivable else sa.literal(value=False)
        statement = sa.select(table.c.id, column, away).where(in_set(indexed, "values"), term.build(table))
        statement = work.schema.statements[key] = statement.order_by(table.c.id)
    looked_up = sorted({sort_key(v) for v in values}) if field.key_column else sorted(set(values))
    wanted = set(values)
    used: dict[Any, list[int]] = defaultdict(list)
    away_ids: dict[Any, list[int]] = defaultdict(list)
    for record_id, value, is_away in work.connection.execute(statement, {"values": looked_up, **term.values}):
        if value in wanted:
            (away_ids if is_away else used)[value].append(record_id)
    return {**away_ids, **used}


def _by_reference(
    work: UnitOfWork, entity: Entity, system: str, texts: Sequence[str]
) -> dict[str, list[int]]:
    """Return the visible records that *system* knows by these ids."""
    known = referenced(work, entity, system, texts)
    by_id = _by_id(work, entity, [str(record_id) for record_id in known.values()])
    visible = {ids[0] for ids in by_id.values()}
    return {text: [record_id] for text, record_id in known.items() if record_id in visible}


def referenced(work: UnitOfWork, entity: Entity, system: str, ids: Iterable[str]) -> dict[str, int]:
    """Return the record of *entity* that *system* knows by each of *ids*, whoever may see it."""
    table, prefix = work.schema.entity("core.external_ref").table, f"{entity.name}:"
    statement = sa.select(table.c.external_id, table.c.record).where(
        in_set(table.c.external_id, "ids"), table.c.system == system
    )
    by_normal = {unicodedata.normalize("NFC", text.strip()): text for text in ids}
    rows = work.connection.execute(statement, {"ids": sorted(by_normal)}) if by_normal else ()
    return {
        by_normal[external_id]: int(record.removeprefix(prefix))
        for external_id, record in rows
        if record.startswith(prefix)
    }
