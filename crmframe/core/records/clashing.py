"""Clashes that only the database sees: somebody else's transaction was faster than our own look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import IntegrityError

from crmframe.core.entities.entity import Entity
from crmframe.core.errors import Conflict, InvalidInput
from crmframe.core.records.checks import taken_problem
from crmframe.core.storage.violations import taken
from crmframe.core.work import UnitOfWork


@contextmanager
def refusing_clashes(work: UnitOfWork, entity: Entity, rows: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """Turn a broken constraint into the answer that our own look would have given.

    Args:
        rows: What is being written, by column name.

    Raises:
        InvalidInput: A unique value is taken.
        Conflict: The record is there already, or a record it refers to is gone.
    """
    try:
        yield
    except IntegrityError as error:
        found = taken(error, entity.table)
        if found is None or found[0] == ("id",):
            ids = ", ".join(str(row["id"]) for row in rows if row.get("id") is not None)
            raise Conflict(entity=entity.label, id=ids, state="being changed by somebody else") from error
        columns, value = found
        keys = [tuple(row.get(column) for column in columns) for row in rows]
        texts = [", ".join(map(str, key)) for key in keys]
        position = texts.index(value) if value in texts else 0
        shown = keys[position] if value in texts or len(rows) == 1 else (value,)
        raise InvalidInput([taken_problem(work, entity, columns, shown, position)]) from error
