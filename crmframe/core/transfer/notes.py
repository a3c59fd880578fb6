"""Where a long import stands, kept in its operation's note and written in the transaction of each chunk.

The note is also the fence: whoever finds another note than the one it wrote has been overtaken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crmframe.core.journal.tables import operation
from crmframe.core.transfer.problems import CLOSED, NOT_YOURS, OVERTAKEN, CannotResume


@dataclass(frozen=True, slots=True)
class Place:
    """How far an import has come: in which round through the file, behind how many rows of it."""

    round: int = 0
    rows: int = 0


def note_of(
    digest: str, entity: str, options: Mapping[str, Any], place: Place, tally: Mapping[str, Any], mend: int
) -> dict[str, Any]:
    """Return the note of an import that stands at *place*; ``mend`` is the size of the file to mend."""
    where = {"round": place.round, "rows": place.rows}
    return {
        "import": {
            "digest": digest, "entity": entity, "options": dict(options), "tally": dict(tally), "mend": mend, **where
        }
    }  # fmt: skip


def read_note(
    connection: sa.Connection, operation_id: int, actor_id: int | None, *, is_admin: bool
) -> dict[str, Any]:
    """Return the note of an import that is still open.

    Raises:
        CannotResume: It is not one, is finished, or is somebody else's.
    """
    row = connection.execute(sa.select(operation).where(operation.c.id == operation_id)).first()
    mine = row is not None and (is_admin or row.actor_id == actor_id)
    if row is None or not mine or "import" not in (row.note or {}):
        raise CannotResume(NOT_YOURS, id=operation_id)
    if row.state != "open":
        raise CannotResume(CLOSED, id=operation_id)
    note: dict[str, Any] = row.note
    return note


def advance(
    connection: sa.Connection,
    operation_id: int,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    state: str = "open",
) -> None:
    """Exchange the note.

    Raises:
        CannotResume: Somebody else has gone on with the operation, finished or undone it.
    """
    statement = (
        sa.update(operation)
        .where(operation.c.id == operation_id, operation.c.state == "open", operation.c.note == dict(old))
        .values(note=dict(new), state=state)
    )
    if connection.execute(statement).rowcount != 1:
        raise CannotResume(OVERTAKEN, id=operation_id)
