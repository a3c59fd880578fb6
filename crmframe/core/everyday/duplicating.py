"""Another record like one that is there, with what is part of it."""

from __future__ import annotations

from typing import Any

from crmframe.core import records
from crmframe.core.access.fields import readable_fields, writable_fields
from crmframe.core.entities.entity import Entity
from crmframe.core.entities.filters import Condition
from crmframe.core.records import Query
from crmframe.core.work import UnitOfWork

MOST = 1000


def values_like(work: UnitOfWork, entity: Entity, record_id: int) -> dict[str, Any]:
    """Return the values that a duplicate starts with; what may occur once is left out.

    Raises:
        NotFound: There is no such record, or the actor may not see it.
    """
    record, known = records.get(work, entity.name, record_id), work.schema.fields(entity)
    return {name: value for name, value in record.items() if name in known and not known[name].unique}


def copy_parts(work: UnitOfWork, entity: Entity, source_id: int, record_id: int) -> None:
    """Copy what the entity declares as ``__duplicates_with__``: the lines of a deal, say, as far as the actor may."""
    for path in getattr(entity.model, "__duplicates_with__", ()):
        name, _, link = path.rpartition(".")
        part = work.registry.entities.get(name)
        if part is None or not all(work.actor.may(f"{name}.{verb}") for verb in ("read", "create")):
            continue
        fields = work.schema.fields(part)
        names = readable_fields(work, part) & writable_fields(work, part)
        copied = [n for n in names if not (fields[n].written_by or fields[n].unique or n == link)]
        query = Query(where=Condition(link, "eq", source_id), order=("id",), limit=MOST)
        rows = records.select(work, name, query).records()
        made = [{link: record_id, **{n: row[n] for n in copied}} for row in rows]
        if made:
            records.create_many(work, name, made)
